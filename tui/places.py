"""Where one can go. A pane names a place; the application opens it (:mod:`tui.frames`).

Two places are the same if they are of the same thing, whatever it was called by those who led there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.marks import NEW, Mark


@dataclass(frozen=True, slots=True)
class AlertPlace:
    """One alert, whole; ``stack`` is the row it belongs to."""

    alert_id: int
    stack: int
    title: str = field(compare=False)
    mark: Mark = field(default=NEW, compare=False)
    """That of its stack, when one came here."""


@dataclass(frozen=True, slots=True)
class ContainerPlace:
    """The inside of a container."""

    container_id: str
    title: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class ProcessPlace:
    """One process, identified by pid and start time."""

    pid: int
    start: int
    title: str = field(compare=False)
    container_id: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class TreePlace:
    """The process tree of a container ("" for the host), with the cursor on a process."""

    container_id: str
    pid: int
    start: int
    title: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class RulePlace:
    """One rule."""

    name: str


@dataclass(frozen=True, slots=True)
class EventsPlace:
    """Recent events of a process (pid and start given), of a container, or of everything."""

    title: str = field(compare=False)
    pid: int = 0
    start: int = 0
    container_id: str | None = None


@dataclass(frozen=True, slots=True)
class GroupPlace:
    """The alerts of one rule, or of one container ("" for the host), that a filter keeps."""

    title: str = field(compare=False)
    rule: str = ""
    container_id: str | None = None
    filter: str = ""


Place = GroupPlace | AlertPlace | ContainerPlace | ProcessPlace | TreePlace | RulePlace | EventsPlace

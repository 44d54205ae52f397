"""What a front end can ask."""

from __future__ import annotations

import msgspec

from engine.alerts import Priority
from engine.protocol.rows import Grouping, State

VERSION = 1
"""Raised when an older front end could misunderstand; compared in :class:`Hello`."""


class Ask(msgspec.Struct, kw_only=True):
    """What all requests have."""

    id: int = 0


class Hello(Ask, tag="hello"):
    """The first request."""

    version: int = VERSION


class ListStacks(Ask, tag="stacks"):
    """A page of collapsed alerts, the newest first. ``filter`` as in :mod:`engine.filter`."""

    filter: str = ""
    offset: int = 0
    limit: int = 100
    container_id: str | None = None
    """Only of this container ("" is the host); None for all."""
    before: int = 0
    """Only what was known up to this alert id (a paused view); 0 for all."""
    rule: str = ""
    """Only of this rule; "" for all."""
    group: Grouping = "stack"
    """What is a row. With "none" the filter chooses by stacks, whose rows tell of their latest alerts."""


class ListAlerts(Ask, tag="alerts"):
    """A page of single alerts, the newest first, by stack, process or container."""

    stack: int = 0
    pid: int = 0
    start: int = 0
    container_id: str | None = None
    offset: int = 0
    limit: int = 100


class GetAlert(Ask, tag="alert"):
    """One alert, whole."""

    alert_id: int


class Acknowledge(Ask, tag="acknowledge"):
    """Mark a stack as seen, or not."""

    stack: int
    acknowledged: bool = True


class SetState(Ask, tag="set_state"):
    """Give stacks a state, all of them or, when one is not there, none."""

    stacks: list[int]
    state: State
    until: int = 0
    """For "muted": when it ends, in nanoseconds since the epoch."""
    note: str = ""
    who: str = ""


class ListContainers(Ask, tag="containers"):
    """All containers known, running first."""


class ListProcesses(Ask, tag="processes"):
    """The process tree: of a container, of the host ("") or of all (None); with the exited ones still kept."""

    container_id: str | None = None
    exited: bool = True


class ListEvents(Ask, tag="events"):
    """Recent events of a process or a container, the newest first.

    ``filter`` is a condition of the rule language, or words that occur in the row.
    """

    pid: int = 0
    start: int = 0
    container_id: str | None = None
    limit: int = 200
    filter: str = ""
    tree: bool = False
    """Also those of all processes that descend from this one."""
    since: int = 0
    """Nanoseconds since the epoch; 0 for the first that is remembered."""
    until: int = 0
    """0 for the last."""


class ListChanges(Ask, tag="changes"):
    """``docker diff`` of a container, joined with the events that explain it."""

    container_id: str


class Zoom(Ask, tag="zoom"):
    """Watch a container, or a process and all that descend from it, in full for a minute: also what no rule asks for.

    Lists of their events do so by themselves. ``on=False`` ends it.
    """

    container_id: str | None = None
    pid: int = 0
    start: int = 0
    on: bool = True


class ListRules(Ask, tag="rules"):
    """All rules in the order of their files."""


class SetRule(Ask, tag="set_rule"):
    """Switch a rule on or off, at once."""

    name: str
    enabled: bool


class SetRules(Ask, tag="set_rules"):
    """Switch all rules on or off that have what is given: at least one of these."""

    enabled: bool
    tag: str = ""
    priority: Priority | None = None
    file: str = ""


class ReloadRules(Ask, tag="reload"):
    """Read the rule files again; on any problem the running rules stay in force."""


class Explain(Ask, tag="explain"):
    """Why an alert fired (``alert_id``), or why ``rule`` fires or not on an event of late (``event_num``)."""

    alert_id: int = 0
    rule: str = ""
    event_num: int = 0


class ProposeExceptions(Ask, tag="propose_exceptions"):
    """Which exceptions can be made of an alert, and what they would have hidden."""

    alert_id: int


class AddException(Ask, tag="add_exception"):
    """Write an exception for the rule of an alert to the local rules file, and read the rules again."""

    alert_id: int
    fields: list[str]
    """Those of a proposal; the values are the alert's."""
    who: str = ""


class UndoException(Ask, tag="undo_exception"):
    """Take the exception that was added last out of the local rules file, and read the rules again."""


class GetHealth(Ask, tag="health"):
    """How the sensor is."""


class Control(Ask, tag="control"):
    """Steer a replay."""

    paused: bool | None = None
    speed: float | None = None


class Shutdown(Ask, tag="shutdown"):
    """End a private sensor; refused by a shared one."""


Request = (
    Hello
    | ListStacks
    | ListAlerts
    | GetAlert
    | Acknowledge
    | SetState
    | ListContainers
    | ListProcesses
    | ListEvents
    | ListChanges
    | Zoom
    | ListRules
    | SetRule
    | SetRules
    | ReloadRules
    | Explain
    | ProposeExceptions
    | AddException
    | UndoException
    | GetHealth
    | Control
    | Shutdown
)

"""An alert: a rule that matched, with all that a person or a program needs to judge it later.

An alert is plain data and complete in itself: the process table may have forgotten its processes by the time somebody
looks. :func:`engine.sinks.falco_json.to_falco` gives the JSON object that Falco would print.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cached_property

import msgspec

DROP_RULE = "Tiercel internal: syscall event drop"
"""Stands for the rule in alerts of the sensor itself: events were lost (:mod:`engine.drops`)."""

Value = str | int | float | bool | None | list[str]
"""A value in ``output_fields``."""


class Priority(IntEnum):
    """Falco's priorities, the most severe first."""

    EMERGENCY = 0
    ALERT = 1
    CRITICAL = 2
    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6
    DEBUG = 7

    @cached_property
    def label(self) -> str:
        """The word in Falco's output: ``Warning``."""
        return self.name.capitalize()


class Ancestor(msgspec.Struct, omit_defaults=True, gc=False):
    """One step of an alert's lineage, from the alerting process (first) upwards."""

    pid: int
    start: int
    name: str
    cmdline: str = ""
    exepath: str = ""
    container_id: str = ""
    """"" on the host: where it changes between two steps lies the container's boundary."""
    user: str = ""
    uid: int = 0
    tty: int = 0
    vpid: int = 0
    started: int = 0
    exit_time: int = 0


class ContainerRef(msgspec.Struct, omit_defaults=True, gc=False):
    """The container of an alert as it was known then; where not even its name was, as soon as it was known."""

    id: str
    name: str = ""
    image: str = ""
    privileged: bool | None = None
    """None when Docker had not told."""


class Alert(msgspec.Struct, omit_defaults=True):
    """One match of one rule. ``id`` is given by the store and grows with each alert; 0 before it is stored."""

    time: int
    rule: str
    priority: Priority
    output: str
    """The rule's message, without time and priority."""
    output_fields: dict[str, Value]
    tags: list[str] = []
    source: str = "syscall"
    hostname: str = ""
    id: int = 0
    stack: int = 0
    """The collapsed row it belongs to: same rule, container, program and parent."""
    event_num: int = 0
    event_type: str = ""
    container: ContainerRef | None = None
    """None on the host."""
    lineage: list[Ancestor] = []
    """The process first, then its ancestors."""
    entry: str = ""
    """How the process tree came to be where it is: "docker exec", "container start", "host"."""
    target: str = ""
    """The file, address or name it is about: what the screen shows as What."""
    user: str = ""
    uid: int = 0
    tty: int = 0
    description: str = ""
    """The rule's ``desc``."""
    evidence: bytes = b""
    """What the rule's condition saw, to explain it later (:mod:`engine.judging.evidence`). Stays in the store."""

    @property
    def process(self) -> Ancestor | None:
        """The process that did it."""
        return self.lineage[0] if self.lineage else None

"""The rows that replies are made of."""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.alerts import Priority
from engine.events import ContainerInfo


class StackRow(msgspec.Struct):
    """Alerts of one rule, container, program and parent, collapsed to a row; the rest is that of the latest alert."""

    stack: int
    count: int
    first: int
    last: int
    alert_id: int
    rule: str
    priority: Priority
    container_id: str
    container: str
    """The container's name, "" on the host."""
    image: str
    process: str
    cmdline: str
    parent: str
    target: str
    user: str
    tty: int
    entry: str
    acknowledged: bool = False
    """Somebody saw to it: its state is another than "new"."""
    state: State = "new"
    muted_until: int = 0
    """Nanoseconds since the epoch; 0 unless muted."""
    note: str = ""
    who: str = ""
    """Who gave it this state."""
    stacks: int = 1
    """Stacks in a row of several."""
    span: int = 0
    """Seconds of each of ``beats``."""
    beats: list[int] = []
    """How many alerts came when, from the first to the last, in equal spans of time. Empty where that is not known."""
    worst_rule: str = ""
    """In a row of several rules, that of the most severe; "" where all are of one."""
    containers: int = 1
    """Containers in a row of one rule; the host counts as one."""
    rules: int = 1
    """Rules in a row of one container."""


Grouping = Literal["stack", "rule", "container", "none"]
"""What alerts are put together by: rule, container, program and parent; the rule; the container; nothing."""


class ContainerRow(msgspec.Struct):
    """A container and what is going on in it."""

    info: ContainerInfo
    processes: int = 0
    alerts: dict[str, int] = {}
    """Those that are kept, by priority label, and when the last came: only where it was asked for."""
    last_alert: int = 0
    execs: int = 0
    """Times somebody entered it by ``docker exec``."""
    last_exec: int = 0
    gone: bool = False
    entries: int = 0
    """Times the kernel saw somebody enter it, by whatever means, and when last."""
    last_entry: int = 0
    unknown: bool = False
    """No daemon that was asked knows it; ``info.runtime`` is what its cgroup's name tells."""
    uncounted: bool = False
    """How many alerts it has is not known: the store cannot be read."""


class ProcessRow(msgspec.Struct):
    """A process for the tree; rows come parents first, ``depth`` counted from the first ancestor in the answer."""

    pid: int
    start: int
    ppid: int
    depth: int
    name: str
    cmdline: str
    exepath: str
    user: str
    uid: int
    tty: int
    vpid: int
    container_id: str
    container: str
    started: int
    exit_time: int = 0
    exit_status: int = 0
    alerts: int = 0
    worst: Priority | None = None
    entry: str = ""
    """"docker exec" on the process by which somebody entered, "container start" on the container's first."""
    flags: list[str] = []
    """Words worth a sign: "new binary", "memfd", "arguments cut", "more capabilities than its container"."""
    severities: dict[str, int] = {}
    """Its alerts by priority label; empty where only the worst and the count of all were kept."""


State = Literal["new", "acknowledged", "muted", "false positive", "incident"]
"""What somebody made of a stack of alerts; "muted" goes back to "new" when its time is over."""

EventKind = Literal["program", "read", "written", "changed", "network", "process", "gap"]
"""What sort of thing an event did: ran a program, opened a file to read or to write, changed names or modes of files,
spoke to the network, or something else that a process does. A gap is where events were lost."""


class EventRow(msgspec.Struct):
    """An event in one line."""

    num: int
    time: int
    type: str
    pid: int
    process: str
    result: str
    summary: str
    start: int = 0
    """With ``pid``, the process."""
    container_id: str = ""
    target: str = ""
    """The file, address or name it is about."""
    kind: EventKind = "process"
    container: str = ""
    """The container's name, "" on the host, or while it is not known."""


class AskerRow(msgspec.Struct):
    """Who asked Docker to do something: a process that spoke to its socket, or is its command line."""

    pid: int
    start: int
    name: str
    cmdline: str
    user: str
    uid: int
    loginuid: int
    """Who has logged in, whoever they have become since; -1 for nobody."""
    tty: int
    container_id: str = ""
    """"" on the host."""
    certain: bool = False
    """It names this very container, and no other process did at that time."""
    others: list[str] = []
    """Command lines of those who may have asked just as well, some of them; they are none when it is certain."""
    more: int = 0
    """How many more there are."""


class ExecRow(msgspec.Struct):
    """Somebody entered a container: what Docker was asked for, joined with the process that came of it."""

    container_id: str
    time: int
    """When Docker was asked, or when the kernel saw the program begin."""
    pid: int = 0
    """With ``start``, the process by which; 0 while none is known."""
    start: int = 0
    exec_id: str = ""
    """Docker's; "" when Docker told of none: it cannot be reached, or was not asked (nsenter, another runtime)."""
    command: str = ""
    """As given to Docker."""
    started: int = 0
    ended: int = 0
    exit_code: int | None = None
    privileged: bool | None = None
    user: str = ""
    tty: bool | None = None
    certain: bool = False
    """Docker named the process; else it was found by time and command."""
    asker: AskerRow | None = None


class RuleRow(msgspec.Struct):
    """A rule and how it fares."""

    name: str
    priority: Priority
    enabled: bool
    hits: int
    last: int
    tags: list[str]
    description: str
    condition: str
    output: str
    file: str
    line: int
    source: str = "syscall"
    event_types: list[str] = []
    cost: float = -1.0
    """Nanoseconds to judge an event of its types, if no other rule shared its tests; negative while it is measured."""
    kept_back: float = -1.0
    """The share of an ordinary server's events of its types that it leaves in the kernel, 0 to 1; negative likewise."""
    unserved: str = ""
    """Why it cannot be judged here, "" where it can."""


class ProposalRow(msgspec.Struct):
    """An exception that can be made of an alert, and what it would have done to the alerts of the rule so far."""

    fields: list[str]
    values: list[str]
    """One for each field: alerts that have all of them are hidden."""
    lines: list[str]
    """As it is written to the local rules file."""
    alerts: int = 0
    """Past alerts of the rule that were looked at."""
    hidden: int = 0
    unknown: int = 0
    """Those that do not tell whether they would have been hidden."""
    staying: list[str] = []
    """Messages of some that would not have been."""


class TriedRow(msgspec.Struct):
    """What a changed rule would have done: on the events of late, and on the alerts of it that are kept."""

    rule: str
    before: int = 0
    """Hits as it is, …"""
    after: int = 0
    """… and as it would be."""
    alerts: int = 0
    still: int = 0
    """Kept alerts that it would make again."""
    unknown: int = 0
    """Those that do not tell."""
    was_on: bool = True
    """A rule that is off has no hits."""
    is_on: bool = True


class Reload(msgspec.Struct, omit_defaults=True):
    """The rule files were read again: what is new in them, or why the rules of before stay in force."""

    time: int
    rules: int
    """Rules loaded now."""
    added: list[str] = []
    removed: list[str] = []
    changed: list[str] = []
    """Rules that judge, print or count otherwise, also by a macro or a list; all by name, in file order."""
    problems: list[str] = []
    """Not empty: nothing was taken over. Each text is one line."""

    @property
    def summary(self) -> str:
        """It in one line."""
        if self.problems:
            return "the rules could not be read again: those of before stay in force"
        loaded = f"{self.rules} rule{'s' * (self.rules != 1)} loaded"
        kinds = (("added", self.added), ("removed", self.removed), ("changed", self.changed))
        parts = [f"{word} {_some(names)}" for word, names in kinds if names]
        return "; ".join([loaded, *(parts or ["nothing has changed"])])


def _some(names: list[str], shown: int = 5) -> str:
    """Names in a sentence; of many the first, and how many more there are."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")


class Change(msgspec.Struct):
    """One line of ``docker diff``."""

    kind: str
    """A added, C changed, D deleted."""
    path: str
    time: int = 0
    """When an event was seen that explains it; 0 if none was."""
    process: str = ""
    """Who did it: ``touch (4711) ← sh ← docker exec``."""
    alert_id: int = 0
    pid: int = 0
    start: int = 0
    """With ``pid``, the process that did it."""
    executed: int = 0
    """When it was last run as a program since it was changed, 0 if it was not seen to be."""

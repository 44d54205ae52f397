"""From alerts to rows: which stack an alert belongs to, and what is kept of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from engine.alerts import Alert, Priority
from engine.filters.alert_filter import Subject
from engine.protocol import StackRow, State
from engine.state.lineage import OWN_SHELL
from engine.store import beats

StackKey = tuple[str, str, str, str]
"""Rule, container id, program (its path, else its name) and the parent's name."""


class Hits(msgspec.Struct, frozen=True):
    """How often a rule matched, and when last (nanoseconds since the epoch)."""

    count: int
    last: int


class Tally(msgspec.Struct, frozen=True):
    """The alerts of a container by priority label, and when the last came (nanoseconds since the epoch)."""

    alerts: dict[str, int]
    last: int


class Triage(NamedTuple):
    """What somebody made of a stack, as in :class:`~engine.protocol.StackRow`."""

    acknowledged: bool = False
    state: State = "new"
    muted_until: int = 0
    note: str = ""
    who: str = ""


TRIAGE_COLUMNS = "acknowledged, state, muted_until, note, who"
"""The columns of :class:`Triage`."""


class Stored(NamedTuple):
    """An alert with its id, and itself as it is written."""

    alert: Alert
    body: bytes


def stack_key(alert: Alert) -> StackKey:
    """What alerts of one stack have in common."""
    process = alert.process
    program = (process.exepath or process.name) if process else ""
    if alert.entry == OWN_SHELL:
        program = f"{OWN_SHELL}\0{program}"  # no program has such a name: a stack of our own
    return (alert.rule, alert.container.id if alert.container else "", program, parent_name(alert))


def parent_name(alert: Alert) -> str:
    """The name of the parent of the process that did it, "" where unknown."""
    return alert.lineage[1].name if len(alert.lineage) > 1 else ""


def subject(alert: Alert, state: State = "new") -> Subject:
    """What a filter looks at in an alert whose stack is in this state."""
    container, process = alert.container, alert.process
    return Subject(
        rule=alert.rule,
        priority=int(alert.priority),
        container_id=container.id if container else "",
        container=container.name if container else "",
        image=container.image if container else "",
        process=process.name if process else "",
        cmdline=process.cmdline if process else "",
        parent=parent_name(alert),
        target=alert.target,
        user=alert.user,
        tags=alert.tags,
        state=state,
    )


class Delta:
    """New alerts of one stack: how many, the first and the latest."""

    __slots__ = ("count", "first", "latest", "times")

    def __init__(self, first: Alert) -> None:
        self.count = 0
        self.first = first
        self.latest = first
        self.times: list[int] = []

    def add(self, alert: Alert) -> None:
        """Count one more, newer than the others."""
        self.count += 1
        self.latest = alert
        self.times.append(alert.time)


def deltas(alerts: list[Stored]) -> dict[int, Delta]:
    """The alerts by stack, in the order of their ids."""
    found: dict[int, Delta] = {}
    for alert, _ in alerts:
        delta = found.get(alert.stack)
        if delta is None:
            delta = found[alert.stack] = Delta(alert)
        delta.add(alert)
    return found


UPSERT = """
INSERT INTO stacks (id, rule, container_id, program, parent, count, first, last, first_id, last_id, priority, container,
                    image, process, cmdline, target, user, tty, entry, tags, search, beats)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    count = count + excluded.count, last = excluded.last, last_id = excluded.last_id, priority = excluded.priority,
    container = excluded.container, image = excluded.image, process = excluded.process, cmdline = excluded.cmdline,
    target = excluded.target, user = excluded.user, tty = excluded.tty, entry = excluded.entry, tags = excluded.tags,
    search = excluded.search, beats = merge_beats(beats, excluded.beats)
"""
"""Takes :func:`stack_parameters`."""


def stack_parameters(delta: Delta) -> tuple[Any, ...]:
    """A stack's new alerts as the parameters of :data:`UPSERT`."""
    latest, first = delta.latest, delta.first
    view = subject(latest)
    return (
        latest.stack,
        *stack_key(latest),
        delta.count,
        first.time,
        latest.time,
        first.id,
        latest.id,
        view.priority,
        view.container,
        view.image,
        view.process,
        view.cmdline,
        view.target,
        view.user,
        latest.tty,
        latest.entry,
        msgspec.json.encode(view.tags).decode(),
        view.search,
        beats.of(delta.times),
    )


INSERT = "INSERT INTO alerts (id, stack, time, container_id, pid, start, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
"""Takes :func:`alert_parameters`."""


def alert_parameters(stored: Stored) -> tuple[Any, ...]:
    """An alert as the parameters of :data:`INSERT`."""
    alert, body = stored
    process = alert.process
    pid, start = (process.pid, process.start) if process else (0, 0)
    return (alert.id, alert.stack, alert.time, alert.container.id if alert.container else "", pid, start, body)


STACK_COLUMNS = (
    "id, count, first, last, last_id, rule, priority, container_id, container, image, process, cmdline, parent,"
    f" target, user, tty, entry, {TRIAGE_COLUMNS}, beats"
)
"""The columns of :func:`stack_row`, in the order of :class:`~engine.protocol.StackRow`'s fields."""

_PRIORITY = STACK_COLUMNS.split(", ").index("priority")
_ACKNOWLEDGED = STACK_COLUMNS.split(", ").index("acknowledged")


def stack_row(columns: tuple[Any, ...]) -> StackRow:
    """A row of the table."""
    *values, told = columns
    values[_PRIORITY] = Priority(values[_PRIORITY])
    values[_ACKNOWLEDGED] = bool(values[_ACKNOWLEDGED])
    row = StackRow(*values)
    row.span, row.beats = beats.between(told, row.first, row.last)
    return row


def row_of(alert: Alert, *, count: int, first: int, triage: Triage, told: str) -> StackRow:
    """A row whose latest alert is this one; ``told`` says when all came, as in :mod:`engine.store.beats`."""
    view = subject(alert)
    span, counts = beats.between(told, first, alert.time)
    return StackRow(
        stack=alert.stack,
        count=count,
        first=first,
        last=alert.time,
        alert_id=alert.id,
        rule=alert.rule,
        priority=alert.priority,
        container_id=view.container_id,
        container=view.container,
        image=view.image,
        process=view.process,
        cmdline=view.cmdline,
        parent=view.parent,
        target=view.target,
        user=view.user,
        tty=alert.tty,
        entry=alert.entry,
        **triage._asdict(),
        span=span,
        beats=counts,
    )

"""What happened around an alert: event by event, and the files and addresses that were touched."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

from textual.binding import BindingType

from engine.alerts import Alert, Priority
from engine.protocol import Alerts, EventKind, EventRow, Events, ListAlerts, ListEvents
from engine.query import Table
from tui import clip, words
from tui.actions import bindings
from tui.front import Front
from tui.panes.base import priority_cell
from tui.panes.events import shown_result, what
from tui.panes.listing import ListPane
from tui.panes.subjects import top
from tui.panes.visits import AlertVisits
from tui.places import AlertPlace
from tui.row_fields import DEEDS, MOMENTS
from tui.theme import Span
from tui.widgets.columns import Column
from tui.widgets.page_list import PageList

AROUND = 60 * words.SECOND
"""Nanoseconds before and after the alert."""
_LIMIT = 1000
"""Events asked for."""
_ALERTS = 500
"""Alerts of the place that are looked through for those of these events."""
Row = TypeVar("Row")


class AroundPane(AlertVisits, ListPane[Row]):
    """A list about one alert, with the keys that lead on from it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("timeline")
    follows = ("processes", "alerts")
    filter_help = "words, or: kind=written and proc.name=sh"

    def __init__(self, front: Front, place: AlertPlace, id: str) -> None:
        super().__init__(front, id)
        self.place = place

    def alert_id(self) -> int:
        """This alert."""
        return self.place.alert_id

    def alert_place(self) -> AlertPlace:
        """This alert."""
        return self.place

    def stack(self) -> tuple[int, bool]:
        """Its stack; whether it is acknowledged is not known here: it becomes so."""
        return self.place.stack, False

    def changed(self) -> None:
        """Say it."""
        self.navigator.tell("Acknowledged.")

    def nothing(self) -> list[Span]:
        """The memory of events is short."""
        return [("Nothing is kept of that time: ", "dim"), ("the sensor remembers the latest events only.", "dim")]

    async def fetch(self) -> Sequence[Row]:
        """The alert, then what is around it."""
        self.alert = await self.fetch_alert(self.place.alert_id)
        return await self.around(self.alert) if self.alert is not None else ()

    async def around(self, alert: Alert) -> Sequence[Row]:
        """The rows."""
        raise NotImplementedError

    async def events(self, request: ListEvents) -> list[EventRow]:
        """The events, the oldest first."""
        request.limit = _LIMIT
        return (await self.front.ask(request, Events)).rows[::-1]


@dataclass(frozen=True, slots=True)
class Moment:
    """An event beside an alert."""

    event: EventRow
    apart: float
    """Seconds after the alert."""
    own: bool
    """By the process of the alert."""
    priority: Priority | None = None
    """Of an alert that this event raised."""
    lit: bool = False
    """It is the event of this alert."""


class TimelinePane(AroundPane[Moment]):
    """What the container did (on the host: the tree the process is in), a minute before and after, the oldest first."""

    table: ClassVar[Table[Moment]] = MOMENTS

    def __init__(self, front: Front, place: AlertPlace, id: str) -> None:
        super().__init__(front, place, id)
        self._placed = False

    def make_list(self) -> PageList[Moment]:
        """When, what, who."""
        return PageList(
            self.source,
            _MOMENTS,
            faded=lambda row: not row.own,
            openable=lambda _row: False,
            command=lambda row: clip.of_event(row.event),
            id="timeline",
        )

    def key(self, row: Moment) -> Hashable:
        """The event's number."""
        return row.event.num

    def words_of(self, row: Moment) -> str:
        """What is shown."""
        event = row.event
        return f"{event.type} {event.process} {event.pid} {event.result} {event.summary} {event.kind}"

    async def around(self, alert: Alert) -> list[Moment]:
        """The events, those that raised alerts with their priority."""
        rows = await self.events(_window(alert))
        request = ListAlerts(container_id=alert.container.id if alert.container else "", limit=_ALERTS)
        raised = {one.event_num: one.priority for one in (await self.front.ask(request, Alerts)).rows}
        return [_moment(row, alert, raised.get(row.num)) for row in rows]

    def show_rows(self, text: str) -> None:
        """Also begin at the alert, and say whose time it is."""
        super().show_rows(text)
        self.show_state()
        if not self._placed and self.source.rows:
            self._placed = True
            nearest = min(self.source.rows, key=lambda row: (not row.lit, abs(row.apart), not row.own))
            self.list.go_to_key(self.key(nearest))

    def standing(self) -> list[list[Span]]:
        """Whose time this is."""
        place = "its container" if self.alert and self.alert.container else "its process tree"
        return [[("±60 s of ", "dim"), (place, ""), (", its own process bright", "dim")], *super().standing()]


def _window(alert: Alert) -> ListEvents:
    since, until = alert.time - AROUND, alert.time + AROUND
    if alert.container is not None:
        return ListEvents(container_id=alert.container.id, since=since, until=until)
    beginning = top(alert)
    if beginning is None:
        return ListEvents(container_id="", since=since, until=until)
    return ListEvents(beginning.pid, beginning.start, tree=True, since=since, until=until)


def _moment(row: EventRow, alert: Alert, priority: Priority | None) -> Moment:
    process = alert.process
    own = process is not None and (row.pid, row.start) == (process.pid, process.start)
    lit = row.num == alert.event_num and own
    return Moment(row, (row.time - alert.time) / words.SECOND, own, priority, lit)


def _apart(row: Moment) -> list[Span]:
    return [("▶ " if row.lit else "  ", "accent"), (f"{row.apart:+.3f}", "strong" if row.lit else "dim")]


_MOMENTS: list[Column[Moment]] = [
    Column("Seconds", 9, _apart, right=True),
    Column("P", 1, lambda row: priority_cell(row.priority)),
    Column("Event", 10, lambda row: [(row.event.type, "accent")]),
    Column("Process", 14, lambda row: [(f"{row.event.process} ({row.event.pid})", "")], share=1),
    Column("Result", 7, lambda row: shown_result(row.event)),
    Column("What", 16, lambda row: what(row.event), share=4),
]


@dataclass(slots=True)
class Deed:
    """A file, address or program, and what was done with it how often."""

    kind: EventKind
    target: str
    first: int
    last: int
    times: int = 0
    failed: int = 0
    by: dict[str, None] = field(default_factory=dict)
    """Processes, in their order."""


class FilesPane(AroundPane[Deed]):
    """Files, addresses and programs of the alert's process and all that descends from it."""

    table: ClassVar[Table[Deed]] = DEEDS

    def make_list(self) -> PageList[Deed]:
        """What was done with what, by whom."""
        return PageList(
            self.source,
            _DEEDS,
            faded=lambda row: row.failed == row.times,
            openable=lambda _row: False,
            id="files",
        )

    def key(self, row: Deed) -> Hashable:
        """What and with what."""
        return row.kind, row.target

    def words_of(self, row: Deed) -> str:
        """What is shown."""
        return f"{row.kind} {row.target} {' '.join(row.by)}"

    async def around(self, alert: Alert) -> list[Deed]:
        """What the events come to."""
        process = alert.process
        if process is None:
            return []
        return deeds(await self.events(ListEvents(process.pid, process.start, tree=True)))


ORDER: tuple[EventKind, ...] = ("program", "network", "written", "changed", "read")
"""Kinds that are about something, the most telling first."""


def deeds(events: Sequence[EventRow]) -> list[Deed]:
    """Events that are about something, one row for each kind and thing."""
    found: dict[tuple[EventKind, str], Deed] = {}
    for event in events:
        if event.target and event.kind in ORDER:
            deed = found.setdefault((event.kind, event.target), Deed(event.kind, event.target, event.time, event.time))
            deed.last = event.time
            deed.times += 1
            deed.failed += event.result.startswith("E")
            deed.by[f"{event.process} ({event.pid})"] = None
    return sorted(found.values(), key=lambda deed: (ORDER.index(deed.kind), deed.first))


_TONES: dict[str, str] = {"program": "warn", "network": "accent", "written": "bad", "changed": "warn"}


def _times(row: Deed) -> list[Span]:
    failed = f" {row.failed} failed" if row.failed else ""
    return [(f"{row.times}", ""), (failed, "warn")]


_DEEDS: list[Column[Deed]] = [
    Column("Kind", 8, lambda row: [(row.kind, _TONES.get(row.kind, ""))]),
    Column("What", 24, lambda row: [(row.target, "")], share=3),
    Column("Times", 10, _times),
    Column("First", 8, lambda row: [(words.clock(row.first), "dim")]),
    Column("By", 14, lambda row: [(", ".join(row.by), "dim")], share=2),
]

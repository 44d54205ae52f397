"""What happened around an alert, event by event."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

import msgspec

from engine.alerts import Alert, Priority
from engine.filters.query import Table
from engine.protocol import Alerts, EventRow, ListAlerts
from tui import clip, words
from tui.filters.row_fields import MOMENTS
from tui.front import Front
from tui.panes.around import AroundPane
from tui.panes.base import priority_cell
from tui.panes.events import shown_result, shown_type, what
from tui.places import AlertPlace
from tui.theme import Span
from tui.widgets.columns import Column
from tui.widgets.page_list import PageList

_ALERTS = 500
"""Alerts of the place that are looked through for those of these events."""
_RUN = 1.0
"""Seconds from one event to the next of a run, at most."""


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
    times: int = 1
    """How often it was so, one right behind the other; ``event`` is the first, …"""
    last: float = 0.0
    """… and the last so many seconds after the alert."""


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
        """The event's number, which another run of the sensor gives again."""
        return row.event.num, row.event.time

    def words_of(self, row: Moment) -> str:
        """What is shown."""
        event = row.event
        return f"{event.type} {event.process} {event.pid} {event.result} {event.summary} {event.kind} {_times(row)}"

    async def around(self, alert: Alert) -> list[Moment]:
        """The events, those that raised alerts with their priority; of a run of the same one row."""
        request = ListAlerts(container_id=alert.container.id if alert.container else "", limit=_ALERTS)
        rows, alerts = await asyncio.gather(self.events(alert), self.front.ask(request, Alerts))
        raised = {(one.event_num, one.time): one.priority for one in alerts.rows}
        return in_runs(_moment(row, alert, raised.get((row.num, row.time))) for row in rows)

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
        return [[("±60 s of ", "dim"), (place, ""), (", own process bright", "dim")], *super().standing()]


def _moment(row: EventRow, alert: Alert, priority: Priority | None) -> Moment:
    process = alert.process
    own = process is not None and (row.pid, row.start) == (process.pid, process.start)
    lit = row.num == alert.event_num and own
    apart = (row.time - alert.time) / words.SECOND
    return Moment(row, apart, own, priority, lit, last=apart)


def in_runs(rows: Iterable[Moment]) -> list[Moment]:
    """Those that say the same, one right behind the other, as one. What raised an alert stands alone, and what came
    before this alert is none with what came after it."""
    made: list[Moment] = []
    for row in rows:
        if made and _says_the_same(made[-1], row):
            made[-1] = replace(made[-1], times=made[-1].times + 1, last=row.apart)
        else:
            made.append(row)
    return made


def _says_the_same(one: Moment, other: Moment) -> bool:
    if one.lit or other.lit or one.priority is not None or other.priority is not None:
        return False
    if other.apart - one.last > _RUN or (one.apart < 0 <= other.apart):
        return False
    return msgspec.structs.replace(other.event, num=one.event.num, time=one.event.time) == one.event


def _times(row: Moment) -> str:
    return f"×{row.times}" if row.times > 1 else ""


def _what(row: Moment) -> list[Span]:
    times = _times(row)
    return [(f"{times} " if times else "", "strong"), *what(row.event)]


def _apart(row: Moment) -> list[Span]:
    return [("▶ " if row.lit else "  ", "accent"), (f"{row.apart:+.3f}", "strong" if row.lit else "dim")]


def _process(row: Moment) -> list[Span]:
    """Without a number where it is none of this place."""
    return [(f"{row.event.process} ({row.event.pid})" if row.event.pid else row.event.process, "")]


_MOMENTS: list[Column[Moment]] = [
    Column("Seconds", 9, _apart, right=True, name="Time", exact=lambda row: words.stamp(row.event.time)),
    Column("P", 1, lambda row: priority_cell(row.priority)),
    Column("Event", 10, lambda row: shown_type(row.event)),
    Column("Process", 14, _process, share=1),
    Column("Result", 7, lambda row: shown_result(row.event)),
    Column("What", 16, _what, share=4),
]

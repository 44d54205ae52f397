"""Recent events: of a process, of a container, or of what was selected last."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual.binding import BindingType

from engine.protocol import EventRow, Events, ListEvents
from tui import words
from tui.actions import bindings
from tui.front import Front
from tui.panes.listing import ListPane
from tui.places import EVERYTHING, EventsPlace
from tui.theme import Span
from tui.widgets.columns import Column
from tui.widgets.page_list import PageList


class EventsPane(ListPane[EventRow]):
    """Events, the newest first. Without a place it shows what was selected last in another view."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("events")
    follows = ("processes", "alerts")
    filter_help = "type, process, what"

    def __init__(self, front: Front, id: str | None = None, place: EventsPlace | None = None) -> None:
        super().__init__(front, id)
        self._place = place

    def make_list(self) -> PageList[EventRow]:
        """When, what, who, with which result."""
        return PageList(self.source, _COLUMNS, openable=lambda _row: False, id="events")

    def key(self, row: EventRow) -> Hashable:
        """Its number."""
        return row.num

    def words_of(self, row: EventRow) -> str:
        """What is shown."""
        return f"{row.type} {row.process} {row.pid} {row.result} {row.summary}"

    async def fetch(self) -> Sequence[EventRow]:
        """The events of the place."""
        place = self._place or self.tiercel.subject
        return (await self.front.ask(ListEvents(place.pid, place.start, place.container_id), Events)).rows

    def nothing(self) -> list[Span]:
        """Only what the rules in force ask for comes from the kernel, and only the latest is kept."""
        return [("No events are kept of it. ", "dim"), ("Only those that rules in force ask for are seen.", "dim")]

    def show_rows(self, text: str) -> None:
        """Also say whose they are."""
        super().show_rows(text)
        self.show_state()

    def standing(self) -> list[list[Span]]:
        """Whose events, and which filter."""
        return [self._whose(), *super().standing()]

    def _whose(self) -> list[Span]:
        if self._place is not None:
            return []  # the trail says so
        subject = self.tiercel.subject
        if subject is EVERYTHING:
            return [("of everything", "strong"), ("; select an alert, a container or a process to see its own", "dim")]
        return [("of ", "dim"), (subject.title, "strong"), (", selected last", "dim")]


def _time(row: EventRow) -> list[Span]:
    return [(words.moment(row.time)[11:], "dim")]


def _result(row: EventRow) -> list[Span]:
    return [(row.result, "warn" if row.result.startswith("E") else "dim")]


def _what(row: EventRow) -> list[Span]:
    """The summary without what other columns have: the event's type before it, the result after it."""
    text = row.summary.removeprefix(row.type)
    return [((text.removesuffix(f"→ {row.result}") if row.result else text).strip(), "")]


_COLUMNS: list[Column[EventRow]] = [
    Column("Time", 12, _time),
    Column("Event", 12, lambda row: [(row.type, "accent")]),
    Column("Pid", 7, lambda row: [(str(row.pid), "dim")], right=True),
    Column("Process", 10, lambda row: [(row.process, "")], share=1),
    Column("Result", 8, _result),
    Column("What", 16, _what, share=4),
]

"""A list about one alert, with the keys that lead on from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual.binding import BindingType

from engine.alerts import Alert
from engine.protocol import EventRow, Events, ListEvents
from tui.actions import bindings
from tui.front import Front
from tui.panes.listing import ListPane
from tui.panes.visits import OneAlertVisits
from tui.places import AlertPlace
from tui.theme import Span

_LIMIT = 1000
"""Events asked for."""
Row = TypeVar("Row")


class AroundPane(OneAlertVisits, ListPane[Row]):
    """A list about one alert, with the keys that lead on from it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("timeline")
    follows = ("processes", "alerts")
    filter_help = "words, or: kind=written and proc.name=sh"

    def __init__(self, front: Front, place: AlertPlace, id: str) -> None:
        super().__init__(front, id)
        self.place = place

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

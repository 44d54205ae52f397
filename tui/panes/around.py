"""A list about one alert, with the keys that lead on from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual.binding import BindingType

from engine.alerts import Alert
from engine.protocol import Around, EventRow, ListAround
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
        self.found: Around | None = None

    def nothing(self) -> list[Span]:
        """Why."""
        return [(self.found.why if self.found and self.found.why else "Nothing is kept of that time.", "dim")]

    def standing(self) -> list[list[Span]]:
        """Also where it is from."""
        return [_origin(self.found), *super().standing()] if self.found and self.found.origin else super().standing()

    async def fetch(self) -> Sequence[Row]:
        """The alert, then what is around it."""
        self.alert = await self.fetch_alert(self.place.alert_id)
        return await self.around(self.alert) if self.alert is not None else ()

    async def around(self, alert: Alert) -> Sequence[Row]:
        """The rows."""
        raise NotImplementedError

    async def events(self, alert: Alert, *, tree: bool = False) -> list[EventRow]:
        """What happened around it, the oldest first; of its process and those it began, or of its whole place."""
        self.found = await self.front.ask(ListAround(alert.id, tree=tree, limit=_LIMIT), Around)
        return self.found.rows[::-1]


def _origin(found: Around) -> list[Span]:
    missing = f", {found.left_out:,} more not kept" if found.left_out else ""
    return [(f"from {found.origin}{missing}", "dim")]

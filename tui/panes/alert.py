"""One alert as the whole screen: in words, by field, as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from engine.alerts import Alert
from tui.actions import bindings
from tui.front import Front
from tui.panes.visits import AlertVisits
from tui.places import AlertPlace
from tui.theme import content
from tui.widgets.details import Details


class AlertTextPane(AlertVisits):
    """A text about one alert, and the keys that lead on from it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("alert")

    def __init__(self, front: Front, place: AlertPlace, id: str) -> None:
        super().__init__(front, id)
        self.place = place
        self._acknowledged = False
        self.details = Details(focusable=True)

    def body(self) -> ComposeResult:
        """The text."""
        yield self.details

    def alert_id(self) -> int:
        """This alert."""
        return self.place.alert_id

    def stack(self) -> tuple[int, bool]:
        """Its stack."""
        return self.place.stack, self._acknowledged

    def changed(self) -> None:
        """Say it."""
        self._acknowledged = not self._acknowledged
        self.navigator.tell("Acknowledged." if self._acknowledged else "No longer acknowledged.")


class AlertPane(AlertTextPane):
    """One alert, written by ``write``."""

    def __init__(self, front: Front, place: AlertPlace, write: Callable[[Alert], Content], id: str) -> None:
        super().__init__(front, place, id)
        self._write = write

    async def load(self) -> None:
        """The alert, which never changes: loaded once."""
        self.alert = await self.fetch_alert(self.place.alert_id)
        gone = content(("That alert is no longer kept.", "dim"))
        self.details.show(self._write(self.alert) if self.alert else gone)

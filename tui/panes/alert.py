"""One alert as the whole screen: in words, with what it is about, as JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from engine.alerts import Alert
from tui.actions import bindings
from tui.front import Front
from tui.panes.subjects import entry_of
from tui.panes.text import TextPane
from tui.panes.visits import OneAlertVisits
from tui.places import AlertPlace
from tui.texts.alert import overview
from tui.texts.next_steps import next_steps
from tui.theme import Span, content


class AlertTextPane(OneAlertVisits, TextPane):
    """A text about one alert, and the keys that lead on from it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("alert")

    def __init__(self, front: Front, place: AlertPlace, id: str) -> None:
        super().__init__(front, id)
        self.place = place


GONE: Span = ("That alert is no longer kept.", "dim")


class AlertPane(AlertTextPane):
    """One alert, written by ``write``: it never changes."""

    def __init__(self, front: Front, place: AlertPlace, write: Callable[[Alert], Content], id: str) -> None:
        super().__init__(front, place, id)
        self._words = write

    async def load(self) -> None:
        """The alert."""
        self.alert = await self.fetch_alert(self.place.alert_id)
        self.details.show(self._words(self.alert) if self.alert else content(GONE))


Tell = Callable[[Front, Alert], Awaitable[Content]]
"""Asks the sensor for what an alert is about, and writes it."""


class AlertSubjectPane(AlertTextPane):
    """What an alert is about, as it is now."""

    follows: ClassVar[tuple[str, ...]] = ("alerts", "containers", "processes", "rules")

    def __init__(self, front: Front, place: AlertPlace, tell: Tell, id: str) -> None:
        super().__init__(front, place, id)
        self._tell = tell

    async def load(self) -> None:
        """The alert, then its subject."""
        self.alert = await self.fetch_alert(self.place.alert_id)
        self.details.show(await self._tell(self.front, self.alert) if self.alert else content(GONE))


class OverviewPane(AlertSubjectPane):
    """What an alert is, how somebody came there (of that the end may still come), and what to do next."""

    follows = ("containers", "named")

    def __init__(self, front: Front, place: AlertPlace, id: str) -> None:
        super().__init__(front, place, self._overview, id)

    async def _overview(self, front: Front, alert: Alert) -> Content:
        steps = next_steps(alert, self.sign, live=not front.is_replay, responds=front.responds)
        return overview(alert, entry=await entry_of(front, alert), steps=steps)

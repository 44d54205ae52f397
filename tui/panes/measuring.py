"""Panes that show figures: they ask for them every other second, and only while they are in front."""

from __future__ import annotations

from tui.front import Front, GoneError, RefusedError
from tui.panes.base import Pane
from tui.workers import start

EVERY = 2
"""Seconds between two looks."""


class MeasuringPane(Pane):
    """Subclasses fill in :meth:`measure`."""

    def __init__(self, front: Front, id: str | None = None) -> None:
        super().__init__(front, id)
        self._ticks = 0
        self._measuring = False

    async def measure(self) -> None:
        """Ask for figures and show them. May raise what :meth:`Front.ask` raises: cells without figures say so."""

    def wake(self) -> None:
        """At once."""
        super().wake()
        self._look()

    def ticked(self) -> None:
        """A second has passed."""
        super().ticked()
        self._ticks += 1
        if self._ticks % EVERY == 0:
            self._look()

    def _look(self) -> None:
        if not self._measuring and self.is_attached:
            self._measuring = True
            start(self, self._measure, group="figures")

    async def _measure(self) -> None:
        try:
            await self.measure()
        except (RefusedError, GoneError):
            return
        finally:
            self._measuring = False

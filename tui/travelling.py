"""The application's actions that move through time; see :mod:`tui.travel`."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import App
from textual.widgets import Input

from engine.errors import TiercelError
from engine.protocol import ListMoments, Locate, Located, Moments
from tui.jump_screen import JumpScreen
from tui.travel import time_of
from tui.widgets.time_bar import TimeBar
from tui.words import SECOND
from tui.workers import start

if TYPE_CHECKING:
    from tui.front import Front

BUCKETS = 200
"""Stretches of time of which the alerts are counted."""
_FRAME = 0.25
"""Seconds between two pictures while it plays."""
IN_TIME = frozenset({"time_step", "time_alert", "time_jump", "time_faster"})
"""The actions that work while the bar is there, and nobody types."""


class Travelling(App[None]):
    """An application that can look at another time."""

    front: Front

    def on_mount(self) -> None:
        """While it plays, time goes on."""
        self.set_interval(_FRAME, self._play_on)

    def can_travel(self) -> bool:
        """Whether the keys of the bar are meant for it."""
        return self.front.travel.on and not isinstance(self.focused, Input)

    def action_time(self) -> None:
        """Show the bar, at now; again: back to now without it."""
        travel = self.front.travel
        if travel.on:
            travel.leave()
        else:
            travel.on = True
            self._start(self._look)
        self.refresh_bindings()

    @on(TimeBar.Wanted)
    def _clicked(self, event: TimeBar.Wanted) -> None:
        event.stop()
        self.go_to_time(event.at)

    def action_time_step(self, seconds: float) -> None:
        """So many seconds on, or back."""
        travel = self.front.travel
        self.go_to_time((travel.at or travel.moments.end) + int(seconds * SECOND))

    def action_time_alert(self, step: int) -> None:
        """To the next alert, or the one before."""
        self._start(partial(self._to_alert, step))

    def action_time_jump(self) -> None:
        """To a time that is typed."""
        travel = self.front.travel
        self.push_screen(JumpScreen(lambda text: time_of(text, travel.moments.end, travel.at)), self.go_to_time)

    def action_time_faster(self, step: int) -> None:
        """Play at the next speed, or the one before."""
        self.front.travel.faster(step)

    def play_or_hold(self) -> None:
        """Let time go on from where it is, from the beginning if that is now; or hold it."""
        travel = self.front.travel
        travel.playing = not travel.playing
        if travel.playing and not travel.at:
            self.go_to_time(travel.begin)
        travel.changed()

    def go_to_time(self, at: int | None) -> None:
        """Look at a time; at the end it is now."""
        if at is not None:
            travel = self.front.travel
            travel.at = travel.bounded(at)  # at once: the next step begins there
            self._start(partial(self._go, travel.at))

    def _play_on(self) -> None:
        travel = self.front.travel
        if travel.playing and travel.at:
            self.go_to_time(travel.at + int(_FRAME * travel.speed * SECOND))

    def _start(self, work: object) -> None:
        start(self, work, group="time", exclusive=True)  # type: ignore[arg-type]

    async def _look(self) -> None:
        with suppress(TiercelError):  # the frame says so
            self.front.travel.moments = await self.front.ask(ListMoments(BUCKETS), Moments)
        self.front.travel.changed()

    async def _go(self, at: int) -> None:
        try:
            located = await self.front.ask(Locate(at), Located)
        except TiercelError:
            return  # the frame says so
        self.front.travel.go(at, located)

    async def _to_alert(self, step: int) -> None:
        travel = self.front.travel
        try:
            located = await self.front.ask(Locate(travel.at or travel.moments.end, step), Located)
        except TiercelError:
            return  # the frame says so
        if located.alert_id:
            travel.go(located.time, located)
        elif step > 0:
            travel.go(travel.moments.end, located)

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
from tui.dialogs.jump import JumpScreen
from tui.frame import Frame
from tui.travel import time_of
from tui.widgets.time_bar import TimeBar
from tui.words import SECOND, moment
from tui.workers import start

if TYPE_CHECKING:
    from tui.front import Front

BUCKETS = 200
"""Stretches of time of which the alerts are counted."""
_FRAME = 0.25
"""Seconds between two pictures while it plays."""
_NEWS = 2.0
"""Seconds after which the bar has what came since."""
IN_TIME = frozenset({"time_step", "time_alert", "time_jump", "time_faster"})
"""The actions that work while the bar is there, and nobody types."""


class Travelling(App[None]):
    """An application that can look at another time."""

    front: Front

    def on_mount(self) -> None:
        """While it plays, time goes on."""
        self.set_interval(_FRAME, self._play_on)
        self.set_interval(_NEWS, self._look_again)

    def can_travel(self) -> bool:
        """Whether the keys of the bar are meant for it: nobody types, and no dialog lies over it."""
        return self.front.travel.on and isinstance(self.screen, Frame) and not isinstance(self.focused, Input)

    def action_time(self) -> None:
        """Show the bar, at now; again: back to now without it."""
        travel = self.front.travel
        if travel.on:
            travel.leave()
        else:
            travel.on = True
            start(self, self._look, group="moments", exclusive=True)
        self.refresh_bindings()

    @on(TimeBar.Wanted)
    def _clicked(self, event: TimeBar.Wanted) -> None:
        event.stop()
        self.go_to_time(event.at)

    def action_time_step(self, seconds: float) -> None:
        """So many seconds on, or back."""
        self.go_to_time(self._here() + int(seconds * SECOND))

    def action_time_alert(self, step: int) -> None:
        """To the next alert, or the one before."""
        self._start(partial(self._to_alert, step))

    def action_time_jump(self) -> None:
        """To a time that is typed."""
        self.push_screen(JumpScreen(self._read), self._jump)

    def _read(self, text: str) -> int | None:
        travel = self.front.travel
        return time_of(text, self._end(), travel.at, travel.begin if self.front.is_replay else 0)

    def _jump(self, at: int | None) -> None:
        if at is not None and (outside := self._outside(at)):
            self.notify(f"Nothing is known of {outside}.", markup=False, timeout=4)
        self.go_to_time(at)

    def _outside(self, at: int) -> str:
        """Where a time lies of which nothing is known; of what is yet to come everybody knows that."""
        moments = self.front.travel.moments
        if at < moments.begin:
            return f"before {moment(moments.begin)}"
        return f"after {moment(moments.end)}" if self.front.is_replay and 0 < moments.end < at else ""

    def action_time_faster(self, step: int) -> None:
        """Play at the next speed, or the one before."""
        self.front.travel.faster(step)

    def play_or_hold(self) -> None:
        """Let time go on from where it is, from the beginning if that is now; or hold it."""
        travel = self.front.travel
        if not travel.moments.end:
            return  # the bar has not come yet: nobody knows where time begins
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
        if travel.playing and travel.at and not self._is_going():
            self.go_to_time(travel.at + int(_FRAME * travel.speed * SECOND))

    def _is_going(self) -> bool:
        """Whether the answer to the last step is still on its way: over a slow line one would overtake the other."""
        return any(worker.group == "time" and not worker.is_finished for worker in self.workers)

    def _here(self) -> int:
        """The time that is looked at."""
        return self.front.travel.at or self._end()

    def _end(self) -> int:
        """The end of the bar; the sensor's clock before it has come, for keys do not wait."""
        return self.front.travel.moments.end or self.front.now()

    def _look_again(self) -> None:
        if self.front.travel.on:
            start(self, self._look, group="moments", exclusive=True)

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
            located = await self.front.ask(Locate(self._here(), step), Located)
        except TiercelError:
            return  # the frame says so
        if located.alert_id:
            travel.go(located.time, located)
        elif step > 0:
            travel.now()

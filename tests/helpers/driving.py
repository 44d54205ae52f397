"""Driving the real application on a sensor in memory, headless."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from textual.events import Paste
from textual.pilot import Pilot

from tests.helpers.clocks import StillClock
from tests.helpers.patience import PATIENCE
from tests.helpers.sensor import MemorySensor, World
from tui.app import TiercelApp
from tui.frame import Frame
from tui.keys.keymap import DEFAULT, Keys
from tui.panes.base import Pane

WIDE = (160, 50)
NARROW = (80, 24)
_SURE = 4
"""So often all messages that wait are dealt with before the screen is looked at: what a key does may be put off until
the screen was drawn, and put off again."""


@dataclass
class Drive:
    """A running application with its sensor."""

    app: TiercelApp
    pilot: Pilot[None]
    sensor: MemorySensor
    pressed: list[str] = field(default_factory=list)
    """All keys so far, by Textual's names."""

    @property
    def frame(self) -> Frame:
        """The frame in front."""
        assert self.app.frame is not None
        return self.app.frame

    @property
    def pane(self) -> Pane:
        """The pane in front."""
        return self.frame.pane

    def text(self) -> str:
        """What the screen shows, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    async def press(self, *keys: str) -> None:
        """Press keys and let the application take them in."""
        self.pressed += keys
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the application go on until something is so."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"this never came to be; the screen shows\n{self.text()}"
            await self.pilot.pause(0.005)

    async def until_shown(self, *texts: str) -> None:
        """Let it go on until the screen shows all of this."""
        await self.until(lambda: all(text in self.text() for text in texts))

    async def paste(self, text: str) -> None:
        """Paste a text where the focus is: as if it were typed, at once."""
        assert self.app.focused is not None
        self.app.focused.post_message(Paste(text))
        await self.quiet()

    async def quiet(self) -> None:
        """Let it go on until nothing is under way any more."""
        busy = True
        while busy:
            for _ in range(_SURE):
                await self.pilot.pause(0)
                await self.app.animator.wait_until_complete()
            busy = self._is_busy()

    async def settled(self) -> None:
        """Let it go on until nothing is under way any more and the screen stays as it is."""
        before, shown = "", " "
        while shown != before:
            await self.quiet()
            before, shown = shown, self.text()

    def _is_busy(self) -> bool:
        under_way = any(not worker.is_finished and worker.name != "connection" for worker in self.app.workers)
        return (under_way or self.app.ahead.is_waiting) and not getattr(self.sensor, "is_held", False)

    async def until_gone(self, text: str) -> None:
        """Let it go on until the screen does not show this any more."""
        await self.until(lambda: text not in self.text())


@asynccontextmanager
async def driving(
    world: World | None = None,
    size: tuple[int, int] = WIDE,
    keys: Keys = DEFAULT,
    faults: Sequence[str] = (),
    clock: StillClock | None = None,
) -> AsyncIterator[Drive]:
    """The application, connected and with its first view loaded. With a ``clock`` its seconds are that clock's."""
    async with driving_on(MemorySensor(world), size, keys, faults, clock) as drive:
        yield drive


@asynccontextmanager
async def driving_on(
    sensor: Any,
    size: tuple[int, int] = WIDE,
    keys: Keys = DEFAULT,
    faults: Sequence[str] = (),
    clock: StillClock | None = None,
) -> AsyncIterator[Drive]:
    """The application on any sensor: of another than one in memory a Drive's ``sensor`` is only what it is."""

    async def connect() -> Any:
        return sensor

    app = TiercelApp(connect, keys=keys, faults=faults, clock=clock or time.monotonic)
    if clock is not None:
        app.wall = clock.wall
    async with app.run_test(size=size, notifications=True) as pilot:
        drive = Drive(app, pilot, sensor)
        if clock is not None:
            app.seconds.pause()
            app.animation_level = "none"
        await drive.until(lambda: app.front.health is not None)
        await pilot.pause()
        yield drive

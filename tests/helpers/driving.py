"""Driving the real application on a sensor in memory, headless."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from textual.pilot import Pilot

from tests.helpers.sensor import MemorySensor, World
from tui.app import TiercelApp
from tui.frame import Frame
from tui.keymap import DEFAULT, Keys
from tui.panes.base import Pane

WIDE = (160, 50)
NARROW = (80, 24)
_PATIENCE = 10.0
"""Seconds after which a condition is given up: far beyond what anything here takes."""


@dataclass
class Drive:
    """A running application with its sensor."""

    app: TiercelApp
    pilot: Pilot[None]
    sensor: MemorySensor

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
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the application go on until something is so."""
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"this never came to be; the screen shows\n{self.text()}"
            await self.pilot.pause(0.005)

    async def until_shown(self, *texts: str) -> None:
        """Let it go on until the screen shows all of this."""
        await self.until(lambda: all(text in self.text() for text in texts))

    async def until_gone(self, text: str) -> None:
        """Let it go on until the screen does not show this any more."""
        await self.until(lambda: text not in self.text())


@asynccontextmanager
async def driving(
    world: World | None = None, size: tuple[int, int] = WIDE, keys: Keys = DEFAULT, faults: Sequence[str] = ()
) -> AsyncIterator[Drive]:
    """The application, connected and with its first view loaded."""
    sensor = MemorySensor(world)

    async def connect() -> MemorySensor:
        return sensor

    app = TiercelApp(connect, keys=keys, faults=faults)
    async with app.run_test(size=size, notifications=True) as pilot:
        drive = Drive(app, pilot, sensor)
        await drive.until(lambda: app.front.health is not None)
        await pilot.pause()
        yield drive

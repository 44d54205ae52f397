"""Stopping as shells know it: the screen makes room for the shell until ``fg``, and the sensor waits meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.app import App

from engine.errors import TiercelError
from engine.protocol import Done, Rest
from tui.workers import start

if TYPE_CHECKING:
    from tui.front import Front

_AT_MOST = 1.0
"""Seconds that a sensor has to take note of it: somebody waits for the shell."""


class Suspending(App[None]):
    """An application that a key stops."""

    front: Front

    def action_suspend(self) -> None:
        """Stop, and go on where it was."""
        if self._driver is not None and self._driver.can_suspend:
            start(self, self._suspend, group="suspend", exclusive=True)
        else:
            self.notify("This terminal cannot be left for a while.", timeout=4)

    async def _suspend(self) -> None:
        """A sensor that is not told drops a front end which reads nothing, and one of our own ends with that."""
        await self._rest(on=True)
        self.action_suspend_process()
        self.refresh(layout=True)
        await self._rest(on=False)

    async def _rest(self, *, on: bool) -> None:
        with suppress(TiercelError, TimeoutError):  # without a sensor there is none to tell
            async with asyncio.timeout(_AT_MOST):
                await self.front.ask(Rest(on=on), Done)

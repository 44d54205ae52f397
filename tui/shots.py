"""Pictures of the screens, for the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.pilot import Pilot

from tui.app import TiercelApp
from tui.front import Link


async def screenshot(app: TiercelApp, path: Path, size: tuple[int, int], keys: Sequence[str] = ()) -> None:
    """Run the application without a terminal, press keys, and save the screen as SVG.

    ``size`` is in columns and rows; each key is pressed when all that the one before asked for has been answered.
    """
    async with app.run_test(size=size, notifications=True) as pilot:
        await _settled(app, pilot)
        for key in keys:
            await pilot.press(key)
            await _settled(app, pilot)
        path.write_text(app.export_screenshot(), encoding="utf-8")


async def _settled(app: TiercelApp, pilot: Pilot[None]) -> None:
    """The sensor is there (or is not to be had), and nothing is on its way."""
    await pilot.pause()
    while app.front.link is Link.CONNECTING or (app.front.link is Link.UP and app.front.health is None):
        await pilot.pause(0.01)
    await pilot.pause(0.1)
    while app.front.patience:
        await pilot.pause(0.01)
    await pilot.pause()

"""The recording that ships, replayed by the real sensor: what a first look at Tiercel shows."""

from __future__ import annotations

import asyncio

from syrupy.assertion import SnapshotAssertion

from scripts.shoot import DEMO, replayed
from tests.helpers.clocks import StillClock
from tests.helpers.driving import driving_on
from tests.tui.pictures.conftest import Scene, TextFiles


async def test_the_demo(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    client, child = await replayed(DEMO)
    clock = StillClock()
    async with driving_on(client, size, clock=clock) as drive:
        await drive.until_shown("■ ended")
        scene = Scene(drive, clock, snapshot.use_extension(TextFiles))
        await scene.take("alerts")
        await scene.press("end", "up", "up", "up", "enter")
        for tab in ("overview", "why", "ancestry", "timeline", "files"):
            await scene.take(tab)
            await scene.press("tab")
        await scene.press("escape", "3")
        await scene.take("processes")
    assert await asyncio.to_thread(child.wait, 10) == 0

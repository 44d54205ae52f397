"""Who stands on the screen as watched in full: nobody in whom nothing runs any more."""

from __future__ import annotations

from engine.protocol import ZoomRow
from tests.helpers.driving import driving
from tests.helpers.incident import WEB, incident

OLD = "5" * 64
"""A container that has ended, and may start again."""


async def test_a_container_that_has_ended_is_not_shown_as_watched() -> None:
    world = incident()
    world.health.zooms = [ZoomRow("web", 60.0, WEB), ZoomRow("old", 60.0, OLD)]
    async with driving(world) as drive:
        await drive.press("2")
        await drive.until_shown("◎ in full", "exited 137")
        rows = [line for line in drive.text().splitlines() if "◎" in line]
        assert [("bbp:1" in row, "exited" in row) for row in rows] == [(True, False)]

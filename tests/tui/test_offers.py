"""The footer has the keys of what can be done, and the others still say why not."""

from __future__ import annotations

import pytest

from engine.events import Phase
from engine.protocol import Zoom
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import incident
from tests.helpers.keys.checks import listing
from tests.helpers.sensor import healthy

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]
REPLAYS = [Phase.REPLAYING, Phase.ENDED]


async def footer(drive: Drive, view: str) -> str:
    await drive.press(view)
    await drive.until(lambda: drive.pane.query("PageList") and listing(drive).selected is not None)
    await drive.settled()
    return drive.text().splitlines()[-1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("phase", REPLAYS)
async def test_in_a_replay_the_footer_has_no_key_of_a_live_watch(phase: Phase, size: tuple[int, int]) -> None:
    world = incident()
    world.health = healthy(phase=phase)
    async with driving(world, size) as drive:
        for view in ("2", "3"):
            keys = await footer(drive, view)
            assert "e events" in keys
            for key in ("z zoom", "E shell", "l logs"):
                assert key not in keys


async def test_a_live_watch_has_them_and_a_rule_can_be_edited_in_both() -> None:
    async with driving(incident()) as drive:
        assert {"z zoom", "E shell", "l logs"} == {
            key for key in ("z zoom", "E shell", "l logs") if key in await footer(drive, "2")
        }
        assert "z zoom" in await footer(drive, "3")
        assert "E edit" in await footer(drive, "5")
        drive.sensor.pulse(health=healthy(phase=Phase.REPLAYING))
        await drive.until_shown("▶ replay")
        assert "E edit" in await footer(drive, "5")
        assert "z zoom" not in await footer(drive, "3")


async def test_a_key_that_is_not_offered_is_still_answered() -> None:
    world = incident()
    world.health = healthy(phase=Phase.ENDED)
    async with driving(world) as drive:
        await footer(drive, "3")
        await drive.press("z")
        await drive.until(lambda: any(isinstance(request, Zoom) for request in drive.sensor.asked))

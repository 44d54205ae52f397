"""Where the cursor is when another time is gone to, and what is said of a time that is played."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

from engine.alerts import Priority
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import alert, incident
from tests.helpers.keys.checks import listing
from tests.helpers.sensor import World
from tui.words import SECOND

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]
STACKS = 60


def twice() -> World:
    """Stacks that each fired twice, in the same order."""
    world = incident()
    world.alerts = [
        replace(alert(f"Rule {n}", Priority.ERROR, "cat", f"/{n}", ago=200 - at, stack=n), id=at + 1)
        for at, n in enumerate([*range(STACKS), *range(STACKS)])
    ]
    return world


def on(drive: Drive) -> tuple[int, int]:
    """The alert under the cursor, and the line it stands on."""
    rows = listing(drive)
    return rows.selected.alert_id if rows.selected else 0, rows.cursor - round(rows.scroll_y)


def is_on(drive: Drive, alert_id: int) -> bool:
    """Whether the cursor is on this alert, in the first line."""
    return on(drive) == (alert_id, 0)


async def begun(drive: Drive, *moves: str) -> None:
    await drive.until(lambda: listing(drive).total == STACKS and listing(drive).selected is not None)
    await drive.press(*moves, "T")
    await drive.until(lambda: drive.app.front.travel.moments.counts)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("moves", [(), ("end",), ("down", "down")], ids=["following", "at the end", "reading"])
async def test_the_alert_that_was_gone_to_is_in_sight_and_has_the_cursor(
    size: tuple[int, int], moves: tuple[str, ...]
) -> None:
    async with driving(twice(), size) as drive:
        await begun(drive, *moves)
        for alert_id in range(2 * STACKS, 2 * STACKS - 4, -1):
            await drive.press("comma")
            await drive.until(partial(is_on, drive, alert_id))
        await drive.press("full_stop")
        await drive.until(lambda: on(drive) == (2 * STACKS - 2, 0))
        await drive.press("down", "down", "comma")
        await drive.until(lambda: on(drive) == (2 * STACKS - 3, 0))


async def test_a_key_right_behind_the_step_is_for_that_alert() -> None:
    async with driving(twice()) as drive:
        await begun(drive)
        await drive.press("comma", "comma")
        await drive.until(lambda: on(drive)[0] == 2 * STACKS - 1)
        await drive.press("a")
        await drive.until(lambda: drive.sensor.acknowledged == {STACKS - 2})


async def test_by_seconds_who_follows_is_at_the_latest_and_who_reads_stays() -> None:
    async with driving(twice(), NARROW) as drive:
        await begun(drive)
        times = {one.id: one.time for one in drive.sensor.world.alerts}
        drive.app.go_to_time(times[100] + SECOND // 2)
        await drive.until(lambda: on(drive) == (100, 0))
        await drive.press("down", "down")
        await drive.until(lambda: on(drive) == (98, 2))
        drive.app.go_to_time(times[99] + SECOND // 2)
        await drive.until(lambda: listing(drive).cursor == 1)
        assert on(drive)[0] == 98


@pytest.mark.parametrize("view", ["1", "4"])
async def test_a_time_that_is_played_does_not_stand_still(view: str) -> None:
    async with driving(twice()) as drive:
        await begun(drive)
        await drive.press(view, "comma", *["comma"] * 60, "minus", "minus")
        await drive.until_shown("as of ")
        await drive.press("P", "p")
        await drive.until_shown("This time is played: P holds it.")
        assert "stands still" not in drive.text()
        await drive.press("P", "p")
        await drive.until_shown("This time stands still: T leads to now.")

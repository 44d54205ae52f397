"""How many events wait while the list stands still: what was counted stays, and what may be more says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import EventRow
from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.incident import WEB, incident
from tests.helpers.sensor import NOW
from tui.panes.events import LATEST
from tui.panes.waiting import Waiting

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


def late(num: int) -> EventRow:
    return EventRow(num, NOW, "openat", 4711, "cat", "3", f"/late/{num}", 47110, WEB, f"/late/{num}", "read")


@pytest.mark.parametrize("size", SIZES)
async def test_more_than_are_told_of_are_at_least_so_many(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await drive.press("4", "p")
        await drive.until_shown("‖ paused  0 new events waiting")
        drive.sensor.world.events = [late(1000 + number) for number in range(LATEST + 5)]
        drive.sensor.pulse(changed=["processes"])
        await drive.until_shown(f"‖ paused  {LATEST}+ new events waiting")
        drive.sensor.world.events += [late(5000), late(5001)]
        drive.sensor.pulse(changed=["processes"])
        await drive.until_shown(f"‖ paused  {LATEST + 2}+ new events waiting")


async def test_what_is_forgotten_was_there_all_the_same() -> None:
    async with driving(incident()) as drive:
        await drive.press("4", "slash", *"late", "enter", "p")
        await drive.until_shown("‖ paused  0 new events waiting", "/ late")
        for events, told in (([late(400), late(401)], 2), ([late(402)], 3), ([], 3)):
            drive.sensor.world.events = events
            drive.sensor.pulse(changed=["processes"])
            await drive.quiet()
            await drive.until_shown(f"‖ paused  {told} new events waiting")


async def test_a_pause_begins_to_count_anew() -> None:
    async with driving(incident()) as drive:
        await drive.press("4", "p")
        await drive.until_shown("‖ paused  0 new events waiting")
        drive.sensor.world.events.append(late(400))
        drive.sensor.pulse(changed=["processes"])
        await drive.until_shown("‖ paused  1 new event waiting")
        await drive.press("p")
        await drive.until_shown("/late/400")
        await drive.press("p")
        await drive.until_shown("‖ paused  0 new events waiting")


@given(st.lists(st.integers(1, 9), max_size=20), st.integers(1, 5))
def test_the_figure_never_falls_and_is_exact_or_says_that_it_is_not(steps: list[int], most: int) -> None:
    waiting, came = Waiting(), 0
    for step in steps:
        came += step
        before = waiting.by("").number
        waiting.add("", 100, range(101 + came - most, 101 + came), most)
        count = waiting.by("")
        assert before <= count.number <= came
        assert count.is_least or count.number == came

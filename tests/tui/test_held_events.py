"""A filter given while the events are paused is about what was there then: the pause stays, and counts on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from engine.protocol import EventRow, ListEvents
from engine.state.recent import Recent
from engine.views.views import Views
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.entered import O_RDONLY, apply, entered, opened
from tests.helpers.incident import WEB, incident
from tests.helpers.keys.checks import listing
from tests.helpers.sensor import NOW
from tui.panes.events import LATEST
from tui.panes.held_events import Held
from tui.words import SECOND

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


def late(num: int, process: str = "cat") -> EventRow:
    return EventRow(num, NOW, "openat", 4711, process, "3", f"/late/{num}", 47110, WEB, f"/late/{num}", "read")


def come(drive: Drive, *rows: EventRow) -> None:
    drive.sensor.world.events += rows
    drive.sensor.pulse(changed=["processes"])


async def paused(drive: Drive, total: int = 4) -> Any:
    await drive.press("4")
    rows: Any = listing(drive)
    await drive.until(lambda: rows.total == total)
    await drive.press("p")
    await drive.until_shown("‖ paused  0 new events waiting")
    return rows


async def give(drive: Drive, text: str) -> None:
    await drive.press("slash")
    await drive.paste(text)
    await drive.press("enter")


@pytest.mark.parametrize("size", SIZES)
async def test_a_filter_leaves_the_pause_and_what_waits(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        rows = await paused(drive)
        come(drive, late(400), late(401))
        await drive.until_shown("‖ paused  2 new events waiting")
        await give(drive, "proc.name=cat")
        await drive.until(lambda: rows.total == 3)
        await drive.until_shown("‖ paused  2 new events waiting", "/ proc.name=cat")
        assert "/late/" not in drive.text()
        come(drive, late(402), late(403, "other"))
        await drive.until_shown("‖ paused  3 new events waiting")
        assert rows.total == 3


async def test_going_on_shows_what_has_waited_and_passes() -> None:
    async with driving(incident()) as drive:
        rows = await paused(drive)
        await give(drive, "proc.name=cat")
        await drive.until(lambda: rows.total == 3)
        come(drive, late(400), late(401, "other"))
        await drive.until_shown("‖ paused  1 new event waiting")
        await drive.press("p")
        await drive.until(lambda: rows.total == 4)
        await drive.until_shown("/late/400")
        assert "paused" not in drive.text()


async def test_without_the_filter_all_that_was_held_is_there_though_it_is_remembered_nowhere_else() -> None:
    async with driving(incident()) as drive:
        rows = await paused(drive)
        await give(drive, "sshd")
        await drive.until(lambda: rows.total == 1)
        drive.sensor.world.events = [late(400)]
        await drive.press("escape")
        await drive.until(lambda: rows.total == 4)
        await drive.until_shown("/etc/ld.so.preload", "‖ paused  1 new event waiting")


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("evt.type=openat", 2),
        ("! evt.type=openat", 2),
        ("proc.pid=900", 1),
        ("shadow", 2),
        ("! shadow", 0),
        ("proc.name=cat", 0),
        ("! proc.name=cat", 0),
        ("fd.name exists", 0),
    ],
)
async def test_of_rows_that_are_remembered_nowhere_else_a_filter_shows_what_they_tell(text: str, total: int) -> None:
    async with driving(incident()) as drive:
        rows = await paused(drive)
        drive.sensor.world.events = [late(400)]
        await give(drive, text)
        await drive.until(lambda: rows.total == total)
        await drive.until_shown("‖ paused")


@pytest.mark.parametrize(
    ("text", "total"),
    [("shadow", 3), ("! shadow", 1), ("! proc.name=cat", 1), ('"openat cat"', 0), ("4711 openat", 2)],
)
async def test_of_rows_that_are_remembered_none_is_shown_that_the_sensor_refuses(text: str, total: int) -> None:
    async with driving(incident()) as drive:
        rows = await paused(drive)
        asked = len(drive.sensor.asked)
        await give(drive, text)
        await drive.until(lambda: len(drive.sensor.asked) > asked)
        await drive.quiet()
        assert rows.total == total, "words may stand in the command line alone"


async def test_a_row_before_the_latest_that_are_told_is_not_taken_for_forgotten() -> None:
    world = incident()
    world.events += [late(num) for num in range(400, 400 + LATEST)]
    async with driving(world) as drive:
        await drive.press("4")
        await give(drive, "preload")
        rows = await paused(drive, 1)
        await give(drive, '"openat cat"')
        await drive.until_shown("Nothing that is remembered of before the pause matches.")
        assert rows.total == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sh", [3, 2]),
        ("! sh", []),
        ("worker", [3]),
        ("! worker", []),
        ("proc.name=sh", []),
        ("proc.name=worker", []),
        ("! proc.name=worker", []),
        ("evt.type=openat", [3]),
        ("! evt.type=openat", [2, 1]),
    ],
)
async def test_a_real_sensor_decides_as_long_as_it_remembers_and_then_the_row_as_far_as_it_tells(
    text: str, told: list[int]
) -> None:
    world = entered()
    apply(world, opened("/etc/shadow", at=10, flags=O_RDONLY, comm="worker"))

    async def ask(sought: str) -> Sequence[EventRow]:
        return await Views(world).event_rows(ListEvents(filter=sought))

    async def shown() -> Sequence[EventRow]:
        return await held.joined(await ask(text), text, lambda row: f"{row.process} {row.summary}", ask)

    held = Held("", await ask(""), 0)
    assert await shown() == await ask(text)
    world.recent = Recent()
    assert [row.num for row in await shown()] == told


async def test_what_a_filter_left_out_when_the_pause_began_is_asked_for_as_of_then() -> None:
    async with driving(incident()) as drive:
        await drive.press("4")
        await give(drive, "sshd")
        rows = await paused(drive, 1)
        come(drive, msgspec.structs.replace(late(400), time=NOW + 3600 * SECOND))
        await drive.press("escape")
        await drive.until(lambda: rows.total == 4)
        await drive.until_shown("‖ paused  1 new event waiting")


async def test_an_empty_answer_says_that_it_is_about_before_the_pause() -> None:
    async with driving(incident()) as drive:
        rows = await paused(drive)
        await give(drive, "nosuchword")
        await drive.until(lambda: rows.total == 0)
        await drive.until_shown("Nothing that is remembered of before the pause matches.", "‖ paused")
        await drive.press("exclamation_mark")
        await drive.until(lambda: rows.total == 4)
        await drive.until_shown("‖ paused  0 new events waiting")

"""Lists that do not follow say so, and how many have come since; no row moves under the cursor meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from engine.alerts import Alert, Priority
from engine.events import Phase
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import alert, incident
from tests.helpers.keys.checks import alerts_shown, listing
from tests.helpers.sensor import World, healthy
from tui.places import AlertPlace, ProcessPlace

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]
READS = "not following   f follows"


def late(stack: int) -> Alert:
    return alert(f"Rule {stack}", Priority.ERROR, "late", f"/late/{stack}", ago=0, stack=stack)


def where(drive: Drive) -> tuple[object, int]:
    """The row under the cursor, and the line it stands on."""
    rows: Any = listing(drive)
    return rows.selected and rows.source.key(rows.selected), rows.cursor - round(rows.scroll_y)


@pytest.mark.parametrize("size", SIZES)
async def test_reading_is_told_before_anything_comes_and_gone_when_following(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await alerts_shown(drive)
        assert "follows" not in drive.text()
        await drive.press("down")
        await drive.until_shown(READS)
        drive.sensor.add(late(200))
        await drive.until_shown("▲ 1 new alert   f follows")
        assert "not following" not in drive.text()
        await drive.press("f")
        await drive.until_gone("f follows")


async def test_at_the_end_of_a_recording_nothing_comes_that_could_be_followed() -> None:
    world = incident()
    world.health = healthy(phase=Phase.ENDED)
    async with driving(world) as drive:
        await alerts_shown(drive)
        await drive.press("down")
        await drive.until(lambda: listing(drive).cursor == 1)
        assert "follow" not in drive.text().splitlines()[2]


@pytest.mark.parametrize("size", SIZES)
async def test_after_a_pause_what_comes_above_is_announced(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await alerts_shown(drive)
        await drive.press("down", "down", "p", "p")
        await drive.until_shown(READS)
        await drive.settled()
        before = where(drive)
        drive.sensor.add(late(200), late(201))
        await drive.until_shown("▲ 2 new alerts   f follows")
        assert where(drive) == before
        assert "/late/" not in drive.text()


async def test_what_waited_through_a_pause_is_there_before_the_list_holds_again() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("down", "p")
        drive.sensor.add(late(200))
        await drive.until_shown("1 new alert waiting")
        await drive.press("p")
        await drive.until_shown("/late/200", READS)
        drive.sensor.add(late(201))
        await drive.until_shown("▲ 1 new alert   f follows")
        assert "/late/201" not in drive.text()


async def test_with_another_filter_what_comes_above_is_announced() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("down", "slash", *"shadow", "enter")
        await drive.until(lambda: listing(drive).total == 2)
        await drive.until_shown(READS)
        before = where(drive)
        drive.sensor.add(alert("Rule 9", Priority.ERROR, "cat /etc/shadow", "/etc/shadow-", ago=0, stack=209))
        await drive.until_shown("▲ 1 new alert   f follows")
        assert where(drive) == before


async def test_in_an_empty_list_there_is_nothing_to_read() -> None:
    async with driving(World()) as drive:
        await drive.until_shown("All quiet")
        await drive.press("down")
        drive.sensor.add(late(200))
        await drive.until_shown("/late/200")
        drive.sensor.add(late(201))
        await drive.until_shown("/late/201")
        assert listing(drive).cursor == 0
        assert "f follows" not in drive.text()


async def test_what_matches_a_filter_at_last_is_shown() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("down", "slash", *"late", "enter")
        await drive.until_shown("Nothing matches")
        drive.sensor.add(late(200))
        await drive.until_shown("/late/200")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("place", "view"),
    [(ProcessPlace(4711, 47_110, "cat"), "alerts"), (AlertPlace(4, 3, "Sensitive file read"), "repeats")],
    ids=["of a process", "repeats"],
)
async def test_new_alerts_of_something_are_announced(place: Any, view: str, size: tuple[int, int]) -> None:
    world = incident()
    async with driving(world, size) as drive:
        drive.app.visit(place, view)
        await drive.until(lambda: drive.pane.query("PageList") and listing(drive).selected is not None)
        await drive.settled()
        assert "follow" not in drive.text().splitlines()[2]
        (one,) = (each for each in world.alerts if each.id == 4)
        before, _ = where(drive)
        drive.sensor.add(one, one)
        await drive.until_shown("▲ 2 new alerts   f follows")
        assert where(drive) == (before, 2), "the list fits: what is new stands above"
        await drive.press("f")
        await drive.until_gone("f follows")
        assert listing(drive).cursor == 0
        assert listing(drive).selected.id == len(world.alerts)
        await drive.press("down")
        await drive.until_shown(READS)


async def test_events_that_are_read_say_that_they_are_not_followed() -> None:
    async with driving(incident()) as drive:
        await drive.press("4")
        await drive.until(lambda: listing(drive).selected is not None)
        assert READS not in drive.text()
        await drive.press("down")
        await drive.until_shown(READS)
        await drive.press("f")
        await drive.until_gone(READS)

"""Keys that are typed ahead act on what the keys before them open, however late that comes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.driving import WIDE, Drive, driving
from tests.helpers.endless import ManyStacks
from tests.helpers.incident import incident
from tests.helpers.keys.checks import alerts_shown
from tests.helpers.sensor import MemorySensor, World, healthy
from tui.app import INTERRUPTED, TiercelApp
from tui.widgets.page_list import PageList

DROPPED = "Drop and execute new binary in container"
OPENED = [
    (["enter", "tab"], ["Alerts", DROPPED], "why"),
    (["c", "tab"], ["Alerts", "web"], "alerts"),
    (["r", "escape", "3"], [], "processes"),
    (["t", "enter", "tab"], ["Alerts", "tree of web", "x (4720)"], "alerts"),
    (["2", "enter", "tab"], ["Containers", "web"], "alerts"),
    (["2", "l", "tab"], ["Containers", "web"], "inspect"),
    (["2", "down", "enter", "tab"], ["Containers", "db"], "alerts"),
    (["2", "enter", "end", "e"], ["Containers", "web", "x (4720)"], "events"),
    (["2", "slash", *"agent", "enter", "enter", "tab"], ["Containers", "agent"], "alerts"),
    (["3", "end", "enter", "tab"], ["Processes", "sshd (900)"], "alerts"),
    (["5", "enter", "tab"], ["Rules", "Terminal shell in container"], "rule"),
    (["enter", "tab", "tab", "c", "tab"], ["Alerts", DROPPED, "web"], "alerts"),
    (["slash", *"shadow", "enter", "enter", "tab"], ["Alerts", "Symlink over a sensitive file"], "why"),
    (["o", "enter", "enter"], ["Alerts", f"alerts of {DROPPED}", DROPPED], "overview"),
]


def typed(drive: Drive, *keys: str) -> None:
    """All at once, as a terminal may hand them over."""
    for key in keys:
        drive.app.simulate_key(key)


@pytest.mark.parametrize(("keys", "trail", "view"), OPENED, ids=[" ".join(keys) for keys, _, _ in OPENED])
async def test_they_reach_what_is_opened(keys: list[str], trail: list[str], view: str) -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        typed(drive, *keys)
        await drive.until(lambda: (list(drive.frame.trail), drive.frame.view) == (trail, view))


@pytest.mark.parametrize(("keys", "trail", "view"), OPENED, ids=[" ".join(keys) for keys, _, _ in OPENED])
async def test_so_they_do_when_the_sensor_answers_late(keys: list[str], trail: list[str], view: str) -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        drive.app.ahead.patience = 1000
        drive.sensor.hold()
        typed(drive, *keys)
        await drive.settled()
        drive.sensor.release()
        await drive.until(lambda: (list(drive.frame.trail), drive.frame.view) == (trail, view))


async def test_what_is_typed_while_it_starts_goes_where_it_is_meant_to_and_the_focus_stays_there() -> None:
    sensor = MemorySensor(incident())

    async def connect() -> Any:
        for key in ("2", "down", "m"):
            app.simulate_key(key)
        return sensor

    app = TiercelApp(connect)
    async with app.run_test(size=WIDE) as pilot:
        drive = Drive(app, pilot, sensor)
        await drive.until_shown("* 1 marked")
        assert drive.frame.view == "containers"
        assert drive.pane in drive.app.focused.ancestors  # type: ignore[union-attr]


async def test_the_row_that_the_cursor_went_to_is_opened_once_it_is_there() -> None:
    async with driving(World(health=healthy(alerts=1_000_000), endless=ManyStacks())) as drive:
        await drive.until_shown("/row/0")
        drive.app.ahead.patience = 1000
        drive.sensor.hold()
        typed(drive, "end", "enter")
        await drive.settled()
        drive.sensor.release()
        await drive.until(lambda: drive.frame.trail == ["Alerts", "rule 999999"])


@pytest.mark.parametrize(("key", "place"), [("home", 0), ("end", -1)])
async def test_the_first_and_the_last_row_are_those_of_what_was_asked_for(key: str, place: int) -> None:
    """Not the rows that stand there until the answer comes, wherever these would be among the others."""
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        drive.app.ahead.patience = 1000
        rows = drive.pane.query_one(PageList)
        for _ in range(4):  # by rule, by container, one by one, as it was
            await drive.press("down", "down")
            drive.sensor.hold()
            typed(drive, "o", key)
            await drive.settled()
            drive.sensor.release()
            await drive.quiet()
            assert rows.cursor == place % rows.total


async def test_what_is_being_marked_is_what_the_next_key_is_about() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        drive.app.ahead.patience = 1000
        drive.sensor.hold()
        typed(drive, "M", "a")
        await drive.settled()
        drive.sensor.release()
        await drive.until_shown("✓ 6 stacks: acknowledged")


async def test_who_waited_long_enough_is_where_they_are() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        drive.app.ahead.patience = 0.05
        drive.sensor.hold()
        typed(drive, "c", "2")
        await drive.until(lambda: drive.frame.view == "containers")
        drive.sensor.release()
        await drive.until_shown("bbp:1")
        await drive.settled()
        assert not drive.frame.trail


async def test_the_key_that_quits_from_anywhere_waits_for_nothing() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        drive.app.ahead.patience = 1000
        drive.sensor.hold()
        typed(drive, "c", "2", "ctrl+c")
        await drive.until(lambda: drive.app.return_code == INTERRUPTED)


async def test_a_key_about_a_row_does_nothing_where_no_row_comes() -> None:
    async with driving() as drive:
        await drive.until_shown("All quiet")
        typed(drive, "enter", "m", "a", "2")
        await drive.until(lambda: drive.frame.view == "containers")
        assert not drive.frame.query_one(PageList).marked

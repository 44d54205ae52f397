"""Nothing moves under the cursor: it belongs to a row, whatever comes and goes above it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from engine.alerts import Priority
from engine.protocol import EventRow
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import WEB, alert, incident
from tests.helpers.sensor import NOW
from tui.widgets.page_list import PageList

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


async def listed(drive: Drive, view: str, total: int) -> PageList[Any]:
    await drive.press(view)
    rows: PageList[Any] = drive.pane.query_one(PageList)
    await drive.until(lambda: rows.total == total and rows.selected is not None)
    return rows


def at(rows: PageList[Any]) -> Any:
    """The row under the cursor."""
    return rows.selected


@pytest.mark.parametrize("size", SIZES)
async def test_processes_that_start_above_do_not_move_the_one_that_is_read(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        world = drive.sensor.world
        first, *others = world.processes
        world.processes = [first, *(replace(others[0], pid=2000 + n, start=n, depth=1) for n in range(60)), *others]
        rows = await listed(drive, "3", 68)
        await drive.press("end", "up", "up")
        await drive.until(lambda: at(rows).cmdline == "cat /etc/shadow")
        place = rows.cursor - round(rows.scroll_y)
        newcomers = [replace(others[0], pid=3000 + n, start=n, depth=1) for n in range(30)]
        world.processes = [first, *newcomers, *world.processes[1:]]
        drive.sensor.pulse(changed=["processes"])
        await drive.until(lambda: rows.total == 98)
        assert at(rows).cmdline == "cat /etc/shadow"
        assert rows.cursor - round(rows.scroll_y) == place


async def test_a_container_that_comes_first_does_not_take_the_cursor() -> None:
    async with driving(incident()) as drive:
        rows = await listed(drive, "2", 4)
        await drive.press("down")
        await drive.until(lambda: at(rows).info.name == "db")
        newcomer = replace(
            drive.sensor.world.containers[0], info=replace(drive.sensor.world.containers[0].info, id="a" * 64)
        )
        drive.sensor.world.containers.insert(0, newcomer)
        drive.sensor.pulse(changed=["containers"])
        await drive.until(lambda: rows.total == 5)
        assert (at(rows).info.name, rows.cursor) == ("db", 2)


async def test_a_process_that_is_gone_leaves_the_cursor_in_its_place() -> None:
    async with driving(incident()) as drive:
        rows = await listed(drive, "3", 8)
        await drive.press("down", "down", "down")
        drive.sensor.world.processes = [row for row in drive.sensor.world.processes if row.pid != 1301]
        drive.sensor.pulse(changed=["processes"])
        await drive.until(lambda: rows.total == 7)
        assert rows.cursor == 3
        await drive.until(lambda: at(rows).name == "sh")


async def test_a_filter_that_leaves_the_row_out_does_not_scroll_past_the_others() -> None:
    async with driving(incident(), NARROW) as drive:
        rules = drive.sensor.world.rules
        drive.sensor.world.rules = [*rules, *(replace(rules[0], name=f"rule {n}", enabled=True) for n in range(60))]
        rows = await listed(drive, "5", 65)
        await drive.press("slash", *"enabled=false", "enter")
        await drive.until(lambda: rows.total == 1 and not at(rows).enabled)
        await drive.press("exclamation_mark")
        await drive.until(lambda: rows.total == 64)
        assert (rows.cursor, round(rows.scroll_y), at(rows).name) == (0, 0, "Terminal shell in container")


async def test_alerts_that_a_filter_left_out_begin_at_the_top() -> None:
    async with driving(incident(), NARROW) as drive:
        drive.sensor.world.alerts += [
            alert(f"rule {n}", Priority.NOTICE, "cat", f"/late/{n}", ago=0, stack=100 + n) for n in range(60)
        ]
        rows = await listed(drive, "1", 66)
        await drive.press("slash", *"touch", "enter")
        await drive.until(lambda: rows.total == 1)
        await drive.press("down", "exclamation_mark")
        await drive.until(lambda: rows.total == 65)
        await drive.until(lambda: at(rows).target == "/late/59")
        assert round(rows.scroll_y) == 0


async def test_events_stand_still_as_soon_as_they_are_read() -> None:
    async with driving(incident()) as drive:
        rows = await listed(drive, "4", 4)
        await drive.press("down", "down")
        await drive.until(lambda: at(rows).num == 2)
        late = [
            EventRow(number, NOW, "openat", 4711, "cat", "3", f"/late/{number}", 47110, WEB, f"/late/{number}", "read")
            for number in range(400, 450)
        ]
        drive.sensor.world.events += late
        drive.sensor.pulse(changed=["processes"])
        await drive.until_shown("▲ 50 new events   f follows")
        assert (at(rows).num, rows.total) == (2, 4)

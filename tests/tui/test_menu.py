"""The right mouse button: what can be done with a row, and it is done with that row."""

from __future__ import annotations

import pytest

from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.incident import incident
from tui.dialogs.menu import MenuScreen, items_of
from tui.panes.base import lacks

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


@pytest.mark.parametrize("size", SIZES)
async def test_the_menu_is_about_the_row_under_the_pointer(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await drive.until_shown("/tmp/x id", "/bin/18211")
        await drive.pilot.click("#stacks", offset=(10, 3), button=3)
        await drive.until_shown("⏎  open", "a  ack", "c  container", "Y  copy JSON")
        assert not {"undo_exception", "time", "saved", "group", "mark_all"} & {
            item.binding.action for item in items_of(drive.frame, lacks)
        }
        assert "quit" not in "".join(line for line in drive.text().splitlines() if "│" in line)
        await drive.press("down", "enter")
        await drive.until(lambda: not isinstance(drive.app.screen, MenuScreen))
        row = drive.pane.query_one("PageList").selected  # type: ignore[attr-defined]
        await drive.until(lambda: row.stack in drive.sensor.acknowledged)


async def test_it_is_wholly_on_the_screen_and_goes_by_escape_and_by_a_click_beside_it() -> None:
    async with driving(incident(), NARROW) as drive:
        await drive.until_shown("/tmp/x id", "/bin/18211")
        for leave in ("escape", ""):
            await drive.pilot.click("#stacks", offset=(75, 4), button=3)
            await drive.until(lambda: isinstance(drive.app.screen, MenuScreen))
            region = drive.app.screen.query_one("#menu").region
            assert region.right <= NARROW[0] and region.bottom <= NARROW[1]
            if leave:
                await drive.press(leave)
            else:
                await drive.pilot.click(offset=(1, 1))
            await drive.until(lambda: drive.app.screen is drive.frame)


async def test_it_stays_wholly_on_a_screen_that_gets_smaller() -> None:
    async with driving(incident(), WIDE) as drive:
        await drive.until_shown("/tmp/x id", "/bin/18211")
        await drive.pilot.click("#stacks", offset=(60, 6), button=3)
        await drive.until(lambda: isinstance(drive.app.screen, MenuScreen))
        await drive.pilot.resize_terminal(60, 15)
        menu = drive.app.screen.query_one("#menu")
        await drive.until(lambda: menu.region.right <= 60 and menu.region.bottom <= 15)

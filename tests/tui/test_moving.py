"""From view to view, inside what was picked and out of it again."""

from __future__ import annotations

import pytest

from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import SHELL, WEB, incident
from tui.frame import MainFrame
from tui.places import TreePlace
from tui.widgets.page_list import PageList

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


def name(drive: Drive) -> str:
    row = drive.pane.query_one(PageList).selected
    return "" if row is None else getattr(row, "name", "") or row.info.name


async def picked(drive: Drive, view: str, *moves: str, row: str) -> None:
    await drive.press(view)
    await drive.until(lambda: drive.pane.query_one(PageList).total > 1 and drive.pane.query_one(PageList).selected)
    await drive.press(*moves)
    await drive.until(lambda: name(drive) == row)


def place(drive: Drive) -> tuple[list[str], str]:
    return list(drive.frame.trail), drive.frame.view


@pytest.mark.parametrize("size", SIZES)
async def test_a_view_inside_a_container_and_back(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await picked(drive, "2", "down", "up", row="web")
        await drive.press("3")
        await drive.until_shown("Containers › web", "httpd -f", "cat /etc/shadow")
        assert place(drive) == (["Containers", "web"], "processes")
        assert "sshd" not in drive.text()
        await drive.press("1")
        await drive.until(lambda: drive.frame.view == "alerts")
        await drive.press("4")
        await drive.until_shown("/etc/shadow  read")
        assert place(drive) == (["Containers", "web"], "events")
        await drive.press("escape")
        await drive.until(lambda: isinstance(drive.frame, MainFrame) and name(drive) == "web")


@pytest.mark.parametrize("size", SIZES)
async def test_the_events_and_alerts_of_a_process(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await picked(drive, "3", "end", row="sshd")
        await drive.press("4")
        await drive.until_shown("sshd (900)", "execve")
        assert "/etc/shadow" not in drive.text()
        await drive.press("escape", *["up"] * 3)
        await drive.until(lambda: name(drive) == "sh")
        await drive.press("1")
        await drive.until_shown("Terminal shell")
        assert place(drive) == (["Processes", f"sh ({SHELL[0]})"], "alerts")


async def test_a_process_inside_a_container_inside_the_list_of_containers() -> None:
    async with driving(incident(), NARROW) as drive:
        await picked(drive, "2", "down", "up", row="web")
        await drive.press("3")
        await drive.until_shown("cat /etc/shadow")
        await drive.press("end", "up")
        await drive.until(lambda: name(drive) == "cat")
        await drive.press("4")
        await drive.until_shown("/etc/shadow  read")
        assert place(drive) == (["Containers", "web", "cat (4711)"], "events")
        await drive.press("escape")
        await drive.until(lambda: place(drive) == (["Containers", "web"], "processes"))
        await drive.press("escape")
        await drive.until(lambda: isinstance(drive.frame, MainFrame))


async def test_the_view_one_is_in_leads_to_all_there_is() -> None:
    async with driving(incident()) as drive:
        await picked(drive, "2", "down", "up", row="web")
        await drive.press("3")
        await drive.until_shown("Containers › web", "httpd -f")
        await drive.press("3")
        await drive.until_shown("sshd -D")
        assert isinstance(drive.frame, MainFrame)
        assert drive.frame.view == "processes"


async def test_a_row_to_which_nobody_went_is_not_picked() -> None:
    async with driving(incident()) as drive:
        await drive.press("2")
        await drive.until(lambda: name(drive) == "web")
        await drive.press("3")
        await drive.until_shown("sshd -D")
        assert isinstance(drive.frame, MainFrame)
        await picked(drive, "2", "down", row="db")
        await drive.press("6", "2", "4")
        await drive.until_shown("sshd -D", "of everything")


async def test_what_was_looked_for_is_picked() -> None:
    async with driving(incident()) as drive:
        await drive.press("2")
        await drive.until(lambda: name(drive) == "web")
        await drive.press("slash", *"agent", "enter")
        await drive.until(lambda: name(drive) == "agent")
        await drive.press("3")
        await drive.until(lambda: place(drive) == (["Containers", "agent"], "processes"))


async def test_views_that_a_container_has_not_are_those_of_everything() -> None:
    async with driving(incident()) as drive:
        await picked(drive, "2", "down", "up", row="web")
        await drive.press("5")
        await drive.until_shown("Package manager started in container")
        assert isinstance(drive.frame, MainFrame)


@pytest.mark.parametrize("size", SIZES)
async def test_the_alerts_of_a_rule_and_back(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await picked(drive, "5", "down", row="Sensitive file read")
        await drive.press("1")
        await drive.until_shown("Rules › Sensitive file read", "cat /etc/shadow")
        await drive.until(lambda: drive.pane.query_one(PageList).total == 1)
        assert place(drive) == (["Rules", "Sensitive file read"], "alerts")
        assert "/bin/18211" not in drive.text()
        await drive.press("enter")
        await drive.until(lambda: place(drive) == (["Rules", "Sensitive file read", "Sensitive file read"], "overview"))
        await drive.press("escape", "escape")
        await drive.until(lambda: isinstance(drive.frame, MainFrame) and name(drive) == "Sensitive file read")
        await drive.press("enter", "1")
        await drive.until(lambda: place(drive) == (["Rules", "Sensitive file read"], "alerts"))
        await drive.press("1")
        await drive.until_shown("/bin/18211")
        assert isinstance(drive.frame, MainFrame)


async def test_a_rule_to_which_nobody_went_is_not_picked() -> None:
    async with driving(incident()) as drive:
        await picked(drive, "5", row="Terminal shell in container")
        await drive.press("1")
        await drive.until_shown("/bin/18211")
        assert isinstance(drive.frame, MainFrame)


async def test_a_place_is_not_opened_inside_itself() -> None:
    async with driving(incident()) as drive:
        await picked(drive, "2", "down", "up", row="web")
        await drive.press("1")
        await drive.until_shown("Containers › web", "/bin/18211")
        await drive.press("c")
        await drive.until(lambda: place(drive) == (["Containers", "web"], "processes"))
        await drive.until_shown("httpd -f")
        assert "c container" not in drive.text().splitlines()[-1]
        await drive.press("c")
        await drive.until_shown("This is web already.")
        assert place(drive) == (["Containers", "web"], "processes")
        await drive.press("escape")
        await drive.until(lambda: isinstance(drive.frame, MainFrame))
        await picked(drive, "5", "down", row="Sensitive file read")
        await drive.press("1")
        await drive.until_shown("cat /etc/shadow")
        await drive.press("r")
        await drive.until(lambda: place(drive) == (["Rules", "Sensitive file read"], "rule"))


async def test_the_tree_of_a_container_is_no_inside_of_it() -> None:
    async with driving(incident()) as drive:
        drive.app.visit(TreePlace(WEB, *SHELL, "web"))
        await drive.until_shown("c container")
        await drive.until(lambda: name(drive) == "sh")
        await drive.press("c")
        await drive.until(lambda: place(drive) == (["Alerts", "tree of web", "web"], "processes"))

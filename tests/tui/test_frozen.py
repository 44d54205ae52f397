"""Processes that stand still are told by a word: in the tree of all, in that of a container, and in their own words."""

from __future__ import annotations

import pytest

from engine.protocol import GetTop, ProcessFigure, Still
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import SHELL, WEB, incident
from tests.helpers.sensor import World
from tui.places import ContainerPlace, ProcessPlace


def frozen(still: Still = "frozen") -> World:
    """The shell that somebody has entered by does nothing."""
    world = incident()
    world.top.append(ProcessFigure(*SHELL, still=still))
    return world


def line_of(drive: Drive) -> str:
    return next((line for line in drive.text().splitlines() if str(SHELL[0]) in line.split()), "")


async def test_where_its_word_has_no_room_there_is_a_sign() -> None:
    async with driving(frozen(), (40, 12)) as drive:
        await drive.press("3")
        await drive.until(lambda: "└─ ‖ sh" in line_of(drive))


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("still", ["frozen", "paused"])
async def test_it_stands_in_its_row(size: tuple[int, int], still: Still) -> None:
    async with driving(frozen(still), size) as drive:
        await drive.press("3")
        await drive.until(lambda: line_of(drive).endswith(f" {still}"))
        drive.app.visit(ContainerPlace(WEB, "web"), "processes")
        await drive.until(lambda: drive.frame.view == "processes")
        await drive.until(lambda: line_of(drive).endswith(f" {still}"))


async def test_it_is_found_by_its_word_as_soon_as_it_is_so() -> None:
    async with driving(incident()) as drive:
        await drive.press("3")
        await drive.until_shown("sshd -D")
        await drive.press("slash", *"frozen", "enter")
        await drive.until_shown("Nothing matches the filter.")
        drive.sensor.world.top.append(ProcessFigure(*SHELL, still="frozen"))
        drive.app._tick()
        drive.app._tick()
        await drive.until(lambda: line_of(drive).endswith(" frozen"))
        assert "sshd -D" not in drive.text()


async def test_at_another_time_nobody_knows() -> None:
    async with driving(frozen()) as drive:
        await drive.press("3")
        await drive.until(lambda: line_of(drive).endswith(" frozen"))
        await drive.press("T")
        await drive.until(lambda: drive.app.front.travel.moments.counts)
        await drive.press("comma")
        await drive.until_shown("as of ")
        await drive.until(lambda: line_of(drive) and not line_of(drive).endswith(" frozen"))


async def test_the_process_itself_says_so_until_it_goes_on() -> None:
    async with driving(frozen()) as drive:
        drive.app.visit(ProcessPlace(*SHELL, "sh", WEB))
        await drive.until_shown("frozen: a signal has stopped it")
        assert any(one == GetTop(WEB, *SHELL) for one in drive.sensor.asked)
        drive.sensor.world.top[-1].still = ""
        drive.app._tick()
        drive.app._tick()
        await drive.until_shown("running")

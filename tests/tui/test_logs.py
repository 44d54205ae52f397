"""The log of a container on the screen."""

from __future__ import annotations

import msgspec

from engine.protocol import LogLine
from tests.helpers.driving import NARROW, Drive, driving
from tests.helpers.incident import WEB, incident, log
from tests.helpers.sensor import NOW
from tui.places import ContainerPlace
from tui.widgets.log_view import KEPT, LogView


async def opened(drive: Drive) -> LogView:
    drive.app.visit(ContainerPlace(WEB, "web"), "logs")
    await drive.until(lambda: drive.frame.view == "logs")
    view: LogView = drive.pane.log_view  # type: ignore[attr-defined]
    await drive.until(lambda: view.lines or view.placeholder or drive.pane.refused)
    return view


async def test_the_standard_error_has_a_sign_that_is_explained() -> None:
    async with driving(incident(), NARROW) as drive:
        await opened(drive)
        await drive.until_shown("! AH00558", "  GET /index.html", "! standard error")


async def test_a_log_without_lines_says_so_at_once() -> None:
    world = incident()
    world.logs[WEB] = []
    async with driving(world) as drive:
        drive.sensor.hold()
        drive.app.visit(ContainerPlace(WEB, "web"), "logs")
        await drive.until_shown("▼ following")
        drive.sensor.release()
        await drive.until_shown("Nothing was written yet.")


async def test_a_search_marks_goes_about_and_says_where_it_is() -> None:
    async with driving(incident()) as drive:
        view = await opened(drive)
        await drive.press("slash", *"get", "enter")
        await drive.until_shown("3 of 3 lines")
        await drive.press("N")
        await drive.until_shown("2 of 3 lines")
        await drive.press("n", "n")
        await drive.until_shown("1 of 3 lines")
        assert not view.follows
        await drive.press("escape")
        await drive.until_gone("of 3 lines")


async def test_without_a_runtime_it_says_why() -> None:
    world = incident()
    world.logs_problem = "no container runtime to ask"
    async with driving(world) as drive:
        drive.app.visit(ContainerPlace(WEB, "web"), "logs")
        await drive.until_shown("No container runtime to ask.")


async def test_the_end_is_said_and_nobody_asks_any_more() -> None:
    world = incident()
    world.logs_end = "the container has ended"
    async with driving(world) as drive:
        await opened(drive)
        await drive.until_shown("■ the container has ended")
        asked = len(drive.sensor.asked)
        for _ in range(3):
            drive.pane.ticked()
        await drive.pilot.pause()
        assert len(drive.sensor.asked) == asked


async def test_lines_are_bounded_and_reading_stays_in_its_place() -> None:
    async with driving(incident()) as drive:
        view = await opened(drive)
        view.add([LogLine(number, NOW, f"line {number}") for number in range(5, KEPT)])
        await drive.press("pageup", "pageup")
        top = view.lines[round(view.scroll_y)].text
        view.add([LogLine(KEPT + number, NOW, f"late {number}") for number in range(500)])
        await drive.pilot.pause()
        assert len(view.lines) == KEPT
        assert view.lines[round(view.scroll_y)].text == top


async def test_a_container_that_is_started_again_shows_no_line_twice() -> None:
    """A new reader begins with lines that were there before."""
    async with driving(incident()) as drive:
        view = await opened(drive)
        await drive.until(lambda: len(view.lines) == 4)
        renumbered = [msgspec.structs.replace(line, number=line.number + 40) for line in log()]
        drive.sensor.world.logs[WEB] = [*renumbered, LogLine(45, NOW, "begun again")]
        drive.pane._stream = 9  # type: ignore[attr-defined]  # another than the sensor's
        drive.pane.ticked()
        await drive.until_shown("begun again")
        assert [line.text for line in view.lines].count("GET /admin 403") == 1


async def test_the_lines_in_sight_are_copied_and_without_any_nothing_is() -> None:
    world = incident()
    world.logs[WEB] = []
    async with driving(world) as drive:
        view = await opened(drive)
        drive.app.copy_to_clipboard("of before")
        await drive.press("y")
        await drive.until_shown("There is nothing to copy.")
        assert drive.app.clipboard == "of before"
        world.logs[WEB] = [LogLine(number, NOW, f"line {number}") for number in range(1, 200)]
        drive.pane.ticked()
        await drive.until_shown("line 199")
        await drive.press("y")
        await drive.until_shown("rows: line ")
        shown = drive.app.clipboard.split("\n")
        assert shown == [f"line {number}" for number in range(200 - view.size.height, 200)]

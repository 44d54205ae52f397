"""Figures of containers on the screen: cells, trends, and what is not known."""

from __future__ import annotations

from engine.protocol import ContainerFigure
from tests.helpers.driving import NARROW, driving
from tests.helpers.incident import AGENT, DB, WEB, incident
from tui.figures import FigureBook
from tui.places import ContainerPlace
from tui.sparkline import BARS, sparkline


def shown(spans: list[tuple[str, str]]) -> str:
    return "".join(text for text, _ in spans)


def test_a_sparkline_shows_the_peak_of_what_falls_into_a_cell() -> None:
    assert sparkline([0, 100, 0, 0], 2, 100) == BARS[-1] + BARS[0]
    assert sparkline([0, 50, None, 100], 4, 100) == f"{BARS[0]}{BARS[4]} {BARS[-1]}"


def test_a_sparkline_is_never_wider_than_its_room_and_its_last_cell_is_the_newest() -> None:
    for number in range(1, 100):
        line = sparkline([0.0] * (number - 1) + [1.0], 10, 1)
        assert 0 < len(line) <= 10
        assert line[-1] == BARS[-1]
    assert sparkline([], 10, 1) == ""


def test_a_value_above_the_top_becomes_the_top() -> None:
    assert sparkline([100, 400], 2, 100) == BARS[2] + BARS[-1]


def test_what_is_not_known_is_a_dash_and_no_zero() -> None:
    book = FigureBook()
    book.take([ContainerFigure(WEB)])
    for cell in (book.cpu(WEB), book.memory(WEB), book.traffic(WEB, "sent"), book.cpu(DB), book.memory(DB)):
        assert shown(cell) == "–"


def test_memory_near_its_limit_has_a_sign() -> None:
    book = FigureBook()
    book.take([ContainerFigure(WEB, memory=90, memory_limit=100), ContainerFigure(DB, memory=90)])
    assert (shown(book.memory(WEB)), shown(book.memory(DB))) == ("!90", "90")


def test_figures_of_a_container_that_has_ended_are_forgotten() -> None:
    book = FigureBook()
    book.take([ContainerFigure(WEB, cpu=1.0)])
    book.take([])
    assert shown(book.cpu(WEB)) == "–"
    assert shown(book.cpu_trend(WEB, 10)) == ""


async def test_figures_are_asked_for_only_while_the_containers_are_in_front() -> None:
    async with driving(incident()) as drive:

        def asked() -> int:
            return len([one for one in drive.sensor.asked if type(one).__name__ == "GetFigures"])

        for _ in range(4):
            drive.app._tick()
        await drive.pilot.pause()
        assert asked() == 0
        await drive.press("2")
        await drive.until_shown("98%", "!310M", "320M", "8.6M")
        before = asked()
        for _ in range(4):
            drive.app._tick()
            await drive.pilot.pause()
        await drive.until(lambda: asked() > before)


async def test_a_replay_shows_dashes() -> None:
    world = incident()
    world.figures = []
    async with driving(world) as drive:
        await drive.press("2")
        await drive.until_shown("bbp:1")
        line = next(line for line in drive.text().splitlines() if "bbp:1" in line)
        assert line.count("–") == 4
        assert "%" not in line


async def test_the_figures_that_matter_fit_a_small_terminal() -> None:
    async with driving(incident(), NARROW) as drive:
        await drive.press("2")
        await drive.until_shown("CPU", "Mem", "Alerts", "98%", "!310M", "exited 137", "C1 E1 W4 N1")


async def test_a_click_on_a_heading_sorts_and_a_second_turns_it_round() -> None:
    async with driving(incident()) as drive:
        await drive.press("2")
        await drive.until_shown("98%")
        place = next(line for line in drive.text().splitlines() if "CPU" in line and "Mem" in line).index("Mem")
        await drive.pilot.click("PageList", offset=(place, 0))
        await drive.until_shown("Mem▼")
        assert [row.info.id for row in drive.pane.source.rows][:3] == [DB, WEB, AGENT]  # type: ignore[attr-defined]
        await drive.pilot.click("PageList", offset=(place, 0))
        await drive.until_shown("Mem▲")
        assert [row.info.id for row in drive.pane.source.rows][:3] == [AGENT, WEB, DB]  # type: ignore[attr-defined]


async def test_health_stands_in_the_place_of_running() -> None:
    world = incident()
    world.containers[0].info.health, world.containers[1].info.health = "healthy", "unhealthy"
    world.containers[1].info.restarts = 5
    async with driving(world) as drive:
        await drive.press("2")
        await drive.until_shown("healthy", "✗ unwell", "restarted ×5")


async def test_the_processes_of_a_container_have_figures_and_so_have_all() -> None:
    async with driving(incident()) as drive:
        await drive.press("3")
        await drive.until_shown("sshd -D", "CPU", "0.7%", "9.0M")
        drive.app.visit(ContainerPlace(WEB, "web"))
        await drive.until_shown("CPU", "0.7%", "9.0M", "3.0M")
        exited = next(line for line in drive.text().splitlines() if "cat /etc/shadow" in line)
        assert "–" not in exited


async def test_inspect_says_how_a_container_ended() -> None:
    async with driving(incident()) as drive:
        drive.app.visit(ContainerPlace("5" * 64, "old"), "inspect")
        await drive.until_shown("exit code 137, out of memory")


async def test_at_another_time_nobody_claims_to_know_what_was_used() -> None:
    async with driving(incident()) as drive:
        await drive.press("2")
        await drive.until_shown("98%", "310M", "▁")
        await drive.press("T", "comma", "comma")
        await drive.until_shown("as of ")
        await drive.until_gone("98%")
        assert "310M" not in drive.text()
        await drive.press("T")
        await drive.until_shown("98%", "310M")

"""Another time within a container or a process: logs, changes, inspect, repeats."""

from __future__ import annotations

from engine.protocol import GetLogs, ListAlerts, ListChanges, ListContainers, LogLine
from tests.helpers.driving import Drive, driving
from tests.helpers.incident import WEB, incident, log
from tests.helpers.sensor import NOW
from tests.helpers.travelled import asked_at, begun, last
from tui.places import AlertPlace, ContainerPlace
from tui.widgets.log_view import LogView
from tui.words import SECOND


async def inside(drive: Drive, view: str, steps: int) -> None:
    """In web, so many alerts before now."""
    await begun(drive)
    await drive.press(*["comma"] * steps)
    await drive.until_shown("as of ")
    drive.app.visit(ContainerPlace(WEB, "web"), view)


async def test_a_log_ends_at_that_time_and_a_step_on_asks_nobody() -> None:
    async with driving(incident()) as drive:
        await inside(drive, "logs", 1)  # two seconds before now: a second after the third of four lines
        await drive.until_shown("GET /admin 403")
        assert "GET /shop 200" in drive.text()
        drive.app.go_to_time(NOW - 8 * SECOND)
        await drive.until_gone("GET /admin 403")
        await drive.until_shown("GET /index.html 200")
        assert sum(isinstance(one, GetLogs) for one in drive.sensor.asked) == 1
        for _ in range(3):
            drive.pane.ticked()
        await drive.press("p")
        await drive.until_shown("This time stands still")
        await drive.press("f")
        await drive.until_shown("GET /shop 200", "▼ following")
        view = drive.pane.query_one(LogView)
        assert [line.text for line in view.lines] == [line.text for line in log()]


async def test_where_more_was_written_since_than_is_read_at_once_the_time_itself_is_asked_for() -> None:
    world = incident()
    later = [LogLine(number, NOW - SECOND, f"later {number}") for number in range(5, 3000)]
    world.logs[WEB] += later
    async with driving(world) as drive:
        await inside(drive, "logs", 1)
        await drive.until_shown("GET /shop 200")
        asked = [one.until for one in drive.sensor.asked if isinstance(one, GetLogs)]
        assert asked == [NOW, drive.app.front.travel.at]
        drive.app.go_to_time(drive.app.front.travel.begin + 1)
        await drive.until_shown("Nothing had been written by then")


async def test_changes_of_later_are_left_out_and_said() -> None:
    async with driving(incident()) as drive:
        await inside(drive, "changes", 1)  # /tmp/x was made three seconds before it was run, which is now
        await drive.until_shown("docker diff of now", "/tmp/x", "/bin/18211", "/var/log/wtmp")
        drive.app.go_to_time(NOW - 10 * SECOND)
        await drive.until_gone("/tmp/x")
        await drive.until_shown("docker diff of now, without 1 of later", "/bin/18211")
        drive.app.go_to_time(NOW - 20 * SECOND)
        await drive.until_shown("without 3 of later", "/var/log/wtmp")
        assert "/bin" not in drive.text()
        assert sum(isinstance(one, ListChanges) for one in drive.sensor.asked) == 1
        await drive.press("T")
        await drive.until_shown("/tmp/x", "executed")


async def test_inspect_says_of_which_time_it_is() -> None:
    async with driving(incident()) as drive:
        await inside(drive, "inspect", 1)
        await drive.until_shown("httpd -f", "as of 20", "the first that is known, not as of")
        drive.sensor.world.containers[0].info.time = NOW - 3600 * SECOND
        drive.pane.loader.now()
        await drive.until_shown("as it was told at")
        assert asked_at(drive, ListContainers, drive.app.front.travel.at)
        drive.sensor.world.containers.clear()
        drive.pane.loader.now()
        await drive.until_shown("This container was not known at")


async def test_repeats_are_those_by_then() -> None:
    async with driving(incident()) as drive:
        await begun(drive)
        drive.app.visit(AlertPlace(2, 1, "Redirect"), "repeats")
        await drive.until(lambda: any(isinstance(one, ListAlerts) and one.stack == 1 for one in drive.sensor.asked))
        await drive.press(*["comma"] * 6)
        await drive.until(lambda: drive.app.front.travel.alert_id == 2)
        await drive.until(lambda: getattr(last(drive, ListAlerts), "before", 0) == 2)
        drive.app.go_to_time(drive.app.front.travel.begin + 1)
        await drive.until(lambda: getattr(last(drive, ListAlerts), "before", 0) == 1)
        rows = drive.pane.query_one("PageList")
        await drive.until(lambda: rows.total == 1)  # type: ignore[attr-defined]

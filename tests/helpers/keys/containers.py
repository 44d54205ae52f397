"""Keys of the list of containers and of their logs."""

from __future__ import annotations

from engine.protocol import LogLine
from tests.helpers.driving import Drive
from tests.helpers.incident import WEB
from tests.helpers.keys.checks import does, listing, view_shown
from tests.helpers.sensor import NOW
from tui.places import ContainerPlace
from tui.widgets.log_view import LogView


async def measured(drive: Drive) -> None:
    """The containers, with figures."""
    await view_shown(drive, "2", "bbp:1")
    await drive.until_shown("98%", "310M")


def order(drive: Drive) -> list[str]:
    return [row.info.name for row in drive.pane.source.rows]  # type: ignore[attr-defined]


@does("containers", "logs")
async def _(drive: Drive, key: str) -> None:
    await measured(drive)
    await drive.press(key)
    await drive.until(lambda: drive.frame.trail == ["Containers", "web"] and drive.frame.view == "logs")
    await drive.until_shown("GET /admin 403", "! AH00558")


@does("containers", "image")
async def _(drive: Drive, key: str) -> None:
    await measured(drive)
    await drive.press(key)
    await drive.until(lambda: drive.frame.trail == ["Containers", "web"] and drive.frame.view == "image")
    await drive.until_shown("48M in 7 layers", "COPY shop /srv/shop")


@does("inspect", "whole")
async def _(drive: Drive, key: str) -> None:
    drive.app.visit(ContainerPlace(WEB, "web"), "inspect")
    await drive.until_shown("httpd -f")
    await drive.press(key)
    await drive.until_shown('"Status": "running"')
    await drive.press(key)
    await drive.until_shown("httpd -f")


@does("containers", "shell")
async def _(drive: Drive, key: str) -> None:
    await measured(drive)
    await drive.press(key)
    await drive.until_shown("docker exec -it 21bef7705fda sh")  # a driver without a terminal cannot share it
    assert [request.container_id for request in drive.sensor.world.shells] in ([], [WEB])


@does("containers", "sort_next")
async def _(drive: Drive, key: str) -> None:
    await measured(drive)
    await drive.press("down", "down")
    assert listing(drive).selected.info.name == "agent"
    await drive.press(key)
    await drive.until_shown("Name▲", "▲ by Name")
    assert order(drive) == ["agent", "db", "old", "web"]
    await drive.press(*[key] * 3)
    await drive.until_shown("CPU▼")
    assert order(drive) == ["db", "web", "agent", "old"]
    assert listing(drive).selected.info.name == "agent"


@does("containers", "sort_previous")
async def _(drive: Drive, key: str) -> None:
    await measured(drive)
    await drive.press("greater_than_sign", "greater_than_sign", key)
    await drive.until_shown("▲ by Name")
    await drive.press(key)
    await drive.until_gone(" by Name")
    assert order(drive)[0] == "web"


@does("containers", "sort_reverse")
async def _(drive: Drive, key: str) -> None:
    await measured(drive)
    await drive.press("greater_than_sign", key)
    await drive.until_shown("▼ by Name")
    assert order(drive) == ["web", "old", "db", "agent"]
    await drive.press(key)
    await drive.until_shown("▲ by Name")


@does("containers", "ended")
async def _(drive: Drive, key: str) -> None:
    await measured(drive)
    await drive.until_shown("1 that ended over an hour ago   H lists them", "exited 137", "out of memory", "ended")
    assert "relic" not in drive.text()
    await drive.press(key)
    await drive.until_shown("relic", "H hides them")
    await drive.press(key)
    await drive.until_gone("relic")


async def logs(drive: Drive, *more: str) -> LogView:
    """The log of web with more lines."""
    lines = drive.sensor.world.logs[WEB]
    lines += [LogLine(number, NOW, text) for number, text in enumerate(more, len(lines) + 1)]
    await measured(drive)
    await drive.press("l")
    await drive.until_shown(lines[-1].text[:20])
    return drive.pane.query_one(LogView)


def wrote(drive: Drive, text: str) -> None:
    """One line more."""
    lines = drive.sensor.world.logs[WEB]
    lines.append(LogLine(len(lines) + 1, NOW, text))


@does("logs", "follow")
async def _(drive: Drive, key: str) -> None:
    view = await logs(drive, *(f"line {number}" for number in range(300)))
    await drive.press("pageup")
    await drive.until_shown("f follows")
    wrote(drive, "the latest")
    await drive.until(lambda: view.lines[-1].text == "the latest")
    assert "the latest" not in drive.text()
    await drive.press(key)
    await drive.until_shown("the latest", "▼ following")
    wrote(drive, "later still")
    await drive.until_shown("later still")


@does("logs", "pause")
async def _(drive: Drive, key: str) -> None:
    view = await logs(drive)
    await drive.press(key)
    await drive.until_shown("‖ paused")
    wrote(drive, "unread")
    asked = len(drive.sensor.asked)
    for _ in range(3):
        drive.pane.ticked()
    await drive.pilot.pause()
    assert not [one for one in drive.sensor.asked[asked:] if type(one).__name__ == "GetLogs"]
    assert view.lines[-1].text != "unread"
    await drive.press(key)
    await drive.until_shown("unread")


@does("logs", "stamps")
async def _(drive: Drive, key: str) -> None:
    view = await logs(drive)
    assert ":" not in drive.text().split("GET /admin")[0].splitlines()[-1]
    await drive.press(key)
    await drive.until(lambda: view.stamps and ":" in drive.text().split("GET /admin")[0].splitlines()[-1])
    await drive.press(key)
    await drive.until(lambda: ":" not in drive.text().split("GET /admin")[0].splitlines()[-1])


LONG = "begin " + "x" * 400 + " end"


@does("logs", "right")
async def _(drive: Drive, key: str) -> None:
    await logs(drive, LONG)
    await drive.press(*[key] * 15)
    await drive.until_shown(" end")


@does("logs", "left")
async def _(drive: Drive, key: str) -> None:
    view = await logs(drive, LONG)
    await drive.press("right", "right")
    await drive.until(lambda: view.scroll_x == 40)
    await drive.press(key, key)
    await drive.until_shown("begin")

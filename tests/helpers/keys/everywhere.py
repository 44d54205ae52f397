"""Keys that work everywhere, between tabs and inside a drill-down."""

from __future__ import annotations

from engine.events import Phase
from tests.helpers.driving import Drive
from tests.helpers.keys.checks import alert_opened, alerts_shown, does
from tests.helpers.sensor import healthy
from tui.app import INTERRUPTED
from tui.dialogs.help import HelpScreen
from tui.frame import MainFrame
from tui.panes import PANES
from tui.words import moment


@does("inside", "back")
async def _(drive: Drive, key: str) -> None:
    await alert_opened(drive)
    await drive.press(key)
    await drive.until(lambda: isinstance(drive.frame, MainFrame))


@does("tabs", "next_tab")
async def _(drive: Drive, key: str) -> None:
    await drive.press(key)
    assert drive.frame.index == 1
    await drive.press(*[key] * 5)
    assert drive.frame.index == 0


@does("tabs", "previous_tab")
async def _(drive: Drive, key: str) -> None:
    await drive.press(key)
    assert drive.frame.index == len(PANES) - 1


def leads(number: int) -> None:
    @does("everywhere", f"view({number})")
    async def _(drive: Drive, key: str) -> None:
        await alert_opened(drive)
        await drive.press(key)
        await drive.until(lambda: isinstance(drive.frame, MainFrame) and drive.frame.index == number - 1)
        assert PANES[number - 1].key == key


for _number in range(1, 7):
    leads(_number)


@does("everywhere", "help")
async def _(drive: Drive, key: str) -> None:
    await drive.press(key)
    assert isinstance(drive.app.screen, HelpScreen)
    await drive.until_shown("Acknowledge, or take it back")
    await drive.press("escape")
    assert len(drive.app.screen_stack) == 1


@does("everywhere", "messages")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    drive.app.tell("A word in passing.")
    await drive.press(key)
    await drive.until_shown("Said of late", f"{moment(drive.app.said[-1][0])}  A word in passing.")
    await drive.until(lambda: drive.text().count("A word in passing.") == 1)
    await drive.press("escape")
    assert len(drive.app.screen_stack) == 1


@does("everywhere", "command_palette")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press(key)
    await drive.press(*"freeze")
    await drive.until_shown("Freeze the list")
    await drive.press("enter")
    await drive.until_shown("paused")


@does("everywhere", "pause_replay")
async def _(drive: Drive, key: str) -> None:
    drive.sensor.pulse(health=healthy(phase=Phase.REPLAYING))
    await drive.until_shown("▶ replay")
    await drive.press(key)
    await drive.until_shown("‖ paused")


@does("everywhere", "quit")
async def _(drive: Drive, key: str) -> None:
    await drive.press(key)
    await drive.until(lambda: not drive.app.is_running or drive.app._exit)
    assert drive.app.return_code == 0


@does("everywhere", "interrupt")
async def _(drive: Drive, key: str) -> None:
    await drive.press("slash", "x", key)
    await drive.until(lambda: drive.app._exit)
    assert drive.app.return_code == INTERRUPTED


@does("everywhere", "suspend")
async def _(drive: Drive, key: str) -> None:
    await drive.press("slash", "x", key)
    await drive.until_shown("This terminal cannot be left for a while.")  # a driver without a terminal

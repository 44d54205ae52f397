"""The key that responds: it says how where nobody may, and asks for the name where somebody may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.helpers.driving import Drive
from tests.helpers.keys.alerts import around
from tests.helpers.keys.checks import alert_opened, alerts_shown, does, process_selected, view_shown
from tests.helpers.responses import container, tree


async def containers_shown(drive: Drive) -> None:
    await view_shown(drive, "2", "bbp:1")


def responds(view: str, begin: Callable[[Drive], Awaitable[None]]) -> None:
    @does(view, "respond")
    async def _(drive: Drive, key: str) -> None:
        await begin(drive)
        await drive.press(key)
        await drive.until_shown("This sensor only watches", "tiercel --respond")
        drive.sensor.world.targets = [container(), tree()]
        await drive.press(key)
        await drive.until_shown(
            "Only keep the evidence", "container web", "Pause", "Unpause takes it back", "Kept first"
        )
        await drive.press("escape")
        await drive.until(lambda: drive.app.screen is drive.frame)
        assert drive.sensor.world.responded == []


responds("alerts", alerts_shown)
responds("alert", alert_opened)
responds("timeline", around)
responds("containers", containers_shown)
responds("processes", process_selected)

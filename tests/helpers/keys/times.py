"""Keys that look at another time."""

from __future__ import annotations

from tests.helpers.driving import Drive
from tests.helpers.keys.checks import alerts_shown, does
from tests.helpers.sensor import NOW
from tui.words import SECOND


async def begun(drive: Drive) -> None:
    await alerts_shown(drive)
    await drive.press("T")
    await drive.until(lambda: drive.app.front.travel.moments.counts)


@does("everywhere", "time")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press(key)
    await drive.until_shown(" now ", "×1")
    await drive.press(key)
    await drive.until_gone(" now ")


def steps(seconds: int) -> None:
    @does("time", f"time_step({seconds})")
    async def _(drive: Drive, key: str) -> None:
        await begun(drive)
        travel = drive.app.front.travel
        drive.app.go_to_time(NOW - 15 * SECOND)
        await drive.until(lambda: travel.alert_id)
        await drive.press(key)
        await drive.until(lambda: travel.at == NOW + (seconds - 15) * SECOND)


for number in (-1, 1, -10, 10):
    steps(number)


@does("time", "time_alert(-1)")
async def _(drive: Drive, key: str) -> None:
    await begun(drive)
    await drive.press(key)
    await drive.until(lambda: drive.app.front.travel.at == max(alert.time for alert in drive.sensor.world.alerts))


@does("time", "time_alert(1)")
async def _(drive: Drive, key: str) -> None:
    await begun(drive)
    first, second = sorted({alert.time for alert in drive.sensor.world.alerts})[:2]
    drive.app.go_to_time(first)
    await drive.until(lambda: drive.app.front.travel.alert_id)
    await drive.press(key)
    await drive.until(lambda: drive.app.front.travel.at == second)


@does("time", "time_jump")
async def _(drive: Drive, key: str) -> None:
    await begun(drive)
    await drive.press(key)
    await drive.until_shown("Go to a time")
    await drive.press(*"noon", "enter")
    await drive.until_shown("That is no time.")
    await drive.press(*["backspace"] * 4, *"-20s", "enter")
    await drive.until(lambda: drive.app.front.travel.at == NOW - 20 * SECOND)


@does("time", "time_faster(1)")
async def _(drive: Drive, key: str) -> None:
    await begun(drive)
    await drive.press(key)
    await drive.until_shown("×2")


@does("time", "time_faster(-1)")
async def _(drive: Drive, key: str) -> None:
    await begun(drive)
    await drive.press(key)
    await drive.until_shown("×0.5")

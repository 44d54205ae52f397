"""Keys that lead on from an alert, and those of the list of alerts."""

from __future__ import annotations

from engine.alerts import Priority
from tests.helpers.driving import Drive
from tests.helpers.incident import alert
from tests.helpers.keys.checks import alert_opened, alerts_shown, does, listing


def onwards(action: str, title: str, *shown: str) -> None:
    @does("alerts", action)
    async def _(drive: Drive, key: str) -> None:
        await alerts_shown(drive)
        await drive.press("down", "down", "down", key)
        await drive.until(lambda: drive.frame.trail == ["Alerts", title])
        await drive.until_shown(*shown)

    @does("alert", action)
    async def _(drive: Drive, key: str) -> None:
        await alert_opened(drive)
        await drive.press(key)
        await drive.until(lambda: drive.frame.trail == ["Alerts", "Sensitive file read", title])
        await drive.until_shown(*shown)


onwards("container", "web", "Processes", "Changes", "httpd -f")
onwards("rule", "Sensitive file read", "Condition", "open_read and")
onwards("tree", "tree of web", "docker exec", "cat /etc/shadow")
onwards("events", "events of cat (4711)", "/etc/shadow  read", "ENOENT")


@does("alerts", "acknowledge")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press(key)
    await drive.until_shown("✓")
    assert drive.sensor.acknowledged == {6}
    await drive.press(key)
    await drive.until(lambda: drive.sensor.acknowledged == set())


@does("alert", "acknowledge")
async def _(drive: Drive, key: str) -> None:
    await alert_opened(drive)
    await drive.press(key)
    await drive.until(lambda: drive.sensor.acknowledged == {3})


@does("alerts", "pause")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press(key)
    await drive.until_shown("paused")
    drive.sensor.add(alert("Late", Priority.ERROR, "late", "/late", ago=0, stack=99))
    await drive.until_shown("1 new alert waiting")
    assert "/late" not in drive.text()
    await drive.press(key)
    await drive.until_shown("/late")
    assert "paused" not in drive.text()


@does("alerts", "follow")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("down", "down")
    drive.sensor.add(alert("Late", Priority.ERROR, "late", "/late", ago=0, stack=99))
    await drive.until_shown("▲ 1 new alert")
    await drive.press(key)
    await drive.until(lambda: listing(drive).cursor == 0 and listing(drive).selected.target == "/late")
    drive.sensor.add(alert("Later", Priority.ERROR, "later", "/later", ago=0, stack=100))
    await drive.until(lambda: listing(drive).selected.target == "/later")

"""Keys that lead on from an alert, and those of the list of alerts."""

from __future__ import annotations

from engine.alerts import Priority
from tests.helpers.driving import Drive
from tests.helpers.incident import alert
from tests.helpers.keys.checks import alert_opened, alerts_shown, does, listing, process_selected


async def around(drive: Drive) -> None:
    """The timeline of an alert."""
    await alert_opened(drive)
    await drive.press("e")
    await drive.until_shown("▶ +0.000")
    await drive.until(lambda: listing(drive).selected is not None)


def onwards(action: str, title: str, *shown: str) -> None:
    @does("alerts", action)
    async def _(drive: Drive, key: str) -> None:
        await alerts_shown(drive)
        await drive.press("down", "down", "down", key)
        await drive.until(lambda: drive.frame.trail == ["Alerts", title])
        await drive.until_shown(*shown)

    @does("timeline", action)
    async def _(drive: Drive, key: str) -> None:
        await around(drive)
        await drive.press(key)
        await drive.until(lambda: drive.frame.trail == ["Alerts", "Sensitive file read", title])
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


@does("alerts", "events")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("down", "down", "down", key)
    await drive.until(lambda: drive.frame.trail == ["Alerts", "Sensitive file read"] and drive.frame.view == "timeline")
    await drive.until_shown("▶ +0.000", "/etc/shadow  read", "ENOENT")


@does("alert", "events")
async def _(drive: Drive, key: str) -> None:
    await alert_opened(drive)
    await drive.press(key)
    await drive.until(lambda: drive.frame.trail == ["Alerts", "Sensitive file read"] and drive.frame.view == "timeline")
    await drive.until_shown("▶ +0.000", "/etc/shadow  read")


@does("timeline", "events")
async def _(drive: Drive, key: str) -> None:
    await around(drive)
    await drive.press("tab")
    await drive.until(lambda: drive.frame.view == "files")
    await drive.press(key)
    await drive.until(lambda: drive.frame.view == "timeline")


@does("timeline", "acknowledge")
async def _(drive: Drive, key: str) -> None:
    await around(drive)
    await drive.press(key)
    await drive.until(lambda: drive.sensor.acknowledged == {3})


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
    await drive.press("tab", key)
    await drive.until(lambda: drive.sensor.acknowledged == set())
    await drive.until_shown("those like it: new.")


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


@does("alerts", "group")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    drive.sensor.add(alert("Sensitive file read", Priority.CRITICAL, "cp /etc/shadow .", "/etc/shadow", ago=0, stack=7))
    await drive.press(key)
    await drive.until_shown("by rule", "2 stacks")
    assert listing(drive).total == 6
    await drive.press("a")
    await drive.until_shown("✓ 2 stacks: acknowledged")
    assert drive.sensor.acknowledged == {3, 7}
    await drive.press("enter")
    await drive.until(lambda: drive.frame.trail == ["Alerts", "alerts of Sensitive file read"])
    await drive.until(lambda: listing(drive).total == 2)
    await drive.press("escape", key)
    await drive.until_shown("by container", "7 stacks")
    assert listing(drive).total == 1
    await drive.press(key)
    await drive.until_shown("each alert by itself")
    await drive.until(lambda: listing(drive).total == 8)
    await drive.press(key)
    await drive.until_gone("each alert by itself")
    await drive.until(lambda: listing(drive).total == 7)


async def marked(drive: Drive, key: str) -> None:
    """The dialog opens, an incident is chosen with a note, and the sensor knows."""
    await drive.press(key)
    await drive.until_shown("False positive: this is meant to happen", "a note")
    await drive.press("tab", *"see 4711", "shift+tab", "i")
    await drive.until(lambda: drive.sensor.states)
    (request,) = drive.sensor.states.values()
    assert (request.state, request.note) == ("incident", "see 4711")


@does("alerts", "state")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await marked(drive, key)
    await drive.until_shown("! incident", "see 4711")


@does("alert", "state")
async def _(drive: Drive, key: str) -> None:
    await alert_opened(drive)
    await marked(drive, key)
    await drive.until_shown("incident.")


@does("timeline", "state")
async def _(drive: Drive, key: str) -> None:
    await around(drive)
    await marked(drive, key)
    await drive.until_shown("incident.")


def excepting(view: str) -> None:
    @does(view, "except")
    async def _(drive: Drive, key: str) -> None:
        await opened[view](drive)
        await drive.press(key)
        await drive.until_shown("Too little is known")

    @does(view, "bundle")
    async def _(drive: Drive, key: str) -> None:
        await opened[view](drive)
        await drive.press(key)
        await drive.until_shown("~/tiercel-incidents/", ".tar.zst")

    @does(view, "undo_exception")
    async def _(drive: Drive, key: str) -> None:
        await opened[view](drive)
        await drive.press(key)
        await drive.until_shown("there is no exception or edit")


opened = {"alerts": alerts_shown, "alert": alert_opened, "timeline": around}
for place in opened:
    excepting(place)


@does("its_alerts", "follow")
async def _(drive: Drive, key: str) -> None:
    await process_selected(drive)
    await drive.press("enter", "tab")
    await drive.until(lambda: drive.frame.view == "alerts" and listing(drive).selected is not None)
    shown = listing(drive).selected
    drive.sensor.add(shown)
    await drive.until_shown("▲ 1 new alert   f follows")
    assert listing(drive).selected == shown
    await drive.press(key)
    await drive.until_gone("▲ 1 new alert")
    assert listing(drive).selected.id == drive.sensor.world.alerts[-1].id

"""Keys of containers, processes, events and rules."""

from __future__ import annotations

from tests.helpers.driving import Drive
from tests.helpers.keys.checks import alerts_shown, does, listing, process_selected, view_shown


@does("containers", "events")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "2", "bbp:1")
    await drive.press(key)
    await drive.until(lambda: drive.frame.trail == ["Containers", "web"] and drive.frame.view == "events")
    await drive.until_shown("/etc/shadow  read")
    assert "sshd" not in drive.text()


@does("processes", "container")
async def _(drive: Drive, key: str) -> None:
    await process_selected(drive)
    await drive.press(key)
    await drive.until(lambda: drive.frame.trail == ["Processes", "web"])


@does("processes", "events")
async def _(drive: Drive, key: str) -> None:
    await process_selected(drive)
    await drive.press(key)
    await drive.until(lambda: drive.frame.trail == ["Processes", "cat (4711)"] and drive.frame.view == "events")
    await drive.until_shown("/etc/shadow  read")


@does("rules", "switch")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "5", "Terminal shell in container")
    await drive.press(key)
    await drive.until(lambda: not drive.sensor.world.rules[0].enabled)
    await drive.until(lambda: not listing(drive).selected.enabled)
    await drive.until_shown("○ off: Terminal shell in container")
    await drive.press(key)
    await drive.until_shown("● on: Terminal shell in container")
    await drive.until(lambda: drive.sensor.world.rules[0].enabled)


@does("rule", "switch")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("down", "down", "down", "r")
    await drive.until_shown("● on", "Condition")
    await drive.press(key)
    await drive.until_shown("○ off")
    assert not drive.sensor.world.rules[1].enabled
    await drive.press(key)
    await drive.until_shown("● on")


@does("rules", "reload")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "5", "Terminal shell in container")
    await drive.press(key)
    await drive.until_shown("5 rules loaded")
    drive.sensor.world.rule_problem = "rules/containers.yaml:4:7: there is no field 'proc.nmae'"
    await drive.press(key)
    await drive.until_shown("rules/containers.yaml:4:7", "the running rules stay in force")

"""Keys of containers, processes, events and rules."""

from __future__ import annotations

from engine.protocol import EventRow
from tests.helpers.driving import Drive
from tests.helpers.incident import WEB
from tests.helpers.keys.checks import alerts_shown, does, listing, process_selected, view_shown
from tests.helpers.sensor import NOW


@does("containers", "events")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "2", "bbp:1")
    await drive.press(key)
    await drive.until(lambda: drive.frame.trail == ["Containers", "web"] and drive.frame.view == "events")
    await drive.until_shown("/etc/shadow  read")
    assert "sshd" not in drive.text()


@does("containers", "zoom")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "2", "bbp:1")
    await drive.press(key)
    await drive.until_shown("◎ web: watched in full for 60 s", "◎ in full")
    assert [row.container_id for row in drive.sensor.world.health.zooms] == [WEB]
    await drive.press(key)
    await drive.until_shown("web: no longer watched in full")
    await drive.until(lambda: "◎" not in drive.text())


@does("processes", "zoom")
async def _(drive: Drive, key: str) -> None:
    await process_selected(drive)
    await drive.press(key)
    await drive.until_shown("◎ cat (4711): watched in full for 60 s", "◎ in full")
    assert [(row.pid, row.start) for row in drive.sensor.world.health.zooms] == [(4711, 47110)]
    await drive.press("6")
    await drive.until_shown("Watched in full", "for 1m")
    await drive.press("3", key)
    await drive.until_shown("cat (4711): no longer watched in full")


@does("processes", "fold")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "3", "cat /etc/shadow")
    await drive.press("down", key)
    await drive.until_shown("▸5 containerd-shim")
    assert "cat /etc/shadow" not in drive.text()
    await drive.press(key)
    await drive.until_shown("cat /etc/shadow")


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
    await drive.until_shown("rules/containers.yaml:4:7", "The running rules stay in force")


def late(number: int) -> EventRow:
    return EventRow(number, NOW, "openat", 4711, "cat", "3", f"/late/{number}", 47110, WEB, f"/late/{number}", "read")


async def come(drive: Drive, *rows: EventRow) -> None:
    """Events come in."""
    drive.sensor.world.events += rows
    drive.sensor.pulse(changed=["processes"])


@does("events", "pause")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "4", "sshd -D")
    await drive.press(key)
    await drive.until_shown("‖ paused  0 new events waiting")
    await come(drive, late(400), late(401))
    await drive.until_shown("2 new events waiting")
    assert "/late/" not in drive.text()
    await drive.press(key)
    await drive.until_shown("/late/400", "/late/401")
    assert "paused" not in drive.text()


@does("events", "follow")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "4", "sshd -D")
    await drive.press("down")
    await come(drive, late(400))
    await drive.until_shown("▲ 1 new event   f follows")
    assert listing(drive).selected.num == 300
    await drive.press(key)
    await drive.until(lambda: listing(drive).selected.num == 400)
    await come(drive, late(401))
    await drive.until(lambda: listing(drive).selected.num == 401)


@does("rules", "edit")
async def _(drive: Drive, key: str) -> None:
    """Pilot's terminal can be given to nobody: tests/cli/test_editing.py goes on with one that can."""
    await view_shown(drive, "5", "Terminal shell in container")
    await drive.press(key)
    await drive.until_shown("This terminal cannot be given to another program")


@does("rule", "edit")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("down", "down", "down", "r")
    await drive.until_shown("● on", "Condition")
    await drive.press(key)
    await drive.until_shown("This terminal cannot be given to another program")


@does("rules", "undo_exception")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "5", "Terminal shell in container")
    await drive.press(key)
    await drive.until_shown("there is no exception or edit")


@does("rule", "undo_exception")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("down", "down", "down", "r")
    await drive.until_shown("● on", "Condition")
    await drive.press(key)
    await drive.until_shown("there is no exception or edit")


@does("rules", "several")
async def _(drive: Drive, key: str) -> None:
    await view_shown(drive, "5", "Terminal shell in container")
    await drive.press(key)
    await drive.until_shown("Switch several rules", "tag ", "priority ", "file ")
    await drive.press("down", "x")
    await drive.until_shown("rules off")
    assert not drive.sensor.world.rules[0].enabled

"""What processes use: of all of them as of those of one container, in the order of it, and not of what was recorded."""

from __future__ import annotations

import pytest

from engine.events import Phase
from engine.protocol import GetTop, ProcessFigure
from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.incident import incident
from tests.helpers.keys.checks import listing, view_shown
from tests.helpers.keys.orders import names
from tests.tui.test_sorting import until_by


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_all_processes_are_sorted_by_what_they_use(size: tuple[int, int]) -> None:
    world = incident()
    world.top += [ProcessFigure(900, 9000, 42.0, 5 << 20), ProcessFigure(1, 10, 0.0, 2 << 30)]
    async with driving(world, size) as drive:
        await view_shown(drive, "3", "└─ sshd -D")
        await drive.until_shown("42%", "2.0G")
        await until_by(drive, "CPU")
        assert names(drive)[:4] == ["sshd", "httpd", "httpd", "systemd"]
        world.top[-1].cpu = 99.0
        for _ in range(4):
            drive.app._tick()
        await drive.until(lambda: names(drive)[:2] == ["systemd", "sshd"])
        await until_by(drive, "Mem")
        assert names(drive)[:3] == ["systemd", "httpd", "sshd"]
        await drive.press("I")
        await drive.until(lambda: names(drive)[:3] == ["httpd", "sshd", "httpd"])


async def test_nobody_is_measured_while_another_view_is_in_front() -> None:
    async with driving(incident()) as drive:
        await view_shown(drive, "3", "└─ sshd -D")
        await drive.until(lambda: GetTop() in drive.sensor.asked)
        await drive.press("5")
        await drive.until_shown("Sensitive file read")
        drive.sensor.asked.clear()
        for _ in range(4):
            drive.app._tick()
        await drive.pilot.pause()
        assert not [one for one in drive.sensor.asked if isinstance(one, GetTop)]


@pytest.mark.parametrize("phase", [Phase.REPLAYING, Phase.ENDED])
async def test_what_was_recorded_has_no_such_columns(phase: Phase) -> None:
    world = incident()
    world.health.phase = phase
    world.top.clear()
    async with driving(world) as drive:
        await view_shown(drive, "3", "└─ sshd -D")
        await drive.until(lambda: drive.app.front.is_replay)
        titles = [column.title for column in listing(drive).shown_columns()]
        assert "Alerts" in titles
        assert not {"CPU", "Mem"} & {*titles}
        await drive.until(lambda: "CPU" not in drive.text())

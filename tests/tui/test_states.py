"""The states a front end can be in: no sensor yet, probes loading, a slow sensor, none any more."""

from __future__ import annotations

import asyncio

import pytest

from engine.errors import TiercelError
from engine.events import Phase
from engine.protocol import Control, SetRule
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import alerts, incident
from tests.helpers.sensor import MemorySensor, World, healthy
from tui.app import TiercelApp

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_paint_waits_for_nothing(size: tuple[int, int]) -> None:
    arrived: asyncio.Future[MemorySensor] = asyncio.get_running_loop().create_future()

    async def connect() -> MemorySensor:
        return await arrived

    app = TiercelApp(connect)
    async with app.run_test(size=size) as pilot:
        sensor = MemorySensor(World(health=healthy(phase=Phase.LOADING, detail="12 of 30 programs")))
        drive = Drive(app, pilot, sensor)
        await drive.until_shown("◌ connecting", "Connecting to the sensor…")
        arrived.set_result(sensor)
        await drive.until_shown("◌ loading", "Loading probes…", "12 of 30 programs")
        sensor.pulse(health=healthy(phase=Phase.LIVE))
        await drive.until_shown("● live", "All quiet")
        sensor.add(*alerts())
        await drive.until_shown("/tmp/x id")


async def test_no_sensor_at_all_says_why_and_what_to_do() -> None:
    async def connect() -> MemorySensor:
        raise TiercelError("eBPF needs root", hint="sudo tiercel, or tiercel --demo")

    app = TiercelApp(connect)
    async with app.run_test(size=NARROW) as pilot:
        drive = Drive(app, pilot, MemorySensor())
        await drive.until_shown("eBPF needs root", "tiercel --demo", "q quits")
        await drive.press("q")
        await drive.until(lambda: app.return_code == 0)


@pytest.mark.parametrize("size", SIZES)
async def test_when_the_sensor_goes_away_the_last_data_stays(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        await drive.until_shown("/bin/18211")
        drive.sensor.vanish("the sensor was killed")
        await drive.until_shown("The sensor is gone", "the sensor was killed", "q quits", "✗ sensor gone")
        assert "/bin/18211" in drive.text()
        await drive.press("down", "2", "1", "p", "a", "enter")
        await drive.until_shown("The sensor is gone")
        await drive.press("q")
        await drive.until(lambda: drive.app.return_code == 0)


async def test_a_failed_source_says_what_to_do() -> None:
    async with driving(World(health=healthy(phase=Phase.FAILED, detail="no BTF. Run tiercel doctor"))) as drive:
        await drive.until_shown("✗ failed", "no BTF. Run tiercel doctor")


async def test_keys_do_not_wait_for_a_slow_sensor() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/bin/18211")
        drive.sensor.hold()
        for key in ("2", "3", "5", "6", "1"):
            await drive.press(key)
        assert drive.frame.index == 0
        await drive.press("question_mark")
        await drive.until_shown("─ Keys ─")
        await drive.press("escape", "5")
        drive.sensor.release()
        await drive.until_shown("Package manager started in container")


async def test_a_sensor_that_does_not_answer_is_said_to_be_slow() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/bin/18211")
        drive.sensor.hold()
        await drive.press("2")
        await drive.until_shown("no answer for")
        drive.sensor.release()
        await drive.until_gone("no answer for")


async def test_a_pulse_during_a_slow_load_leads_to_one_more_load_not_to_many() -> None:
    async with driving(incident()) as drive:
        await drive.press("5")
        await drive.until_shown("Terminal shell")
        drive.sensor.hold()
        before = len(drive.sensor.asked)
        for _ in range(50):
            drive.sensor.pulse(changed=["rules"])
            await drive.pilot.pause()
        assert len(drive.sensor.asked) - before <= 2
        drive.sensor.release()


async def test_a_rule_is_switched_at_once_and_settled_by_the_answer() -> None:
    async with driving(incident()) as drive:
        await drive.press("5")
        await drive.until_shown("Terminal shell")
        drive.sensor.hold()
        await drive.press("space")
        await drive.until_shown("◐")
        drive.sensor.release()
        await drive.until_gone("◐")
        assert any(isinstance(request, SetRule) and not request.enabled for request in drive.sensor.asked)
        assert not drive.sensor.world.rules[0].enabled


async def test_the_sensor_is_let_go_of_on_quitting() -> None:
    async with driving(incident()) as drive:
        await drive.press("q")
        await drive.until(lambda: drive.app.return_code == 0)
    assert drive.sensor.closed


async def test_a_replay_can_be_held_and_goes_on() -> None:
    async with driving(World(health=healthy(phase=Phase.REPLAYING))) as drive:
        await drive.until_shown("▶ replay", "P hold")
        await drive.press("P")
        await drive.until_shown("‖ paused")
        assert drive.app.front.now() == healthy().time  # ages stand still, too
        await drive.press("P")
        await drive.until_shown("▶ replay")
    assert [request.paused for request in drive.sensor.asked if isinstance(request, Control)] == [True, False]


async def test_what_is_live_cannot_be_held() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("● live")
        assert "P hold" not in drive.text()
        await drive.press("P", "2")
        await drive.until(lambda: "Image" in drive.text())
    assert not [request for request in drive.sensor.asked if isinstance(request, Control)]

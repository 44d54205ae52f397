"""The whole path of an event through the engine, with a list in the place of the kernel."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from engine.alerts import DROP_RULE
from engine.drops import CAUSES, OTHER_NAME
from engine.errors import TiercelError
from engine.events import HOST, OTHER, ContainerInfo, Input, Loss, Phase, RuntimeState, SourceState
from engine.health import MAX_LOSERS, Vitals
from engine.protocol import (
    AddException,
    Control,
    Explain,
    Health,
    ListEvents,
    ListStacks,
    ProposeExceptions,
    SetState,
    Stacks,
    Zoom,
)
from engine.service.desk import Desk
from engine.state.clock import since_boot
from tests.helpers.collected import Collected
from tests.helpers.listed import SECOND, WEB, execve, sensor_of
from tests.helpers.patience import PATIENCE
from tests.helpers.world import T0, event, process_info, snapshot


async def test_a_matching_event_becomes_a_stored_and_delivered_alert(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected, [execve("sh"), execve("ls", time=2 * SECOND)])
    await sensor.run()
    (alert,) = collected.alerts
    assert (alert.rule, alert.id, alert.hostname, alert.target) == ("Shell", 1, "lab", "/bin/sh")
    assert alert.output.startswith("Shell (user=root command=sh)")
    assert alert.output_fields["proc.pid"] == 100
    assert (await sensor.store.alert(1)).rule == "Shell"


async def test_an_event_waits_for_its_container_and_is_judged_with_its_name(rules: Path, collected: Collected) -> None:
    docker = RuntimeState(time=0, connected=True)
    info = ContainerInfo(id=WEB, time=SECOND, name="web", image="nginx:1.27")
    sensor = sensor_of(rules, collected, [docker, execve("ls", container=WEB)], [info])
    await sensor.run()
    (alert,) = collected.alerts
    assert alert.rule == "In web"
    assert alert.container is not None
    assert (alert.container.name, alert.output_fields["container.image.repository"]) == ("web", "nginx")


async def test_where_the_runtime_listens_is_told(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected, [RuntimeState(time=0, connected=True, address="/run/user/1000/docker.sock")])
    assert sensor.health().runtime_socket == ""
    await sensor.run()
    assert sensor.health().runtime_socket == "/run/user/1000/docker.sock"


async def test_what_still_waits_at_the_end_is_judged_all_the_same(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected, [RuntimeState(time=0, connected=True), execve("sh", container=WEB)])
    await sensor.run()
    assert [alert.rule for alert in collected.alerts] == ["Shell"]
    assert collected.alerts[0].output_fields["container.id"] == WEB[:12]


async def test_losses_and_the_phase_are_shown(rules: Path, collected: Collected) -> None:
    loss = Loss(time=SECOND, count=7, cause="ring full", container_id=WEB)
    uncounted = Loss(time=SECOND, count=2, cause="ring full", container_id=OTHER)
    sensor = sensor_of(rules, collected, [SourceState(time=0, phase=Phase.LIVE), loss, uncounted])
    sensor.vitals.source_bounds = lambda: {"cgroups that found no room": 3}
    await sensor.run()
    health = sensor.health()
    assert (health.phase, health.lost, health.lost_by_cause) == (Phase.LIVE, 9, {"ring full": 9})
    assert health.lost_by_container == {WEB[:12]: 7, OTHER_NAME: 2}
    assert health.bounds == {"cgroups that found no room": 3}


async def test_a_flood_is_an_alert_that_is_stored_and_sent(rules: Path, collected: Collected) -> None:
    loss = Loss(time=SECOND, count=7, cause=CAUSES[1], container_id=WEB, pid=9, comm="storm")
    sensor = sensor_of(rules, collected, [loss])
    await sensor.run()
    assert [(alert.rule, alert.id) for alert in collected.alerts] == [(DROP_RULE, 1)]
    assert "storm (pid 9)" in collected.alerts[0].output
    for request in (Explain(alert_id=1), ProposeExceptions(alert_id=1), AddException(alert_id=1, fields=["proc.name"])):
        with pytest.raises(TiercelError, match="no rule makes this alert"):
            await Desk(sensor).answer(request)


async def test_what_is_watched_in_full_is_asked_for_and_shown(rules: Path, collected: Collected) -> None:
    sensor, watched = sensor_of(rules, collected), list[object]()
    desk = Desk(sensor)

    def watch(target: object, _pids: frozenset[int]) -> bool:
        watched.append(target)
        return True

    with pytest.raises(TiercelError, match="nobody can be watched in full here"):
        await desk.answer(Zoom(container_id=WEB))
    sensor.zooms.apply = watch
    sensor.feed([ContainerInfo(id=WEB, time=SECOND), execve("sh", pid=7)])
    with pytest.raises(TiercelError, match="nobody of that name"):
        await desk.answer(Zoom(pid=-5))
    sensor.zooms.counts = lambda: (12, 3)
    with pytest.raises(TiercelError, match="only a container or a process"):
        await desk.answer(Zoom())
    await desk.answer(Zoom(container_id=WEB))
    await desk.answer(ListEvents(pid=7, start=5))
    health = sensor.health()
    assert watched == [WEB, (7, 5)], "who looks at events of somebody wants all of them"
    assert [(row.container_id, row.pid) for row in health.zooms] == [(WEB, 0), ("", 7)]
    assert (health.zoomed, health.zoom_held_back) == (12, 3)
    await desk.answer(Zoom(container_id=WEB, on=False))
    assert len(sensor.health().zooms) == 1
    await sensor.run()


async def test_front_ends_are_told_that_something_changed(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected, [execve("sh")], ends=False)
    pulses: asyncio.Queue[int] = asyncio.Queue()
    sensor.on_pulse = lambda pulse: pulses.put_nowait(pulse.alerts)
    running = asyncio.create_task(sensor.run())
    async with asyncio.timeout(PATIENCE):
        while await pulses.get() != 1:
            pass
    stacks = await Desk(sensor).answer(ListStacks())
    assert isinstance(stacks, Stacks)
    assert [(row.rule, row.count) for row in stacks.rows] == [("Shell", 1)]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("headless", [False, True])
async def test_where_no_front_end_can_ask_nothing_is_measured_for_one(
    rules: Path, collected: Collected, headless: bool
) -> None:
    """What else is done once a second is done all the same: a mute ends."""
    sensor = sensor_of(rules, collected)
    sensor.headless = headless
    healths: list[Health] = []
    sensor.on_pulse = lambda pulse: healths.append(pulse.health) if pulse.health else None
    sensor.feed([execve("sh")])
    await sensor.store.set_state(SetState([1], "muted", until=1))
    for _ in range(3):
        await sensor._look_after()
    assert (len(healths), len(sensor.history.samples())) == ((0, 0) if headless else (3, 2))
    assert [row.state for row in (await sensor.store.stacks(ListStacks())).rows] == ["new"]


async def test_only_a_replay_can_be_steered(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    with pytest.raises(TiercelError, match="only a replay"):
        await Desk(sensor).answer(Control(paused=True))
    await sensor.run()


async def test_a_runtime_that_comes_and_goes_is_told_once_each(rules: Path, collected: Collected) -> None:
    states = [RuntimeState(time=at, connected=connected) for at, connected in enumerate((False, False, True, False))]
    sensor = sensor_of(rules, collected, states)
    told: list[bool] = []
    sensor.on_runtime = lambda state: told.append(state.connected)
    await sensor.run()
    assert told == [False, True, False]


def test_the_containers_that_lost_something_have_a_bound_and_nothing_is_lost_of_the_sum() -> None:
    vitals = Vitals("host")
    vitals.lose(Loss(time=0, count=3, cause="ring full"))
    for number in range(5 * MAX_LOSERS):
        count = 1000 if number == 7 else 1
        vitals.lose(Loss(time=0, count=count, cause="ring full", container_id=f"{number:064x}"))
        assert len(vitals.lost_by_container) <= MAX_LOSERS + 1
    assert vitals.lost_by_container.total() == vitals.lost == 5 * MAX_LOSERS + 999 + 3
    assert vitals.lost_by_container[f"{7:064x}"] == 1000, "who lost most is named"
    assert vitals.lost_by_container[HOST] == 3
    assert vitals.lost_by_container[OTHER] > 3 * MAX_LOSERS


def test_a_wall_clock_that_is_set_does_not_make_the_sensor_late() -> None:
    """The event is of just now; the wall clock has been set forward by a year since it was told what the time is."""
    vitals = Vitals("host")
    vitals.enter(SourceState(time=0, phase=Phase.LIVE))
    year = 365 * 24 * 3600 * 10**9
    vitals.age(event("openat", 1, at=time.time_ns() - T0 - year, since_boot=since_boot()))
    assert vitals.lag_ns < year // 2
    vitals.age(event("openat", 1, at=time.time_ns() - T0, since_boot=since_boot() - year))
    assert vitals.lag_ns >= year


async def test_what_a_snapshot_ends_is_ended_after_what_has_come_since(rules: Path, collected: Collected) -> None:
    """The exits of thousands were lost: events do not wait until all of them have been ended."""
    many = [process_info(pid, ppid=pid // 2) for pid in range(1, 5001)]
    lost: list[Input] = [snapshot(*many, since_boot=10), snapshot(many[0], since_boot=20), execve("sh", pid=9000)]
    sensor = sensor_of(rules, collected, lost, ends=False)
    running = asyncio.create_task(sensor.run())
    seen: list[tuple[int, int]] = []
    async with asyncio.timeout(PATIENCE):
        while not seen or seen[-1] != (1, 2):
            await asyncio.sleep(0)
            seen.append((sensor.store.newest, sensor.world.processes.living))
    assert (1, 5001) in seen
    running.cancel()


async def test_at_the_end_of_a_recording_nothing_is_left_to_be_done(rules: Path, collected: Collected) -> None:
    many = [process_info(pid, ppid=pid // 2) for pid in range(1, 5001)]
    sensor = sensor_of(rules, collected, [snapshot(*many, since_boot=10), snapshot(many[0], since_boot=20)])
    await sensor.run()
    assert (sensor.world.processes.living, len(sensor.world.chores)) == (1, 0)

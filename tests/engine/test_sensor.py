"""The whole path of an event through the engine, with a list in the place of the kernel."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from engine.alerts import DROP_RULE, Priority
from engine.drops import CAUSES, OTHER_NAME
from engine.errors import TiercelError
from engine.events import (
    HOST,
    OTHER,
    ContainerInfo,
    Input,
    KernelEvent,
    Loss,
    Phase,
    ProcessInfo,
    RuntimeState,
    SourceState,
)
from engine.health import MAX_LOSERS, Vitals
from engine.protocol import (
    AddException,
    Control,
    Explain,
    GetHealth,
    Health,
    HealthReply,
    ListEvents,
    ListRules,
    ListStacks,
    ProposeExceptions,
    ReloadRules,
    Rules,
    SetRule,
    SetRules,
    SetState,
    Stacks,
    Zoom,
)
from engine.rules.load import load
from engine.scrub import scrub_struct
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.sinks.fanout import Fanout
from engine.state.clock import since_boot
from engine.store import AlertStore
from probes.docker.api import info_of_inspect
from probes.recordings.recorder import Recorder
from tests.helpers.collected import Collected
from tests.helpers.patience import PATIENCE
from tests.helpers.sources import ListSource
from tests.helpers.world import T0, event, process_info, snapshot

WEB = "a" * 64
SECOND = 10**9
RULES = """
- rule: Shell
  desc: A shell was started.
  condition: evt.type = execve and proc.name = sh
  output: Shell (user=%user.name command=%proc.cmdline)
  priority: Notice
  tags: [T1059]
- rule: In web
  desc: Something ran in web.
  condition: evt.type = execve and container.name = web
  output: Ran in web (image=%container.image.repository)
  priority: Warning
"""


def execve(name: str, *, time: int = SECOND, container: str = "", pid: int = 100) -> KernelEvent:
    info = ProcessInfo(pid=pid, start=5, ppid=1, comm=name, exe=name, exepath=f"/bin/{name}", container_id=container)
    return KernelEvent(
        time=time, type="execve", pid=pid, tid=pid, start=5, ppid=1, comm=name, uid=0, gid=0, res=0,
        container_id=container, process=info,
    )  # fmt: skip


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture
def collected() -> Collected:
    return Collected()


def sensor_of(rules: Path, collected: Collected, *batches: Sequence[Input], ends: bool = True) -> Sensor:
    source = ListSource(*batches, ends=ends)
    store = AlertStore(rules.parent / "alerts.db")
    return Sensor(
        [source], load([rules]), store, load_rules=lambda: load([rules]), hostname="lab", sinks=Fanout([collected])
    )


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


async def test_what_still_waits_at_the_end_is_judged_all_the_same(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected, [RuntimeState(time=0, connected=True), execve("sh", container=WEB)])
    await sensor.run()
    assert [alert.rule for alert in collected.alerts] == ["Shell"]
    assert collected.alerts[0].output_fields["container.id"] == WEB[:12]


async def test_a_rule_that_is_off_is_silent_and_no_longer_asked_for(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    source = sensor.sources[0]
    assert isinstance(source, ListSource)
    desk = Desk(sensor)
    await desk.answer(SetRule(name="Shell", enabled=False))
    await desk.answer(SetRule(name="In web", enabled=False))
    sensor.feed([execve("sh")])
    assert sensor.hits.count.total() == 0
    assert "execve" not in source.selected[-1]
    await desk.answer(SetRule(name="Shell", enabled=True))
    sensor.feed([execve("sh", time=3 * SECOND)])
    assert sensor.hits.count["Shell"] == 1
    assert "execve" in source.selected[-1]
    await sensor.run()


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (SetRules(enabled=False, tag="T1059"), ["In web"]),
        (SetRules(enabled=False, priority=Priority.WARNING), ["Shell"]),
        (SetRules(enabled=False, file="rules.yaml"), []),
        (SetRules(enabled=False, names=["Shell"]), ["In web"]),
        (SetRules(enabled=False, file="rules.yaml", priority=Priority.NOTICE), ["In web"]),
    ],
)
async def test_rules_are_switched_by_what_they_have(
    rules: Path, collected: Collected, asked: SetRules, left: list[str]
) -> None:
    sensor = sensor_of(rules, collected)
    asked.file = asked.file and str(rules)
    switched: list[str] = []
    sensor.on_switched = lambda rule: switched.append(rule.name)
    await Desk(sensor).answer(asked)
    assert [rule.name for rule in sensor.rules.rules if rule.enabled] == left
    assert sorted([*switched, *left]) == ["In web", "Shell"]
    await sensor.run()


@pytest.mark.parametrize("asked", [SetRules(enabled=False), SetRules(enabled=False, tag="T1059", file="elsewhere")])
async def test_nothing_is_switched_that_was_not_meant(rules: Path, collected: Collected, asked: SetRules) -> None:
    sensor = sensor_of(rules, collected)
    with pytest.raises(TiercelError, match="no such rules"):
        await Desk(sensor).answer(asked)
    assert all(rule.enabled for rule in sensor.rules.rules)
    await sensor.run()


async def test_a_broken_reload_leaves_the_running_rules_in_force(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    desk = Desk(sensor)
    rules.write_text("- rule: Shell\n  condition: proc.nmae = sh\n")
    with pytest.raises(TiercelError, match=r"rules\.yaml:\d+:\d+: ") as failure:
        await desk.answer(ReloadRules())
    assert "the old rules stay in force" in failure.value.hint
    sensor.feed([execve("sh")])
    assert sensor.hits.count["Shell"] == 1
    health = await desk.answer(GetHealth())
    assert isinstance(health, HealthReply)
    lines = scrub_struct(health.health).rule_problems
    assert any("rules.yaml" in line for line in lines)
    assert not any("\\n" in line for line in lines)
    await sensor.run()


async def test_a_broken_reload_names_the_first_place_and_counts_the_others(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    rules.write_text(RULES.replace("condition: ", "condition: proc.nmae = sh and "))
    with pytest.raises(TiercelError, match=r"rules\.yaml:\d+:\d+: .*proc\.nmae") as failure:
        await Desk(sensor).answer(ReloadRules())
    assert failure.value.hint.endswith("the old rules stay in force; all 2 in Health (6)")
    lines = sensor.vitals.rule_problems
    source, caret = next(pair for pair in itertools.pairwise(lines) if pair[1].strip() == "^")
    assert source[caret.index("^") :].startswith("proc.nmae")
    await sensor.run()


async def test_a_reload_keeps_the_switches_set_by_hand(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    desk = Desk(sensor)
    await desk.answer(SetRule(name="Shell", enabled=False))
    await desk.answer(ReloadRules())
    reply = await desk.answer(ListRules())
    assert isinstance(reply, Rules)
    assert {row.name: row.enabled for row in reply.rows} == {"Shell": False, "In web": True}
    await sensor.run()


async def test_a_rule_that_cannot_be_judged_says_why_and_counts_as_none_that_is_on(
    rules: Path, collected: Collected
) -> None:
    rules.write_text(RULES.replace("proc.name = sh", "proc.name = sh and evt.latency > 5"))
    sensor = sensor_of(rules, collected)
    desk = Desk(sensor)
    reply, health = await desk.answer(ListRules()), await desk.answer(GetHealth())
    assert isinstance(reply, Rules)
    assert isinstance(health, HealthReply)
    why = {row.name: row.unserved for row in reply.rows}
    assert why["Shell"].startswith("evt.latency: ")
    assert why["In web"] == ""
    assert health.health.rules_enabled == 1
    await sensor.run()


async def test_a_reload_takes_what_the_files_switch(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    rules.write_text(RULES.replace("- rule: Shell", "- rule: Shell\n  enabled: false"))
    await Desk(sensor).answer(ReloadRules())
    sensor.feed([execve("sh")])
    assert sensor.hits.count.total() == 0
    await sensor.run()


async def test_a_rule_that_is_not_there_cannot_be_switched(rules: Path, collected: Collected) -> None:
    sensor = sensor_of(rules, collected)
    with pytest.raises(TiercelError, match="no rule 'Shel'"):
        await Desk(sensor).answer(SetRule(name="Shel", enabled=True))
    await sensor.run()


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


async def test_a_source_that_fails_is_a_state_and_the_others_go_on(rules: Path, collected: Collected) -> None:
    class Broken(ListSource):
        name = "broken"

        async def run(self, emit: object) -> None:
            raise TiercelError("no such kernel", hint="boot another")

    sensor = sensor_of(rules, collected, [execve("sh")])
    sensor.sources = (Broken(), *sensor.sources)
    await sensor.run()
    assert len(collected.alerts) == 1
    assert sensor.health().problems[0].what == "no such kernel"


async def test_a_bug_costs_one_event_and_is_counted_and_told_once(rules: Path, collected: Collected) -> None:
    garbled = execve("sh")
    msgspec.structs.force_setattr(garbled, "args", None)  # what no source ever says
    rules.write_text(RULES.replace("proc.name = sh", "not evt.arg.filename exists and proc.name = sh"))
    sensor = sensor_of(rules, collected, [garbled, garbled, execve("sh", time=2 * SECOND)])
    await sensor.run()
    assert [alert.time for alert in collected.alerts] == [2 * SECOND]
    health = sensor.health()
    assert health.lost_by_cause == {"internal error": 2}
    assert len(health.problems) == 1
    assert health.problems[0].hint == "please report it; detection goes on"


class _BugError(Exception):
    pass


def _fails(*_args: object, **_kwargs: object) -> None:
    raise _BugError


@pytest.mark.parametrize(
    ("part", "step"),
    [
        ("shells", "mark"),
        ("shells", "settle"),
        ("hits", "note"),
        ("world", "note_alert"),
        ("flight", "note"),
        ("zooms", "note"),
        ("recorder", "write"),
        ("recorder", "write_alerts"),
    ],
)
async def test_a_bug_behind_an_alert_costs_neither_alerts_nor_the_source(
    rules: Path, collected: Collected, monkeypatch: pytest.MonkeyPatch, part: str, step: str
) -> None:
    sensor = sensor_of(rules, collected, [execve("sh")], [execve("sh", time=2 * SECOND, pid=101)])
    sensor.recorder = Recorder(rules.parent / "kept.tiercel")
    monkeypatch.setattr(getattr(sensor, part), step, _fails)
    await sensor.run()
    assert sensor.failure is None
    assert [alert.id for alert in collected.alerts] == [1, 2]
    assert [(await sensor.store.alert(number)).time for number in (1, 2)] == [SECOND, 2 * SECOND]
    assert sensor.vitals.lost_by_cause == {"internal error": 2}
    assert len(sensor.vitals.problems) == 1, "told once"


async def test_a_bug_in_who_is_told_of_docker_costs_no_event_that_it_releases(
    rules: Path, collected: Collected
) -> None:
    """The terminal that is told is broken, and Docker is gone: what waited for it is judged now or never."""
    come, gone = RuntimeState(time=0, connected=True), RuntimeState(time=2 * SECOND, connected=False)
    sensor = sensor_of(rules, collected, [come, execve("sh", container=WEB)], [gone])
    sensor.on_runtime = _fails
    await sensor.run()
    assert [alert.rule for alert in collected.alerts] == ["Shell"]
    assert sensor.vitals.lost_by_cause == {"internal error": 2}, "it was told twice"
    assert sensor.vitals.runtime == gone


async def test_a_bug_in_the_naming_keeps_nothing_else_from_being_done_each_second(
    rules: Path, collected: Collected
) -> None:
    """The daemon answers too late, and nonsense: an image that is a number cannot be kept with the alert."""
    sensor = sensor_of(rules, collected, [RuntimeState(time=0, connected=True), execve("sh", container=WEB)])
    await sensor.run()
    await sensor.store.set_state(SetState([1], "muted", until=1))
    sensor.feed([info_of_inspect({"Id": WEB, "Name": "/web", "Config": {"Image": 7}}, 2 * SECOND)])
    with pytest.raises(TypeError):
        await sensor.naming.look()
    for _ in range(2):
        await sensor._look_after()
    assert [row.state for row in (await sensor.store.stacks(ListStacks())).rows] == ["new"], "its mute is over"
    assert len(sensor.vitals.problems) == 1, "told once"


async def test_a_bug_in_the_look_for_own_shells_costs_no_event(
    rules: Path, collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensor = sensor_of(rules, collected, [execve("sh")])
    sensor.shells.expect(WEB, "somebody")
    monkeypatch.setattr(sensor.shells, "note", _fails)
    await sensor.run()
    assert [alert.rule for alert in collected.alerts] == ["Shell"]
    assert sensor.vitals.lost_by_cause == {"internal error": 1}


async def test_a_store_with_a_bug_costs_no_sink_its_alerts(
    rules: Path, collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensor = sensor_of(rules, collected, [execve("sh"), execve("sh", time=2 * SECOND, pid=101)])
    monkeypatch.setattr(sensor.store, "add", _fails)
    await sensor.run()
    assert (sensor.failure, [alert.time for alert in collected.alerts]) == (None, [SECOND, 2 * SECOND])


async def test_an_alert_that_cannot_be_stored_costs_no_other(rules: Path, collected: Collected) -> None:
    """A time that no column holds, as a bug in a source could tell it."""
    odd = execve("sh", time=1 << 63, pid=102)
    sensor = sensor_of(rules, collected, [execve("sh"), odd, execve("sh", time=2 * SECOND, pid=101)])
    sensor.store.report = sensor.vitals.report
    await sensor.run()
    assert sorted(alert.time for alert in collected.alerts) == [SECOND, 2 * SECOND, 1 << 63]
    kept = await Desk(sensor).answer(ListStacks())
    assert isinstance(kept, Stacks)
    assert ([row.count for row in kept.rows], sensor.store.dropped) == ([2], 1)
    assert any("not one that can be kept" in problem.what for problem in sensor.vitals.problems)


async def test_a_chore_with_a_bug_does_not_keep_the_sinks_from_their_last_alerts(
    rules: Path, collected: Collected
) -> None:
    done: list[str] = []

    def broken() -> Iterator[None]:
        yield
        raise _BugError

    def whole() -> Iterator[None]:
        done.append("whole")
        yield

    sensor = sensor_of(rules, collected, [execve("sh")])
    sensor.world.chores.add(broken())
    sensor.world.chores.add(whole())
    await sensor.run()
    assert ([alert.rule for alert in collected.alerts], done) == (["Shell"], ["whole"])
    assert sensor.vitals.lost_by_cause == {"internal error": 1}


async def test_a_source_with_a_bug_is_reported_and_the_others_go_on(rules: Path, collected: Collected) -> None:
    class Buggy(ListSource):
        name = "buggy"

        async def run(self, emit: object) -> None:
            raise KeyError("Id")

    sensor = sensor_of(rules, collected, [execve("sh")])
    sensor.sources = (Buggy(), *sensor.sources)
    await sensor.run()
    assert len(collected.alerts) == 1
    assert sensor.failure is not None
    assert "buggy has ended by an internal error" in sensor.failure.message


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

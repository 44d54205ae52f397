"""What a bug or a failure costs: the event or step that it is in, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engine.errors import TiercelError
from engine.events import RuntimeState
from engine.protocol import ListStacks, SetState, Stacks
from engine.service.desk import Desk
from probes.docker.api import info_of_inspect
from probes.recordings.recorder import Recorder
from tests.helpers.collected import Collected
from tests.helpers.listed import RULES, SECOND, WEB, execve, sensor_of
from tests.helpers.sources import ListSource


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

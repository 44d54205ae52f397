"""A machine that is suspended, and whose wall clock is set: state is right, nothing is lost, no time is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import Input, KernelEvent, Phase, Snapshot, SourceState
from engine.state.event import Event
from engine.state.table import KEEP_EXITED
from engine.state.world import World
from tests.helpers.world import DB, MS, SECOND, T0, WEB, docker, docker_connected, event, process_info

PLACES = ("", WEB, DB)
HOUR = 3600 * SECOND


@dataclass
class Machine:
    """Its clocks, who lives on it, and what its sources say. ``world`` is told all of it."""

    boot: int = 1000 * SECOND
    offset: int = T0
    world: World = field(default_factory=World)
    living: dict[int, str] = field(default_factory=dict)
    walls: dict[int, int] = field(default_factory=dict)
    """By event, the wall clock when it happened."""
    judged: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tell(SourceState(time=0, phase=Phase.REPLAYING))
        self.tell(docker_connected())
        self.tell(self.snapshot())

    @property
    def wall(self) -> int:
        return self.boot + self.offset

    def tell(self, one: Input) -> None:
        self.judged += self.world.apply(one)

    def snapshot(self) -> Snapshot:
        infos = [process_info(pid, container_id=place) for pid, place in self.living.items()]
        return Snapshot(time=self.wall, since_boot=self.boot, processes=[process_info(1, ppid=0), *infos])

    def happens(self, kind: str, pid: int, **more: Any) -> None:
        self.boot += MS
        number = len(self.walls)
        self.walls[number] = self.wall
        facts = {"container_id": self.living.get(pid, ""), "args": {"name": str(number)}} | more
        self.tell(event(kind, pid, self.wall - T0, since_boot=self.boot, res=3, **facts))

    def step(self, act: str, which: int, amount: int) -> None:
        pids = sorted(self.living) or [1]
        pid = pids[which % len(pids)]
        match act:
            case "begins":
                self._begins(PLACES[which % len(PLACES)])
            case "does":
                self.happens("openat", pid)
            case "ends" if pid != 1:
                self.happens("procexit", pid, args={"status": 0, "name": str(len(self.walls))})
                del self.living[pid]
            case "vanishes" if pid != 1:  # its exit was lost
                del self.living[pid]
                self.boot += MS
                self.tell(self.snapshot())
            case "answer":
                info = docker(PLACES[1 + which % 2])
                info.time = self.wall
                self.tell(info)
            case "tick":
                self.boot += SECOND
                self.judged += self.world.expire(self.boot)
                self.world.chores.finish()
            case "suspend":
                self.boot += amount
            case "set":
                self.offset += amount - HOUR

    def _begins(self, place: str) -> None:
        pid = 100 + len(self.walls)
        self.living[pid] = place
        info = process_info(pid, container_id=place)
        self.happens("execve", pid, process=info, args={"filename": "/bin/sh", "name": str(len(self.walls))})


ACTS = ("begins", "does", "does", "ends", "vanishes", "answer", "tick")
Steps = list[tuple[str, int, int]]


def steps(*more: str) -> st.SearchStrategy[Steps]:
    act = st.sampled_from([*ACTS, *more, *more])
    return st.lists(st.tuples(act, st.integers(0, 9), st.integers(0, 2 * HOUR)), max_size=40)


def after(history: Steps) -> Machine:
    machine = Machine()
    for step in history:
        machine.step(*step)
    return machine


def number_of(one: Event) -> int:
    return int(one.kernel.args["name"])


@given(steps("suspend", "set"))
@settings(max_examples=200, deadline=None)
def test_nobody_is_taken_for_dead_nothing_is_lost_and_no_time_is_wrong(history: Steps) -> None:
    machine = after(history)
    processes = machine.world.processes
    assert {one.pid for one in processes if not one.exit_time} == {1, *machine.living}
    assert {place for place in machine.living.values() if place} <= {one.id for one in machine.world.containers}
    machine.judged += machine.world.release()
    assert sorted(map(number_of, machine.judged)) == list(machine.walls)
    for place in PLACES:
        there = [number_of(one) for one in machine.judged if one.kernel.container_id == place]
        assert there == sorted(there)
    assert all(one.kernel.time == machine.walls[number_of(one)] for one in machine.judged)


@given(steps("set"))
@settings(max_examples=200, deadline=None)
def test_a_wall_clock_that_is_set_changes_times_and_nothing_else(history: Steps) -> None:
    def told(machine: Machine) -> list[object]:
        judged = [
            (number_of(one), one.process.name, one.container and one.container.complete) for one in machine.judged
        ]
        kept = sorted((one.pid, bool(one.exit_time)) for one in machine.world.processes)
        return [judged, kept, sorted(one.id for one in machine.world.containers), machine.world.waiting]

    assert told(after(history)) == told(after([step for step in history if step[0] != "set"]))


def test_after_a_suspend_what_is_old_is_forgotten_and_who_lives_is_not() -> None:
    machine = after([("begins", 1, 0), ("begins", 2, 0), ("ends", 0, 0), ("suspend", 0, KEEP_EXITED), ("tick", 0, 0)])
    assert {one.pid for one in machine.world.processes} == {1, *machine.living}
    assert isinstance(machine.judged[0].kernel, KernelEvent) and len(machine.judged) == 3

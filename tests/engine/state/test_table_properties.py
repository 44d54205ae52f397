"""The process table against a slow and plain model, under histories as a kernel with several CPUs delivers them.

A history is what really happened: forks, execs, exits, reuse of pids. Its events then arrive out of order, or not
at all: a clone may come after anything that the child did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import KernelEvent, Snapshot
from engine.state.processes import Process
from engine.state.table import KEEP_EXITED, MAX_LINEAGE, ProcessTable
from tests.helpers.world import T0, clone, event, execve, process_info, procexit, snapshot

PIDS = range(2, 12)
TICK = 50
"""Starts are known to the clock tick: a parent and its child may have the same one."""


@dataclass
class Truth:
    """What really happened to one process."""

    pid: int
    start: int
    parent: Truth | None
    name: str
    alive: bool = True
    events: list[KernelEvent] = field(default_factory=list)

    @property
    def key(self) -> tuple[int, int]:
        return (self.pid, self.start)


class History:
    """A plain model of a kernel: a list of processes, and the events it would report, in their true order."""

    def __init__(self) -> None:
        self.now = 10
        init = Truth(1, 0, None, "init")
        self.all = [init]
        self.events: list[tuple[Truth, KernelEvent]] = []
        self.pids = PIDS

    @property
    def living(self) -> list[Truth]:
        return [one for one in self.all if one.alive]

    def tick(self) -> int:
        self.now += 10
        return self.now

    def fork(self, parent: Truth) -> None:
        at = self.tick()
        start = at - at % TICK
        taken = {one.pid for one in self.all if one.alive or one.start == start}
        pid = next((pid for pid in self.pids if pid not in taken), None)
        if pid is None:
            return
        child = Truth(pid, start, parent, parent.name)
        self.all.append(child)
        self._report(
            parent,
            clone(parent.pid, pid, at, start=parent.start, child_start=start, comm=parent.name, ppid=_ppid(parent)),
        )

    def exec(self, process: Truth, name: str) -> None:
        process.name = name
        self._report(process, execve(process.pid, f"/bin/{name}", at=self.tick(), **_who(process)))

    def touch(self, process: Truth) -> None:
        self._report(process, event("openat", process.pid, self.tick(), comm=process.name, **_who(process)))

    def exit(self, process: Truth) -> None:
        if process.parent is not None:
            process.alive = False
            self._report(process, procexit(process.pid, self.tick(), comm=process.name, **_who(process)))

    def _report(self, process: Truth, reported: KernelEvent) -> None:
        self.events.append((process, reported))


def _ppid(process: Truth) -> int:
    """As the kernel has it: an orphan has been given to init."""
    return process.parent.pid if process.parent is not None and process.parent.alive else int(process.pid != 1)


def _who(process: Truth) -> dict[str, int]:
    return {"start": process.start, "ppid": _ppid(process)}


@st.composite
def histories(draw: st.DrawFn) -> History:
    history = History()
    _go_on(draw, history)
    _set_clock(history, draw(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=3)))
    return history


def _go_on(draw: st.DrawFn, history: History) -> None:
    for act, which in draw(st.lists(st.tuples(st.sampled_from("fffextq"), st.integers(0, 99)), max_size=60)):
        living = history.living
        process = living[which % len(living)]
        match act:
            case "f":
                history.fork(process)
            case "e" | "x":
                history.exec(process, draw(st.sampled_from(["cat", "sh", "nc"])))
            case "t":
                history.touch(process)
            case _:
                history.exit(process)


def _set_clock(history: History, offsets: list[int]) -> None:
    """Somebody sets the wall clock, forward or back; the time since boot goes on."""
    for n, (_, reported) in enumerate(history.events):
        reported.since_boot = reported.time - T0
        reported.time += offsets[n * len(offsets) // len(history.events)]


def feed(events: list[KernelEvent], *, max_exited: int = 1000) -> ProcessTable:
    table = ProcessTable(max_exited=max_exited)
    table.snapshot(snapshot(process_info(1, 0, 0, comm="init"), since_boot=1))
    for one in events:
        take(table, one)
    return table


def take(table: ProcessTable, one: KernelEvent) -> None:
    process = table.observe(one)
    handlers = {"clone": table.clone, "execve": table.exec, "procexit": table.exit}
    if one.type in handlers:
        handlers[one.type](one, process)


def check_invariants(table: ProcessTable) -> None:
    """What holds whatever arrived."""
    processes = list(table)
    assert table.living == sum(not one.exit_time for one in processes)
    assert table.population == Counter(one.container_id for one in processes if not one.exit_time)
    for one in processes:
        assert table.get(*one.key) is one
        assert (one.children or set()) == {other for other in processes if other.parent is one}
        assert len(list(one.ancestors())) <= MAX_LINEAGE + table.living
        assert all(above.start <= one.start for above in one.ancestors())
        assert all(table.get(*above.key) is above for above in one.ancestors())


def lineage(process: Process) -> list[tuple[int, int]]:
    return [one.key for one in (process, *process.ancestors())]


def true_lineage(process: Truth | None) -> list[tuple[int, int]]:
    return [] if process is None else [process.key, *true_lineage(process.parent)]


@given(histories())
@settings(max_examples=150, deadline=None)
def test_in_order_the_table_is_the_truth(history: History) -> None:
    table = feed([reported for _, reported in history.events])
    check_invariants(table)
    assert len(table) == len(history.all)
    for truth in history.all:
        process = table.get(*truth.key)
        assert process is not None
        assert (process.name, not process.exit_time) == (truth.name, truth.alive)
        assert lineage(process) == true_lineage(truth)


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_out_of_order_the_end_is_the_same(history: History, random: Random) -> None:
    """Each process's events in their order, but those of different processes mixed at will."""
    queues: dict[tuple[int, int], list[KernelEvent]] = {}
    for truth, reported in history.events:
        queues.setdefault(truth.key, []).append(reported)
    mixed: list[KernelEvent] = []
    while queues:
        key = random.choice(sorted(queues))
        mixed.append(queues[key].pop(0))
        if not queues[key]:
            del queues[key]
    table = feed(mixed)
    check_invariants(table)
    for truth in history.all:
        process = table.get(*truth.key)
        assert process is not None
        assert (process.name, not process.exit_time) == (truth.name, truth.alive)
        assert lineage(process) == true_lineage(truth)


@given(histories(), st.lists(st.booleans(), max_size=60), st.randoms(use_true_random=False), st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_lost_and_shuffled_events_break_nothing(history: History, lost: list[bool], random: Random, room: int) -> None:
    events = [one for (_, one), gone in zip(history.events, lost + [False] * 99, strict=False) if not gone]
    random.shuffle(events)
    table = feed(events, max_exited=room)
    check_invariants(table)
    table.expire(2 * KEEP_EXITED)
    check_invariants(table)
    needed = {above.key for one in table if not one.exit_time for above in (one, *one.ancestors())}
    assert {one.key for one in table} == needed


@dataclass
class Doubt:
    """Of what happened before some was lost; then /proc told who lived; ``after`` happened while that was taken in."""

    before: list[KernelEvent]
    found: Snapshot
    after: list[KernelEvent]
    truth: History


@st.composite
def doubts(draw: st.DrawFn) -> Doubt:
    history = History()
    _go_on(draw, history)
    lost = draw(st.lists(st.booleans(), max_size=60))
    before = [one for (_, one), gone in zip(history.events, lost + [False] * 99, strict=False) if not gone]
    living = draw(st.permutations(history.living))
    infos = [process_info(one.pid, one.start, _ppid(one), comm=one.name, exepath=f"/bin/{one.name}") for one in living]
    found, count = snapshot(*infos, at=history.tick()), len(history.events)
    history.pids = range(100, 200)  # the kernel goes round its pids: none is used again so soon
    _go_on(draw, history)
    return Doubt(before, found, [one for _, one in history.events[count:]], history)


def in_slices(table: ProcessTable, found: Snapshot, size: int) -> Iterator[None]:
    """The snapshot as the sensor takes it in; anything may happen where this yields."""
    for begin in range(0, len(found.processes), size):
        table.list(msgspec.structs.replace(found, processes=found.processes[begin : begin + size], more=True))
        yield
    yield from table.closing(found)


def told(table: ProcessTable) -> dict[tuple[int, int], tuple[str, bool, list[tuple[int, int]]]]:
    return {one.key: (one.name, not one.exit_time, lineage(one)) for one in table}


@given(doubts(), st.integers(1, 4), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_a_snapshot_in_slices_with_events_between_ends_as_one_taken_in_at_once(
    doubt: Doubt, size: int, random: Random
) -> None:
    plain, sliced = feed(doubt.before), feed(doubt.before)
    plain.snapshot(doubt.found)
    slices = in_slices(sliced, doubt.found, size)
    for one in doubt.after:
        take(plain, one)
        for _ in range(random.choice((0, 0, 1, 2, 9))):
            next(slices, None)
        take(sliced, one)
    for _ in slices:
        pass
    check_invariants(sliced)
    assert told(sliced) == told(plain)
    assert {one.key for one in sliced if not one.exit_time} == {one.key for one in doubt.truth.living}

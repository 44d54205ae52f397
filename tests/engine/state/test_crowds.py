"""Fork bombs and their kin: state stays right and bounded, and no event costs more because there are many."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import count
from random import Random

import pytest

from engine.events import KernelEvent
from engine.judging.judge import alert_of
from engine.state.processes import MAX_ANCESTORS, Process, ProcessKey
from engine.state.table import MAX_EXITED, MAX_EXITED_ANCESTORS, MAX_LINEAGE, SHORT_LINEAGE
from engine.state.world import World
from tests.helpers.rule_files import rule, rules
from tests.helpers.steps import steps
from tests.helpers.world import WEB, clone, event, execve, process_info, procexit, snapshot


class Kernel:
    """A plain model of who was started by whom, that tells a world of it."""

    def __init__(self) -> None:
        self.world = World()
        self.parents: dict[ProcessKey, ProcessKey | None] = {(1, 1): None}
        self._now = count(2)
        self._told(snapshot(process_info(1, 1, 0, comm="init")))

    def fork(self, parent: int) -> int:
        """A child of ``parent``; its pid, which is its start as well."""
        child = next(self._now)
        self.parents[child, child] = (parent, parent)
        self._told(clone(parent, child, child))
        return child

    def exit(self, pid: int) -> None:
        self._told(procexit(pid, next(self._now)))

    def chain(self, length: int, first: int = 1) -> list[int]:
        """Processes of which each has started the next; all live."""
        pids = [first]
        for _ in range(length):
            pids.append(self.fork(pids[-1]))
        return pids[1:]

    def alert(self, pid: int) -> list[ProcessKey]:
        """The lineage of an alert that this process causes."""
        (judged,) = self.world.apply(event("openat", pid, next(self._now)))
        return [(step.pid, step.start) for step in alert_of(_RULE, judged, "host").lineage]

    def ancestry(self, key: ProcessKey | None) -> list[ProcessKey]:
        """What happened: the process, its parent and so on."""
        found = []
        while key is not None:
            found.append(key)
            key = self.parents[key]
        return found

    @property
    def exited(self) -> int:
        return len(self.world.processes) - self.world.processes.living

    def _told(self, one: object) -> None:
        self.world.apply(one)  # type: ignore[arg-type]


_RULE = rules(rule("R"))["R"]


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


def is_in_order(some: Iterable[ProcessKey], of_all: Iterable[ProcessKey]) -> bool:
    rest = iter(of_all)
    return all(one in rest for one in some)


def test_a_fork_bomb_of_deep_and_wide_trees(kernel: Kernel) -> None:
    """100,000 forks: by the youngest (deep), by one of the first (wide), by anybody; they end in any order."""
    random, living, most = Random(5), [1], 0
    for n in range(100_000):
        parent = living[-1] if n % 3 else living[random.randrange(min(len(living), 1 + n % 50))]
        living.append(kernel.fork(parent))
        if len(living) > 1000:
            kernel.exit(living.pop(random.randrange(1, len(living))))
            most = max(most, kernel.exited)
    assert kernel.world.processes.living == len(living)
    assert MAX_EXITED < most <= 2 * MAX_EXITED + MAX_EXITED_ANCESTORS
    for pid in living[1:]:
        told, true = kernel.alert(pid), kernel.ancestry((pid, pid))
        assert told[0] == true[0]
        assert is_in_order(told, true), "nobody else's ancestors, and none out of place"
        assert told[:2] == true[:2], "the nearest is there"


def test_daemons_that_fork_twice_are_forgotten_a_few_at_a_time(kernel: Kernel) -> None:
    """A child that is forgotten leaves its parent behind as the next: never so many that the stack is too short."""
    table, most = kernel.world.processes, 0

    def take(end: KernelEvent) -> None:
        table.exit(end, table.observe(end))

    for n in range(MAX_EXITED + 200):
        parent = kernel.fork(1)
        child = kernel.fork(parent)
        kernel.exit(child)
        if n < MAX_EXITED - 100:
            kernel.exit(parent)
            continue
        end = procexit(parent, child + 10)
        most = max(most, steps(partial(take, end)))
    assert kernel.exited <= 2 * MAX_EXITED
    assert 0 < most < 200


def test_dead_trees_are_bounded_with_all_that_is_in_them(kernel: Kernel) -> None:
    """Of each chain only the end was without children, and only those were counted."""
    for _ in range(1_500):
        for pid in kernel.chain(30):
            kernel.exit(pid)
    assert kernel.exited <= MAX_EXITED_ANCESTORS + (SHORT_LINEAGE + 1) * 1_500


def test_the_exited_parents_of_many_that_live_are_bounded(kernel: Kernel) -> None:
    """A thousand live, each below thirty that have exited."""
    ends = []
    for _ in range(1_000):
        *parents, end = kernel.chain(31)
        ends.append(end)
        for pid in parents:
            kernel.exit(pid)
    assert kernel.exited <= MAX_EXITED_ANCESTORS + SHORT_LINEAGE * len(ends)
    assert kernel.world.bounds["ancestors left out"] > 0
    for end in ends:
        told, true = kernel.alert(end), kernel.ancestry((end, end))
        assert is_in_order(told, true) and told[:2] == true[:2] and told[-1] == (1, 1)


@pytest.mark.parametrize("bottom_up", [False, True])
def test_deep_chains_that_end_but_for_their_last_do_not_pile_up(kernel: Kernel, bottom_up: bool) -> None:
    """Nobody forks while they end, so nothing but the ends can shorten the row."""
    last = 1
    for _ in range(10):
        *row, end = kernel.chain(500, last)
        for pid in reversed(row) if bottom_up else row:
            kernel.exit(pid)
        if last != 1:
            kernel.exit(last)
        last = end
    assert kernel.exited <= MAX_LINEAGE
    assert is_in_order(kernel.alert(last), kernel.ancestry((last, last)))


def test_no_event_costs_more_the_deeper_its_process_is_nested(kernel: Kernel) -> None:
    def costs(pid: int) -> tuple[int, ...]:
        kept: list[int] = []
        return (
            steps(lambda: kept.append(kernel.fork(pid))),
            steps(lambda: kernel.alert(pid)),
            steps(lambda: kernel.world.apply(execve(kept[0], "/bin/a", at=kept[0] + 1))),
            steps(lambda: kernel.exit(kept[0])),
            steps(lambda: kernel.exit(pid)),
        )

    row = kernel.chain(4 * MAX_ANCESTORS)
    costs(row[MAX_ANCESTORS])  # what is made once for all of them is there from here on
    assert costs(row[2 * MAX_ANCESTORS]) == costs(row[4 * MAX_ANCESTORS - 10])
    assert kernel.world.bounds["processes nested too deep"] > 0


def test_no_exec_costs_more_for_ancestors_that_look_like_the_runtime(kernel: Kernel) -> None:
    """runc's own steps are left out of who entered a container; anybody may take their name."""

    def costs(pid: int) -> int:
        return steps(lambda: kernel.world.apply(execve(pid, "/bin/a", at=10**6, ppid=pid - 1, container_id=WEB)))

    row = kernel.chain(500)
    for pid in row:
        process = kernel.world.processes.get(pid, pid)
        assert process is not None
        process.name, process.exepath, process.container_id = "runc:[2:INIT]", "/tmp/runc", WEB
    costs(row[50])  # the container is known from here on
    assert costs(row[-1]) == costs(row[100])


def test_processes_that_start_in_one_tick_cost_no_more_either() -> None:
    """Starts are known to the tick; whether one descends from the other is looked up among those of the tick only."""
    world = World()
    world.apply(snapshot(process_info(1, 1, 0)))
    for pid in range(2, 3000):
        world.apply(clone(pid - 1, pid, pid, child_start=pid // 100 * 100 + 1, start=(pid - 1) // 100 * 100 + 1))
    one = clone(2999, 3000, 3000, child_start=3001, start=2901)
    assert steps(lambda: world.apply(one)) < 5 * MAX_ANCESTORS + 1000


def test_a_parent_of_ten_thousand_costs_no_more_than_one_of_two(kernel: Kernel) -> None:
    few, many = kernel.fork(1), kernel.fork(1)
    children = {few: [kernel.fork(few) for _ in range(2)], many: [kernel.fork(many) for _ in range(10_000)]}
    kernel.exit(children[few][0])
    kernel.exit(children[many][0])
    assert steps(lambda: kernel.exit(many)) <= steps(lambda: kernel.exit(few))


# ── a pid that is used again ────────────────────────────────────────────────────────────────────────────────────────


def process(world: World, pid: int, start: int) -> Process:
    found = world.processes.get(pid, start)
    assert found is not None
    return found


def told(world: World, *events: KernelEvent) -> World:
    for one in events:
        world.apply(one)
    return world


@pytest.fixture
def world() -> World:
    return World()


def test_a_pid_used_again_within_a_clock_tick_is_another_process(world: World) -> None:
    """Where nearly all pids are taken the next fork gets the one that has just become free: same pid, same start."""
    world.apply(snapshot(process_info(1, ppid=0), process_info(100), process_info(110)))
    told(world, clone(100, 200, 1000, uid=0), execve(200, "/bin/su", at=1001, ppid=100, uid=0))
    told(world, clone(200, 300, 1002, comm="su"), procexit(200, 1003, status=9, ppid=100, comm="su"))
    told(world, clone(110, 200, 1004, comm="nginx", uid=33, container_id=WEB))
    young = process(world, 200, 200)
    assert [one.pid for one in young.ancestors()] == [110, 1]
    assert (young.exit_time, young.exit_status, young.name) == (0, 0, "nginx")
    assert young.exepath == "/bin/sh", "what its own parent ran, not what the one before did"
    old = process(world, 300, 300).parent
    assert old is not None and old is not young
    assert (old.name, [one.pid for one in old.ancestors()]) == ("su", [100, 1])
    assert world.processes.living == 5


def test_what_is_left_of_a_reused_pid_goes_with_its_last_child(world: World) -> None:
    world.apply(snapshot(process_info(1, ppid=0)))
    told(world, clone(1, 200, 1000), clone(200, 300, 1001), procexit(200, 1002), clone(1, 200, 1003))
    told(world, procexit(300, 1004), procexit(200, 1005))
    world.processes.expire(10**30)
    assert [one.pid for one in world.processes] == [1]


def test_a_pid_used_again_as_a_parent_whose_exit_was_lost(world: World) -> None:
    """200 ended unheard, and a pid later somebody of that number forks: the new one is the parent."""
    world.apply(snapshot(process_info(1, ppid=0), process_info(100)))
    told(world, clone(100, 200, 1000), execve(200, "/bin/su", at=1001, ppid=100), clone(200, 201, 1002))
    told(
        world, event("openat", 200, 5000, start=4000, comm="nginx"), clone(200, 300, 5001, start=4000, child_start=5001)
    )
    assert [one.key for one in process(world, 300, 5001).ancestors()] == [(200, 4000), (1, 1)]
    assert [one.key for one in process(world, 201, 201).ancestors()] == [(200, 200), (100, 100), (1, 1)]
    assert process(world, 200, 200).exit_time and not process(world, 200, 4000).exit_time


# ── older than the sensor, and what was lost ────────────────────────────────────────────────────────────────────────


def test_a_fork_that_was_lost_leaves_the_exec_and_its_lineage(world: World) -> None:
    world.apply(snapshot(process_info(1, ppid=0), process_info(100)))
    told(world, execve(200, "/bin/nc", at=1000, ppid=100), event("openat", 200, 1001, ppid=100, comm="nc"))
    assert [one.pid for one in process(world, 200, 200).ancestors()] == [100, 1]


def test_an_exec_that_was_lost_leaves_the_parents_program_under_the_new_name(world: World) -> None:
    world.apply(snapshot(process_info(1, ppid=0), process_info(100, comm="bash", exepath="/bin/bash")))
    told(world, clone(100, 200, 1000, comm="bash"), event("openat", 200, 1001, ppid=100, comm="nc"))
    assert (process(world, 200, 200).name, process(world, 200, 200).exepath) == ("nc", "/bin/bash")


def test_an_orphan_keeps_who_started_it_and_a_subreaper_is_not_its_parent(world: World) -> None:
    world.apply(snapshot(process_info(1, ppid=0), process_info(90, comm="shim", exepath="/bin/shim")))
    told(world, clone(90, 100, 1000), clone(100, 200, 1001), procexit(100, 1002, ppid=90))
    told(world, event("openat", 200, 1003, ppid=90))
    assert [one.pid for one in process(world, 200, 200).ancestors()] == [100, 90, 1]


def test_an_orphan_from_before_the_sensor_descends_from_who_has_taken_it(world: World) -> None:
    """Nothing else can be known: /proc has only the subreaper, an init of a container or of the host."""
    world.apply(snapshot(process_info(1, ppid=0), process_info(90), process_info(200, ppid=90)))
    told(world, event("openat", 200, 1000, ppid=90))
    assert [one.pid for one in process(world, 200, 200).ancestors()] == [90, 1]

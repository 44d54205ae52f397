"""What the reading of the ring survives, and what it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.drops import CAUSES
from engine.errors import SourceError
from engine.events import Input, Loss
from probes.kernel.bpf_call import create_map
from probes.kernel.bpf_map import BpfMap, PerCpuMap
from probes.kernel.losses import Losses, added
from probes.kernel.upkeep import BLIND_SECONDS, LOOK_PERIOD, UNDELIVERED, Upkeep
from probes.kernel.wire import COUNTER, LOSS, LOSS_KEY
from probes.machine.cgroups import Cgroups
from probes.machine.snapshots import Snapshots
from tests.helpers.bpf import HASH, PERCPU_ARRAY
from tests.helpers.world import event


class Clock:
    """Seconds that pass when somebody says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def upkeep(clock: Clock, told: list[tuple[str, str]]) -> Upkeep:
    upkeep = Upkeep(Snapshots(Cgroups(), lambda: 0), clock)
    upkeep.report = lambda what, hint: told.append((what, hint))
    return upkeep


def records(limit: int) -> list[bytes]:
    return [b"record"] * limit


def refuses(_limit: int) -> list[bytes]:
    raise OSError(12, "Cannot allocate memory")


def read_all(upkeep: Upkeep, *drains: Callable[[int], list[bytes]]) -> list[int | None]:
    """How many records each gives."""
    found = (upkeep.read(drain, 2) for drain in drains)
    return [None if one is None else len(one) for one in found]


def test_a_ring_that_is_read_again_in_time_is_a_hiccup(
    upkeep: Upkeep, clock: Clock, told: list[tuple[str, str]]
) -> None:
    for _ in range(3):
        assert read_all(upkeep, refuses) == [None]
        clock.seconds += BLIND_SECONDS - 0.1
        assert read_all(upkeep, refuses, records) == [None, 2]
        clock.seconds += BLIND_SECONDS
    assert upkeep.failed == 6
    assert [what for what, _ in told] == ["the ring cannot be read: Cannot allocate memory"] * 3, "once each time"
    assert not any("detection goes on" in hint for _, hint in told), "it does not, without events"


def test_who_cannot_read_the_ring_any_more_has_failed(upkeep: Upkeep, clock: Clock) -> None:
    assert read_all(upkeep, records, refuses) == [2, None]
    clock.seconds += BLIND_SECONDS
    with pytest.raises(SourceError, match="the ring cannot be read: Cannot allocate memory"):
        upkeep.read(refuses, 2)


class Taker:
    """Takes what is emitted; ``refusals`` times it does not."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.taken: list[Input] = []

    def emit(self, inputs: Sequence[Input]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise KeyError("a bug")
        self.taken += inputs


@pytest.mark.parametrize(("refusals", "lost"), [(0, 0), (1, 3), (2, 3), (3, 6), (4, 6)])
def test_each_event_is_delivered_or_counted_as_lost(upkeep: Upkeep, refusals: int, lost: int) -> None:
    """Also where the loss itself is not taken: it is told with what comes next."""
    taker = Taker(refusals)
    for _ in range(4):
        upkeep.deliver(taker.emit, [event("openat", pid) for pid in range(3)])
    losses = [one for one in taker.taken if isinstance(one, Loss)]
    assert sum(loss.count for loss in losses) == lost
    assert {loss.cause for loss in losses} <= {UNDELIVERED}
    assert len(taker.taken) - len(losses) == 12 - lost
    assert upkeep.failed == refusals


def test_those_for_which_there_is_no_time_are_counted(upkeep: Upkeep, clock: Clock) -> None:
    taker, parts = Taker(0), [[b"record"] * 3, [b"record"] * 2, [b"record"] * 4]

    def inputs_of(part: list[bytes]) -> list[Input]:
        clock.seconds += 1.0
        return [event("openat", pid) for pid in range(len(part))]

    upkeep.deliver_until(clock.seconds + 2.0, taker.emit, parts, inputs_of)
    *events, loss = taker.taken
    assert len(events) == 5
    assert isinstance(loss, Loss)
    assert (loss.count, loss.cause) == (4, UNDELIVERED)


@dataclass
class Counted:
    """The kernel's counters of what was lost, of three cgroups."""

    table: BpfMap
    losses: Losses

    def lose(self, count: int, pid: int = 70, *, cgroups: Sequence[int] = (1,)) -> None:
        """So many in all by now, in each of these."""
        for cgroup in cgroups:
            self.table.update(LOSS_KEY.pack(cgroup, 8, 0), LOSS.pack(count, pid, 0, b"flood"))


@pytest.fixture
def counted() -> Iterator[Counted]:
    table = BpfMap(create_map(HASH, LOSS_KEY.size, LOSS.size, 10), LOSS_KEY.size, LOSS.size)
    counters = PerCpuMap(create_map(PERCPU_ARRAY, 4, COUNTER.size, 256), 4, COUNTER.size)
    yield Counted(table, Losses(table, counters, {(8, 1): "web", (8, 2): "db", (8, 3): "agent"}))
    table.close()
    counters.close()


@pytest.mark.live
@pytest.mark.asyncio
@pytest.mark.parametrize("refusals", range(4))
async def test_what_was_lost_is_told_whatever_is_behind_emit(
    upkeep: Upkeep, clock: Clock, counted: Counted, refusals: int
) -> None:
    """A bug there costs no count: it is told with what is found next."""
    taker = Taker(refusals)
    for count in (5, 7, 7, 7, 9):
        counted.lose(count, 70 + count)
        clock.seconds += LOOK_PERIOD
        await upkeep.look(counted.losses, taker.emit)
    told = [one for one in taker.taken if isinstance(one, Loss)]
    assert sum(one.count for one in told) == 9
    assert told[-1].pid == 79
    assert {(one.container_id, one.cause) for one in told} == {("web", CAUSES[0])}
    assert upkeep.failed == refusals


@pytest.mark.live
@pytest.mark.asyncio
async def test_it_is_looked_once_a_second(upkeep: Upkeep, clock: Clock, counted: Counted) -> None:
    """It costs a call for each map, however much was lost."""
    taker = Taker(0)
    for count, passed in ((1, 0.0), (2, LOOK_PERIOD / 2), (3, LOOK_PERIOD / 2)):
        clock.seconds += passed
        counted.lose(count)
        await upkeep.look(counted.losses, taker.emit)
    assert [one.count for one in taker.taken if isinstance(one, Loss)] == [1, 2]


class Choosy:
    """Takes one input after the other, until it meets one that it ``refuses``: the others before it are taken."""

    def __init__(self, refuses: Callable[[Loss], bool]) -> None:
        self.refuses = refuses
        self.taken: Counter[str] = Counter()

    def emit(self, inputs: Sequence[Input]) -> None:
        for one in inputs:
            assert isinstance(one, Loss)
            if self.refuses(one):
                raise KeyError("a bug")
            self.taken[one.container_id] += one.count


@pytest.mark.live
@pytest.mark.asyncio
@pytest.mark.parametrize("refused", sorted(product([False, True], repeat=4)))
async def test_what_is_refused_in_part_is_neither_lost_nor_told_twice(
    upkeep: Upkeep, clock: Clock, counted: Counted, refused: tuple[bool, ...]
) -> None:
    turns = iter(refused)
    taker = Choosy(lambda _: next(turns, False))
    for count in range(1, 7):
        counted.lose(count, cgroups=(1, 2, 3))
        clock.seconds += LOOK_PERIOD
        await upkeep.look(counted.losses, taker.emit)
    assert taker.taken == {"web": 6, "db": 6, "agent": 6}


@pytest.mark.live
@pytest.mark.asyncio
@pytest.mark.parametrize("never", ["web", "db", "agent"])
async def test_one_loss_that_is_never_taken_holds_up_no_other_and_is_told_once(
    upkeep: Upkeep, clock: Clock, counted: Counted, told: list[tuple[str, str]], never: str
) -> None:
    taker = Choosy(lambda one: one.container_id == never)
    counted.lose(9, cgroups=(1, 2, 3))
    for _ in range(3):
        clock.seconds += LOOK_PERIOD
        await upkeep.look(counted.losses, taker.emit)
    assert taker.taken == dict.fromkeys({"web", "db", "agent"} - {never}, 9)
    assert len(told) == 1


LOSSES = st.lists(st.builds(Loss, st.just(0), st.integers(1, 9), st.sampled_from("ab"), st.sampled_from("xyz")))


@given(st.lists(LOSSES, max_size=5))
def test_what_is_added_up_loses_no_count_and_has_a_bound(lists: list[list[Loss]]) -> None:
    together: list[Loss] = []
    for one in lists:
        together = added(together, one, most=4)
        assert len(together) <= 4
    for cause in "ab":
        counts = [sum(loss.count for loss in some if loss.cause == cause) for some in (*lists, together)]
        assert sum(counts[:-1]) == counts[-1]

"""Maps by bpf(2), on the real kernel."""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path

import msgspec
import pytest

from engine.drops import CAUSES
from engine.events import HOST, Loss
from engine.schema import EVENT_TYPES
from probes.kernel import bpf_batch
from probes.kernel.bpf_batch import first, parts
from probes.kernel.bpf_call import MAP_LOOKUP_BATCH, create_map
from probes.kernel.bpf_map import BpfMap, PerCpuMap, possible_cpus
from probes.kernel.counters import probe_rows
from probes.kernel.losses import Losses
from probes.kernel.spec import EVENT_INDEX
from probes.kernel.wire import COUNTER, LOSS, LOSS_KEY
from tests.helpers.bpf import HASH, PERCPU_ARRAY, unreadable

NO_COMMAND = 9_999
STACK_TRACE = 7
ENOTSUPP = 524


@pytest.fixture
def table() -> Iterator[BpfMap]:
    table = BpfMap(create_map(HASH, 4, 8, 10), 4, 8)
    yield table
    table.close()


@pytest.mark.live
def test_values_come_back(table: BpfMap) -> None:
    table.update(b"aaaa", b"12345678")
    table.update(b"bbbb", b"87654321")
    assert table.lookup(b"aaaa") == b"12345678"
    assert table.lookup(b"cccc") is None
    assert table.items() == {b"aaaa": b"12345678", b"bbbb": b"87654321"}
    table.delete(b"aaaa")
    table.delete(b"aaaa")
    assert list(table.keys()) == [b"bbbb"]


@pytest.mark.live
def test_what_the_kernel_refuses_is_an_error(table: BpfMap) -> None:
    for number in range(10):
        table.update(number.to_bytes(4, "little"), b"\0" * 8)
    with pytest.raises(OSError) as caught:
        table.update(b"full", b"\0" * 8)
    assert caught.value.errno == errno.E2BIG


@pytest.mark.live
def test_a_map_for_each_cpu_has_a_slot_for_each() -> None:
    table = PerCpuMap(create_map(PERCPU_ARRAY, 4, 12, 2), 4, 12)
    table.update(b"\1\0\0\0", b"".join(bytes([cpu]) * 16 for cpu in range(table.cpus)))
    assert [slot[:12] for slot in table.slots(b"\1\0\0\0")] == [bytes([cpu]) * 12 for cpu in range(table.cpus)]
    table.close()


@pytest.mark.live
def test_the_beginning_of_an_array_is_read_at_once() -> None:
    table = PerCpuMap(create_map(PERCPU_ARRAY, 4, 12, 9), 4, 12)
    for number in range(9):
        table.update(number.to_bytes(4, "little"), bytes([number]) * 16 * table.cpus)
    one_by_one = [table.slots(number.to_bytes(4, "little")) for number in range(7)]
    assert [table.split(value) for value in first(table, 7)] == one_by_one
    assert [value[0] for value in first(table, 9)] == list(range(9))
    table.close()


def count_calls(table: PerCpuMap, rows: int) -> list[tuple[int, int, int]]:
    """Counters of the probes, another for each row and processor; the sums of each row."""
    for row in range(rows):
        slots = [COUNTER.pack(row * 100 + cpu, row * 10 + cpu, row) for cpu in range(table.cpus)]
        table.update(row.to_bytes(4, "little"), b"".join(slots))
    everyone = sum(range(table.cpus))
    return [
        (row * 100 * table.cpus + everyone, row * 10 * table.cpus + everyone, row * table.cpus) for row in range(rows)
    ]


@pytest.mark.live
@pytest.mark.parametrize("command", [MAP_LOOKUP_BATCH, NO_COMMAND], ids=["with batches", "as before Linux 5.6"])
def test_what_the_probes_counted_is_read_by_any_kernel(monkeypatch: pytest.MonkeyPatch, command: int) -> None:
    """A kernel refuses a command that it does not know: so does this one."""
    monkeypatch.setattr(bpf_batch, "MAP_LOOKUP_BATCH", command)
    table = PerCpuMap(create_map(PERCPU_ARRAY, 4, COUNTER.size, len(EVENT_TYPES) + 3), 4, COUNTER.size)
    expected = count_calls(table, len(EVENT_TYPES))
    rows = probe_rows(table)
    assert [row.name for row in rows] == [event.name for event in EVENT_TYPES]
    assert [(row.seen, row.delivered, row.lost) for row in rows] == expected
    table.close()


@pytest.mark.live
def test_an_array_that_knows_no_batches_is_read_one_by_one() -> None:
    """As those by processor before Linux 5.13, of which the kernel says the same as of this one today."""
    table = BpfMap(create_map(STACK_TRACE, 4, 80, 16), 4, 80)
    with pytest.raises(OSError) as caught:
        next(bpf_batch._batches(table, 3))
    assert caught.value.errno == ENOTSUPP
    assert first(table, 3) == [b""] * 3, "there are no stacks in it"
    table.close()


@pytest.mark.live
def test_counters_that_cannot_be_read_at_all_are_an_error() -> None:
    table = PerCpuMap(create_map(PERCPU_ARRAY, 4, COUNTER.size, len(EVENT_TYPES)), 4, COUNTER.size)
    with unreadable(table.fd), pytest.raises(OSError):
        probe_rows(table)
    table.close()


@pytest.mark.parametrize(("text", "count"), [("0\n", 1), ("0-3\n", 4), ("0,2-7\n", 8), ("0-1,5\n", 6)])
def test_the_possible_cpus(tmp_path: Path, text: str, count: int) -> None:
    (tmp_path / "possible").write_text(text)
    assert possible_cpus(tmp_path / "possible") == count


def read(losses: Losses, time: int) -> list[Loss]:
    """What one reading finds, all steps of it."""
    steps = losses.read(time)
    try:
        while True:
            next(steps)
    except StopIteration as done:
        found: list[Loss] = done.value
        return found


@pytest.mark.live
def test_losses_are_told_once_and_by_container() -> None:
    table = BpfMap(create_map(HASH, LOSS_KEY.size, LOSS.size, 10), LOSS_KEY.size, LOSS.size)
    counters = PerCpuMap(create_map(PERCPU_ARRAY, 4, COUNTER.size, 256), 4, COUNTER.size)
    losses = Losses(table, counters, {(8, 1): "web", (8, 2): "web"})

    def lose(hierarchy: int, cgroup: int, cause: int, number: int, who: tuple[int, bytes] = (7, b"flood")) -> None:
        pid, comm = who
        table.update(LOSS_KEY.pack(cgroup, hierarchy, cause), LOSS.pack(number, pid, 0, comm))

    lose(8, 1, 0, 5)
    lose(8, 2, 0, 2)
    lose(8, 2, 1, 9, (8, b"storm"))
    lose(0, 1, 0, 3)
    full, share = CAUSES
    assert sorted(map(msgspec.structs.astuple, read(losses, 1))) == [
        (1, 3, full, HOST, 7, "flood"),
        (1, 7, full, "web", 7, "flood"),
        (1, 9, share, "web", 8, "storm"),
    ]
    assert read(losses, 2) == []
    lose(8, 1, 0, 6)
    assert [(loss.container_id, loss.count) for loss in read(losses, 3)] == [("web", 1)]
    table.close()
    counters.close()


@pytest.mark.live
def test_what_is_read_in_parts_is_what_a_walk_finds() -> None:
    table = BpfMap(create_map(HASH, LOSS_KEY.size, LOSS.size, 2000), LOSS_KEY.size, LOSS.size)
    assert list(chain(*parts(table))) == []
    expected = {LOSS_KEY.pack(n * 7, 8, n % 2): LOSS.pack(n, n, 0, b"x") for n in range(1500)}
    for key, value in expected.items():
        table.update(key, value)
    for size in (64, 256, 5000):
        found = list(parts(table, size))
        assert sorted(chain(*found)) == sorted(table.items().items()) == sorted(expected.items())
        assert max(map(len, found)) <= size
    assert sorted(chain(*bpf_batch._walk(table, 100))) == sorted(expected.items()), "as before Linux 5.6"
    table.close()


@pytest.mark.live
def test_a_map_that_knows_no_batches_is_walked() -> None:
    """A bucket that is larger than a part is refused by the kernel like a batch by an older one."""
    table = BpfMap(create_map(HASH, 4, 8, 64), 4, 8)
    for number in range(64):
        table.update(number.to_bytes(4, "little"), bytes(8))
    found = list(chain(*parts(table, 1)))
    assert {key for key, _ in found} == set(table.keys())
    table.close()


@pytest.mark.live
def test_the_counters_of_removed_cgroups_are_given_back_when_they_were_read() -> None:
    table = BpfMap(create_map(HASH, LOSS_KEY.size, LOSS.size, 10), LOSS_KEY.size, LOSS.size)
    counters = PerCpuMap(create_map(PERCPU_ARRAY, 4, COUNTER.size, 256), 4, COUNTER.size)
    losses = Losses(table, counters, {(8, 1): "web", (8, 2): "db"})
    for cgroup, cause in ((1, 0), (1, 1), (2, 0)):
        table.update(LOSS_KEY.pack(cgroup, 8, cause), LOSS.pack(5, 7, 0, b"flood"))
    losses.forget([(8, 1), (0, 2)])
    assert sorted((loss.container_id, loss.count) for loss in read(losses, 1)) == [("db", 5), ("web", 5), ("web", 5)]
    assert losses.cgroups() == {(8, 2)}
    assert {LOSS_KEY.unpack(key)[0] for key in table.items()} == {2, 2**64 - 1}
    table.update(LOSS_KEY.pack(2, 8, 0), LOSS.pack(6, 7, 0, b"flood"))
    assert [(loss.container_id, loss.count) for loss in read(losses, 2)] == [("db", 1)]
    table.update(LOSS_KEY.pack(1, 8, 0), LOSS.pack(3, 7, 0, b"flood"))
    assert [loss.count for loss in read(losses, 3)] == [3], "one that has its number later begins anew"
    table.close()
    counters.close()


@pytest.mark.live
def test_what_is_lost_while_counters_are_read_is_told_once() -> None:
    """Between two steps, of a cgroup that was read, of one that was removed, and of a new one."""
    table = BpfMap(create_map(HASH, LOSS_KEY.size, LOSS.size, 4096), LOSS_KEY.size, LOSS.size)
    counters = PerCpuMap(create_map(PERCPU_ARRAY, 4, COUNTER.size, 256), 4, COUNTER.size)
    losses = Losses(table, counters, {})
    expected = 0
    for round_ in range(1, 6):
        steps = losses.read(round_)
        for number in range(3000):
            table.update(LOSS_KEY.pack(number, 0, 0), LOSS.pack(round_, 1, 0, b""))
        expected += 3000
        losses.forget((0, number) for number in range(3000 * (round_ == 5)))
        found = 0
        for n in count():
            try:
                next(steps)
            except StopIteration as done:
                found = sum(loss.count for loss in done.value)
                break
            table.update(LOSS_KEY.pack(10_000 * round_ + n, 0, 1), LOSS.pack(1, 1, 0, b""))
            expected += 1
        expected -= found
    expected -= sum(loss.count for loss in read(losses, 9))
    assert expected == 0
    table.close()
    counters.close()


@pytest.mark.live
def test_a_look_that_fails_half_way_takes_no_loss_along() -> None:
    table = BpfMap(create_map(HASH, LOSS_KEY.size, LOSS.size, 4096), LOSS_KEY.size, LOSS.size)
    counters = PerCpuMap(create_map(PERCPU_ARRAY, 4, COUNTER.size, 256), 4, COUNTER.size)
    losses = Losses(table, counters, {})
    for number in range(2000):
        table.update(LOSS_KEY.pack(number, 0, 0), LOSS.pack(1, 1, 0, b""))
    losses.forget([(0, number) for number in range(100)])
    steps = losses.read(1)
    next(steps)
    with unreadable(table.fd), pytest.raises(OSError, match="Invalid argument"):
        for _ in steps:
            pass
    assert sum(loss.count for loss in read(losses, 2)) == 2000
    assert len(losses.cgroups()) == 1900, "what was removed is given back all the same"
    table.close()
    counters.close()


@pytest.mark.live
def test_only_lost_events_that_keep_state_make_it_doubtful() -> None:
    table = BpfMap(create_map(HASH, LOSS_KEY.size, LOSS.size, 10), LOSS_KEY.size, LOSS.size)
    counters = PerCpuMap(create_map(PERCPU_ARRAY, 4, COUNTER.size, 256), 4, COUNTER.size)
    losses = Losses(table, counters, {})

    def lose(event: str, number: int) -> None:
        slots = [COUNTER.pack(number, 0, number)] + [COUNTER.pack(0, 0, 0)] * (counters.cpus - 1)
        counters.update(struct.pack("=I", EVENT_INDEX[event]), b"".join(slots))

    lose("openat", 100)
    assert losses.of_state() == 0
    lose("procexit", 3)
    lose("clone", 1)
    assert losses.of_state() == 4
    assert losses.of_state() == 0
    table.close()
    counters.close()

"""Maps by bpf(2), on the real kernel."""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engine.drops import CAUSES
from engine.events import HOST, Loss
from probes.kernel.bpf_call import create_map
from probes.kernel.bpf_map import BpfMap, PerCpuMap, possible_cpus
from probes.kernel.losses import Losses
from probes.kernel.spec import EVENT_INDEX
from probes.kernel.wire import COUNTER, LOSS, LOSS_KEY
from tests.helpers.bpf import HASH, PERCPU_ARRAY


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

    def count(hierarchy: int, cgroup: int, cause: int, number: int, who: tuple[int, bytes] = (7, b"flood")) -> None:
        pid, comm = who
        table.update(LOSS_KEY.pack(cgroup, hierarchy, cause), LOSS.pack(number, pid, 0, comm))

    count(8, 1, 0, 5)
    count(8, 2, 0, 2)
    count(8, 2, 1, 9, (8, b"storm"))
    count(0, 1, 0, 3)
    full, share = CAUSES
    assert sorted(map(msgspec.structs.astuple, read(losses, 1))) == [
        (1, 3, full, HOST, 7, "flood"),
        (1, 7, full, "web", 7, "flood"),
        (1, 9, share, "web", 8, "storm"),
    ]
    assert read(losses, 2) == []
    count(8, 1, 0, 6)
    assert [(loss.container_id, loss.count) for loss in read(losses, 3)] == [("web", 1)]
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

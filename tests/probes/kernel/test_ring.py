"""The ring reader against a ring of the real kernel, filled by a program in the kernel."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.kernel import ring as ring_module
from probes.kernel.bpf_call import create_map
from probes.kernel.ring import RingReader
from tests.helpers.bpf import RING, RingProducer

pytestmark = pytest.mark.live
SIZE = 4096
LENGTHS = (1, 7, 8, 9, 160, 777, 2000)


class Ring:
    """A ring of one page, its reader, and a producer for each length."""

    def __init__(self) -> None:
        fd = create_map(RING, 0, 0, SIZE)
        self.producers = {length: RingProducer(fd, length) for length in LENGTHS}
        self.reader = RingReader(fd, SIZE)

    def write(self, record: bytes) -> bool:
        return self.producers[len(record)].write(record)


@pytest.fixture
def ring() -> Iterator[Ring]:
    ring = Ring()
    yield ring
    ring.reader.close()
    for producer in ring.producers.values():
        producer.close()


def test_records_come_whole_and_in_order(ring: Ring) -> None:
    records = [bytes([length & 255]) * length for length in LENGTHS]
    assert [ring.write(record) for record in records] == [True] * len(records)
    assert ring.reader.pending > 0
    assert ring.reader.drain(100) == records
    assert ring.reader.drain(100) == []
    assert ring.reader.pending == 0


def test_a_drain_stops_at_its_limit(ring: Ring) -> None:
    for number in range(5):
        ring.write(bytes([number]))
    assert ring.reader.drain(2) == [b"\0", b"\1"]
    assert ring.reader.drain(2) == [b"\2", b"\3"]
    assert ring.reader.drain(2) == [b"\4"]


def test_records_that_wrap_are_whole(ring: Ring) -> None:
    generator = random.Random(7)
    for _ in range(500):
        records = [generator.randbytes(generator.choice(LENGTHS[:-1])) for _ in range(3)]
        assert all(ring.write(record) for record in records)
        assert ring.reader.drain(10) == records


def test_parts_that_are_mapped_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring_module, "WINDOW", SIZE)
    fd = create_map(RING, 0, 0, 4 * SIZE)
    producers = {length: RingProducer(fd, length) for length in LENGTHS}
    reader, generator = RingReader(fd, 4 * SIZE), random.Random(8)
    for _ in range(200):  # many times around, with one to seven records waiting
        records = [generator.randbytes(generator.choice(LENGTHS)) for _ in range(generator.randrange(1, 8))]
        for record in records:
            assert producers[len(record)].write(record)
        assert [one for limit in (1, 2, 100) for one in reader.drain(limit)] == records
        assert reader.pending == 0
    reader.close()
    for producer in producers.values():
        producer.close()


def test_a_full_ring_refuses_and_then_has_room_again(ring: Ring) -> None:
    record = b"x" * 2000
    assert [ring.write(record) for _ in range(3)] == [True, True, False]
    assert ring.reader.drain(10) == [record, record]
    assert ring.write(record)


def test_a_ring_of_another_size_is_no_ring_and_leaves_nothing_open() -> None:
    fd = create_map(RING, 0, 0, SIZE)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError, match=r"permitted|argument"):
        RingReader(fd, 16 * SIZE)
    assert len(list(Path("/proc/self/fd").iterdir())) == before - 1

"""What perf buffers hold, and that they give it back. What they carry is tested with the whole source."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.kernel import perf
from probes.kernel.bpf_call import create_map
from probes.kernel.bpf_map import BpfMap, possible_cpus
from probes.kernel.perf import PerfReader

pytestmark = pytest.mark.live
PERF_EVENT_ARRAY = 4
SIZE = 1 << 18


@pytest.fixture
def events() -> Iterator[BpfMap]:
    array = BpfMap(create_map(PERF_EVENT_ARRAY, 4, 4, possible_cpus()), 4, 4)
    yield array
    array.close()


def held() -> tuple[int, int]:
    """Descriptors of this process, and mappings of perf buffers."""
    mappings = Path("/proc/self/maps").read_text()
    return len(list(Path("/proc/self/fd").iterdir())), mappings.count("[perf_event]")


def test_a_reader_gives_back_all_it_held_and_the_array_can_be_read_again(events: BpfMap) -> None:
    before = held()
    for _ in range(3):
        reader = PerfReader(events, SIZE)
        assert held() > before
        assert reader.drain(10) == []
        reader.close()
        reader.close()
        assert held() == before


def test_an_array_that_takes_no_buffers_leaves_none_behind() -> None:
    no_array = BpfMap(os.open("/dev/null", os.O_RDWR), 4, 4)
    before = held()
    with pytest.raises(OSError, match="argument"):
        PerfReader(no_array, SIZE)
    assert held() == before
    no_array.close()


def test_buffers_that_may_not_be_mapped_leave_nothing_behind(events: BpfMap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perf, "_PAGE", perf._PAGE + 1)  # no size that the kernel takes
    before = held()
    with pytest.raises(OSError, match="argument"):
        PerfReader(events, SIZE)
    assert held() == before

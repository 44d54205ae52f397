"""What perf buffers hold, and that they give it back. What they carry is tested with the whole source."""

from __future__ import annotations

import fcntl
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


def cpus(reader: PerfReader) -> list[int]:
    return sorted(reader._buffers)


def test_a_cpu_that_comes_later_gets_its_buffer(events: BpfMap, tmp_path: Path) -> None:
    """Here a file says which CPUs there are: the machine is also somebody else's."""
    online = tmp_path / "online"
    online.write_text("0\n")
    before = held()
    reader = PerfReader(events, SIZE, online)
    assert cpus(reader) == [0]
    online.write_text(f"0-{possible_cpus() - 1},4711\n")
    reader.follow_cpus()
    assert cpus(reader) == list(range(possible_cpus())), "one that has gone again before it is opened is left out"
    reader.close()
    assert held() == before


def test_a_buffer_whose_cpu_was_away_is_opened_anew(events: BpfMap) -> None:
    """A CPU takes the event with it when it goes: the time stands still, as that of an event that is switched off."""
    reader = PerfReader(events, SIZE)
    first = dict(reader._buffers)
    reader.follow_cpus()
    assert dict(reader._buffers) == first, "those that count stay"
    perf_disable = 0x2401
    fcntl.ioctl(first[0].fd, perf_disable, 0)
    reader.follow_cpus()  # its time went on until just now
    held_before = held()
    reader.follow_cpus()
    assert reader._buffers[0] is not first[0]
    assert {cpu: one for cpu, one in reader._buffers.items() if cpu} == {cpu: one for cpu, one in first.items() if cpu}
    assert held() == held_before
    reader.close()


@pytest.mark.parametrize(
    ("text", "numbers"), [("0\n", [0]), ("0-3\n", [0, 1, 2, 3]), ("0,2-4,7\n", [0, 2, 3, 4, 7]), ("\n", [])]
)
def test_a_list_of_cpus_may_have_holes(tmp_path: Path, text: str, numbers: list[int]) -> None:
    (tmp_path / "online").write_text(text)
    assert perf._numbers(tmp_path / "online") == numbers

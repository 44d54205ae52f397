"""The buffer of one CPU that cannot be read, on the live kernel: what the other CPUs have told is not lost with it."""

from __future__ import annotations

import mmap
import struct
import subprocess
import sys
from collections import Counter

import pytest

from engine.errors import SourceError
from engine.events import Input, KernelEvent, Loss
from probes.kernel import source, upkeep
from probes.kernel.perf import PerfReader
from tests.helpers.kernel import Watched, watching
from tests.helpers.program import until

pytestmark = [pytest.mark.live, pytest.mark.asyncio]

TIMES = 2000


def reader_of(watched: Watched) -> PerfReader:
    reader = watched.source._reader
    assert isinstance(reader, PerfReader)
    return reader


def called_on(cpu: int) -> int:
    """The number of a process that has made its calls there; the loop is held up, so that nobody reads meanwhile."""
    code = f"import os\nos.sched_setaffinity(0, {{{cpu}}})\nfor _ in range({TIMES}): os.dup2(0, 99)"
    process = subprocess.Popen([sys.executable, "-S", "-c", code])
    assert process.wait() == 0
    return process.pid


def damage(reader: PerfReader, cpu: int) -> None:
    """What lies in its buffer cannot be made out."""
    reader._buffers[cpu]._data.release()
    reader._buffers[cpu]._data = memoryview(b"")


def mend(reader: PerfReader, cpu: int) -> None:
    """It can again."""
    buffer = reader._buffers[cpu]
    buffer._data = memoryview(buffer._map)[mmap.PAGESIZE :]


def calls(inputs: list[Input]) -> Counter[int]:
    return Counter(one.pid for one in inputs if isinstance(one, KernelEvent) and one.type == "dup2")


@pytest.mark.parametrize("cpu", [0, 1])
@pytest.mark.parametrize("limit", [10, 100_000])
async def test_what_was_read_before_the_buffer_of_a_cpu_failed_is_there_once(cpu: int, limit: int) -> None:
    async with watching(transport="perf") as watched:
        watched.source.select({"dup2"})
        reader, source = reader_of(watched), watched.source
        while reader.drain(100_000):
            pass
        pids = [called_on(0), called_on(1)]
        damage(reader, cpu)
        for _ in range(3):
            with pytest.raises(struct.error):
                reader.drain(limit)
        mend(reader, cpu)
        inputs: list[Input] = []
        while records := reader.drain(limit):
            inputs += source._inputs(records)
        assert {pid: calls(inputs)[pid] for pid in pids} == dict.fromkeys(pids, TIMES)


async def test_an_end_for_which_there_is_no_time_counts_what_it_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "BLIND_SECONDS", 0.1)
    monkeypatch.setattr(source, "REST_SECONDS", 0.0)
    with pytest.raises(SourceError, match="the ring cannot be read"):
        async with watching(transport="perf") as watched:
            watched.source.select({"dup2"})
            damage(reader_of(watched), 1)
            called_on(0), called_on(1)  # what nothing is in is not read
            await until(lambda: watched.source._loaded is None, "it has ended")
    lost = sum(one.count for one in watched.inputs if isinstance(one, Loss) and one.cause == upkeep.UNDELIVERED)
    assert lost + calls(watched.inputs).total() >= TIMES
    assert lost > 0


async def test_a_watch_that_ends_so_tells_what_it_has_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "BLIND_SECONDS", 0.1)
    with pytest.raises(SourceError, match="the ring cannot be read"):
        async with watching(transport="perf") as watched:
            watched.source.select({"dup2"})
            damage(reader_of(watched), 1)
            pids = called_on(0), called_on(1)
            await until(lambda: watched.source._loaded is None, "it has ended")
    told = calls(watched.inputs)
    assert [told[pid] for pid in pids] == [TIMES, 0]

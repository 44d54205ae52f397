"""When /proc is read again."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.events import Snapshot
from probes.machine import procfs, snapshots
from probes.machine.cgroups import Cgroups
from probes.machine.clocks import boot_offset
from probes.machine.snapshots import PART, Snapshots, in_parts
from tests.helpers.patience import PATIENCE
from tests.helpers.world import process_info


@pytest.fixture
def reading() -> Snapshots:
    return Snapshots(Cgroups(), boot_offset)


async def finished(reading: Snapshots) -> Snapshot:
    async with asyncio.timeout(PATIENCE):
        while (snapshot := reading.poll()) is None:
            await asyncio.sleep(0.001)
    return snapshot


async def test_a_snapshot_has_the_time_before_it_was_read(reading: Snapshots) -> None:
    begin = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    taking = asyncio.create_task(reading.take())
    await asyncio.sleep(0)
    child = subprocess.Popen(["/bin/sleep", "1000"])
    try:
        snapshot = await taking
        end = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        again = await reading.take()
    finally:
        child.kill()
        child.wait()
    assert os.getpid() in {process.pid for process in snapshot.processes}
    assert begin <= snapshot.since_boot <= end <= again.since_boot
    assert child.pid in {process.pid for process in again.processes}
    assert abs(snapshot.time - snapshot.since_boot - boot_offset()) < 1_000_000_000


async def test_nothing_is_read_unless_it_is_wanted(reading: Snapshots, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "PERIOD", 0)
    assert reading.poll() is None
    assert len(asyncio.all_tasks()) == 1
    reading.want()
    assert (await finished(reading)).processes
    assert reading.poll() is None
    assert len(asyncio.all_tasks()) == 1


async def test_it_is_not_read_again_too_soon(reading: Snapshots) -> None:
    await reading.take()
    reading.want()
    assert reading.poll() is None
    assert len(asyncio.all_tasks()) == 1, "it has to wait"


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_what_cannot_be_read_ends_nothing_and_is_read_again(
    reading: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "PERIOD", 0)
    told: list[str] = []
    reading.report = lambda what, _hint: told.append(what)
    await asyncio.to_thread(os.getpid)  # the threads are there
    reading.want()
    with no_descriptors_left():
        async with asyncio.timeout(PATIENCE):
            while not told:
                assert reading.poll() is None
                await asyncio.sleep(0.001)
    assert told == ["/proc cannot be read: Too many open files"]
    assert os.getpid() in {process.pid for process in (await finished(reading)).processes}


def test_a_snapshot_without_those_whom_we_cannot_read_is_none() -> None:
    folders = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    with no_descriptors_left(), pytest.raises(OSError, match="Too many open files"):
        [procfs._read_living(folder, 0) for folder in folders]


@pytest.mark.parametrize("number", [0, 1, 1000, 1001, 3500])
def test_a_large_snapshot_is_told_in_parts(number: int) -> None:
    whole = Snapshot(time=7, since_boot=5, processes=[process_info(pid) for pid in range(number)])
    parts = list(in_parts(whole))
    assert [info for part in parts for info in part.processes] == whole.processes
    assert [part.more for part in parts] == [True] * (len(parts) - 1) + [False]
    assert all(len(part.processes) <= PART and (part.time, part.since_boot) == (7, 5) for part in parts)


async def test_an_end_leaves_nothing_behind(reading: Snapshots) -> None:
    reading.want()
    reading.poll()
    reading.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1

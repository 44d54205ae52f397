"""The reader of the ring sleeps when there is nothing to read, and misses nothing by it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from engine.events import KernelEvent
from probes.kernel import source
from tests.helpers.kernel import Watched, watching

pytestmark = [pytest.mark.live, pytest.mark.asyncio]


@pytest.fixture(autouse=True)
def asleep_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the kernel wakes the reader."""
    monkeypatch.setattr(source, "IDLE_PERIOD", 3600.0)


def count_of(watched: Watched, path: Path) -> int:
    return sum(isinstance(e, KernelEvent) and e.fd is not None and e.fd.name == str(path) for e in watched.inputs)


async def until_count(watched: Watched, path: Path, count: int) -> None:
    await watched.until(KernelEvent, holds=lambda _event: count_of(watched, path) >= count)
    watched.inputs.clear()


async def test_each_event_wakes_a_reader_that_sleeps(tmp_path: Path) -> None:
    """The next open waits for the event of the one before: a wakeup that is missed would end it all."""
    marker = tmp_path / "marker"
    marker.touch()
    async with watching() as watched:
        for turn in range(300):
            for _ in range(turn % 50):
                await asyncio.sleep(0)  # at another moment of the reader's way to its bed
            os.close(os.open(marker, os.O_RDONLY))
            await until_count(watched, marker, 1)


async def test_events_of_several_processors_at_once_wake_it(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    marker.touch()
    opening = f"[open({str(marker)!r}).close() for _ in range(20)]"
    async with watching() as watched:
        for _ in range(5):
            children = [await asyncio.create_subprocess_exec("python3", "-S", "-c", opening) for _ in range(4)]
            for child in children:
                await child.wait()
            await until_count(watched, marker, 80)


async def test_a_reader_of_perf_buffers_looks_of_its_own_accord(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    marker.touch()
    async with watching(transport="perf") as watched:
        os.close(os.open(marker, os.O_RDONLY))
        await until_count(watched, marker, 1)

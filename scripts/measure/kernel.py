"""Figures of the way from the kernel's records to the verdict: real records, decoded and judged again and again."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.events import Input, KernelEvent, Phase, SourceState
from engine.state.world import World
from probes.kernel.source import KernelSource
from probes.machine.doctor import blockers
from scripts.measure.figure import Figure, UnmeasurableError, per_call
from scripts.measure.judgement import rule_sets

OPENS = 2000
"""Opens made to get as many records."""


class Collecting(KernelSource):
    """Keeps the records as they came out of the ring."""

    def __init__(self) -> None:
        super().__init__(own_pids=[])
        self.records: list[bytes] = []

    def _inputs(self, records: list[bytes]) -> Sequence[Input]:
        self.records += records
        return super()._inputs(records)

    def decode_again(self) -> list[Input]:
        """Decode all that was kept."""
        return list(super()._inputs(self.records))


def require_live() -> None:
    """Raise UnmeasurableError with what the doctor says, where the kernel cannot be watched."""
    if failed := blockers():
        raise UnmeasurableError("; ".join(f"{check.name}: {check.finding.found}" for check in failed))


async def _collect() -> Collecting:
    source = Collecting()
    inputs: list[Input] = []
    task = asyncio.create_task(source.run(inputs.extend))
    try:
        async with asyncio.timeout(30):
            while not any(isinstance(item, SourceState) and item.phase is Phase.LIVE for item in inputs):
                await asyncio.sleep(0.01)
                if task.done():
                    await task
            for _ in range(OPENS):
                os.close(os.open("/etc/hostname", os.O_RDONLY))
            while len(source.records) < OPENS:
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return source


def decode_and_judge(folders: Iterable[Path]) -> Iterator[Figure]:
    """Decode an open; then everything from the record to the verdict, as events a second on one core."""
    require_live()
    source = asyncio.run(_collect())
    opens = [item for item in source.decode_again() if isinstance(item, KernelEvent) and item.type == "openat"]
    count = len(source.records)
    seconds = per_call(source.decode_again, calls=1) / count
    yield Figure("decode one open", seconds * 1e6, "µs CPU", "", f"{len(opens)} real records")
    for name, rules in rule_sets(folders):
        world = World()

        def judge(world: World = world, match=rules.match) -> None:  # type: ignore[no-untyped-def]
            for item in source.decode_again():
                for event in world.apply(item):
                    match(event)

        judge()
        seconds = per_call(judge, calls=1) / count
        yield Figure(f"decode and evaluate one open ({name})", seconds * 1e6, "µs CPU", "≤ 1.2 / 2.3", "state included")
        yield Figure(f"record to verdict ({name})", 1 / seconds, "events/s", "≥ 300k / 200k", "1 core")

"""Figures of the way from the kernel's records to the verdict: real records, decoded and judged again and again."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from engine.events import Input, KernelEvent, Phase, SourceState
from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from engine.state.event import Event
from engine.state.world import World
from probes.doctor.doctor import blockers
from probes.kernel.source import KernelSource
from probes.kernel.wire import HEAD_AT, Kind
from scripts.measure.figure import Figure, UnmeasurableError, per_call
from scripts.measure.watching import rule_files

FILE = "/etc/hostname"
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

    def keep_own_opens(self) -> list[KernelEvent]:
        """Forget what else happened meanwhile; the events that are left."""
        events = [(record, self._decode(record)) for record in self.records if record[HEAD_AT] == Kind.SYSCALL]
        own = [
            (record, event) for record, event in events if event.pid == os.getpid() and event.args.get("name") == FILE
        ]
        self.records = [record for record, _ in own]
        return [event for _, event in own]

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
                os.close(os.open(FILE, os.O_RDONLY))
            while len(source.records) < OPENS:
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return source


def decode_and_judge(folders: Iterable[Path]) -> Iterator[Figure]:
    """Decode an open; judge it, too; then everything from the record to the verdict, as events a second on one core."""
    require_live()
    source = asyncio.run(_collect())
    opens = source.keep_own_opens()
    seconds = per_call(source.decode_again, calls=1) / len(opens)
    yield Figure("decode one open", seconds * 1e6, "µs CPU", "", f"{len(opens)} real records")
    for name, files in rule_files(folders):
        rules = load(files)
        what = f"{name}, {sum(rule.enabled for rule in rules.rules)} rules"
        (known,) = World().apply(opens[0])
        seconds = _per_open(source, rules, lambda _item, known=[known]: known)  # type: ignore[misc]
        yield Figure(f"decode and evaluate one open ({what})", seconds * 1e6, "µs CPU", "≤ 1.2 / 2.3", "without state")
        seconds = _per_open(source, rules, World().apply)
        yield Figure(f"record to verdict ({what})", 1 / seconds, "events/s", "≥ 300k / 200k", "state included; 1 core")


def _per_open(source: Collecting, rules: RuleSet, apply: Callable[[Input], list[Event]]) -> float:
    """Seconds of CPU to decode a record and to judge it."""
    match = rules.match

    def judge() -> None:
        for item in source.decode_again():
            for event in apply(item):
                match(event)

    judge()
    return per_call(judge, calls=1) / len(source.records)

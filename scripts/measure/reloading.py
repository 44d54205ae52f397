"""What a reload costs the watch: how long the loop stands still meanwhile, and what an alert keeps to be explained."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from engine.beside import beside
from engine.judging.evidence import evidence_of
from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from scripts.measure.figure import Figure, per_call
from scripts.measure.judgement import rule_sets
from tests.helpers.rule_events import opened

BREATH = 0.002
"""Seconds between two looks at the clock."""


def reloading(folders: Iterable[Path]) -> Iterator[Figure]:
    """The longest stall while each folder is read and made ready beside the loop, and the evidence of an alert."""
    for folder in folders:
        quiet, stall, taken = asyncio.run(_stalls(folder))
        note = f"in {taken * 1000:.0f} ms; {quiet * 1000:.1f} ms without a reload"
        yield Figure(f"longest stall by a reload, {folder.name}", stall * 1000, "ms", "≤ 10", note)
        for _, rules in rule_sets([folder]):
            costs = [per_call(partial(evidence_of, rule, _EVENT), calls=200, rounds=3) for rule in rules.rules]
            yield Figure(f"evidence of an alert, the dearest rule, {folder.name}", max(costs) * 1e6, "µs CPU", "≤ 50")


_EVENT = opened("/etc/shadow")


async def _stalls(folder: Path) -> tuple[float, float, float]:
    """The longest stall without a reload and with one, and how long the reload takes, in seconds."""
    stalls: list[float] = []
    looking = asyncio.create_task(_look(stalls))
    await asyncio.sleep(0.5)
    quiet = max(stalls)
    stalls.clear()
    begun = time.perf_counter()
    rules = await beside(partial(_ready, folder))
    taken = time.perf_counter() - begun
    await asyncio.sleep(10 * BREATH)  # what is left over is paid now
    looking.cancel()
    del rules
    return quiet, max(stalls), taken


async def _look(stalls: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(BREATH)
        stalls.append(time.perf_counter() - begun - BREATH)


def _ready(folder: Path) -> RuleSet:
    rules = load([folder])
    for _event_type in rules.prepare():
        pass
    return rules

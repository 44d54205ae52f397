"""From the ring to the verdict: the real probes fill the real ring with opens that all pass, a whole sensor empties it.

A machine with two processors has no room for programs that make 300,000 opens a second and a sensor beside them. So
the ring is filled first, and what counts is the sensor's CPU while it empties it: as of one processor for itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.contracts import Emit
from engine.events import Phase
from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from engine.sensor import Sensor
from engine.store import AlertStore
from probes.kernel.source import Found, KernelSource
from probes.machine.collector import collecting
from scripts.measure.figure import Figure, UnmeasurableError
from scripts.measure.shared import Shared, shared
from scripts.measure.storming import Storm, Storms, cores, storms_compiled
from scripts.measure.watching import rule_files

OPENS = 15_000
"""Opens that the ring has room for."""
ROUNDS = 9
RATES = (50_000, 100_000, 150_000, 200_000, 250_000, 300_000, 400_000)
"""Opens a second asked of one program."""
RATE_SECONDS = 3
COUNTED_SECONDS = 1.5
"""Losses are counted once a second."""
READY_SECONDS = 60.0


class Held(KernelSource):
    """Leaves everything in the ring until it is told to empty it, when the first look is over."""

    def __init__(self) -> None:
        super().__init__(own_pids=[])
        self.holding = False

    def _drain(self, emit: Emit) -> Found:
        return Found.NOTHING if self.holding else super()._drain(emit)

    def empty(self, emit: Emit) -> None:
        """Take all that is there, as the sensor does, slice by slice."""
        while super()._drain(emit) is Found.MORE:
            pass


def drains(folders: Iterable[Path]) -> Iterator[Figure]:
    """Events a second of CPU from the ring to the verdict, for opens of one file and of one file after the other."""
    with storms_compiled() as program:
        for name, files in rule_files(folders):
            rules = load(files)
            for what, storm in _kinds():
                rates = asyncio.run(_drained(program, load(files), storm))
                note = f"{len(rules.rules)} rules; {min(rates):,.0f} to {max(rates):,.0f} in {ROUNDS} rounds"
                figure = f"ring to verdict, {what} ({name})"
                yield Figure(figure, statistics.median(rates), "/s CPU", "≥ 300k / 200k", note)


def _kinds() -> list[tuple[str, Storm]]:
    strange = Storm("marker", OPENS, cores()[0], marker="/nowhere/tiercel-bench/", every=1)
    return [("one file", Storm("open", OPENS, cores()[0])), ("a new name each", strange)]


async def _drained(program: Storms, rules: RuleSet, storm: Storm) -> list[float]:
    source, store = Held(), AlertStore(None)
    sensor = Sensor([source], rules, store, load_rules=lambda: rules, hostname="bench")
    with contextlib.closing(store):
        async with collecting(lambda: sensor.vitals.rate):
            task = asyncio.create_task(sensor.run())
            try:
                await _ready(sensor)
                return [await _round(program, storm, source, sensor) for _ in range(ROUNDS)]
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


async def _ready(sensor: Sensor) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while sensor.vitals.phase is not Phase.LIVE:
            await asyncio.sleep(0.05)
            if sensor.failure is not None:
                raise sensor.failure
    await asyncio.sleep(1.0)  # the functions of the rules are made meanwhile


async def _round(program: Storms, storm: Storm, source: Held, sensor: Sensor) -> float:
    source.holding = True
    await asyncio.to_thread(program.blow, storm)
    before, start = sensor.vitals.events, time.process_time()
    source.empty(sensor.feed)
    used, events = time.process_time() - start, sensor.vitals.events - before
    source.holding = False
    if events < OPENS:
        raise UnmeasurableError(f"only {events} of {OPENS} opens were in the ring")
    await asyncio.sleep(0)
    return events / used


def rates(folders: Iterable[Path]) -> Iterator[Figure]:
    """Beside one program that opens as fast as it is told: up to which rate a sensor without filters loses nothing."""
    with storms_compiled() as program:
        for name, files in rule_files(folders):
            yield asyncio.run(_climbed(program, name, files))


async def _climbed(program: Storms, name: str, files: Sequence[Path]) -> Figure:
    reached, note = 0.0, ""
    async with shared(lambda _folder: files, ["--no-pushdown"]) as sensor:
        for rate in RATES:
            judged, lost, cost = await _at(program, sensor, rate)
            if lost:
                note = f"{lost:.1%} lost at {judged:,.0f}/s; {note}"
                break
            if judged < reached * 1.05:
                note = f"the program makes no more beside the sensor; {note}"
                break
            reached, note = judged, f"{cost * 1e6:.1f} µs of CPU each"
    return Figure(f"ring to verdict, live, without loss ({name})", reached, "events/s", "≥ 300k / 200k", note)


async def _at(program: Storms, sensor: Shared, rate: int) -> tuple[float, float, float]:
    """Events judged a second, the share that was lost, seconds of the sensor's CPU for each."""
    before, used = await sensor.health(), sensor.cpu()
    (blown,) = await asyncio.to_thread(program.blow_for, RATE_SECONDS, Storm("open", core=cores()[0], rate=rate))
    await asyncio.sleep(COUNTED_SECONDS)
    after, used = await sensor.health(), sensor.cpu() - used
    judged, lost = after.events - before.events, after.lost - before.lost
    return judged / blown.seconds, lost / (judged + lost), used / judged

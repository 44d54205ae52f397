"""Python's garbage collector, kept from stalling the sensor.

With a full process table there are 150,000 objects, and to look through all of them takes 50 to 100 ms, in which the
ring in the kernel fills. The collector does so again and again under load, and finds nothing: what the sensor keeps is
freed by its reference counts. So what is there at the start is never looked at again, young objects are looked at in
small numbers, and all of them only in a quiet moment. ``scripts/bench --only stalls`` measures it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator

from probes.machine.memory import give_back

THRESHOLDS = (1000, 5, 1_000_000)
"""How many new objects, and collections of the next younger generation, make a generation be looked at; the oldest is
not."""
QUIET = 1000.0
"""Events a second below which a stall of 0.1 s lets nothing pile up."""
PERIOD = 600.0
"""Seconds between two full collections in quiet moments, …"""
LONGEST = 6 * PERIOD
"""… and without a quiet moment."""
LOOK = 5.0
"""Seconds between two looks whether it is quiet."""


@contextlib.contextmanager
def gentle() -> Iterator[None]:
    """Within the body no collection looks at many objects, unless it is asked to."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class Schedule:
    """When to look through everything. Times are seconds of a clock that never goes back."""

    def __init__(self, now: float) -> None:
        self._last = now

    def is_due(self, now: float, rate: float) -> bool:
        """Whether it is time, at ``rate`` events a second; then the next time is counted from now."""
        waited = now - self._last
        due = waited >= (PERIOD if rate < QUIET else LONGEST)
        if due:
            self._last = now
        return due


@contextlib.asynccontextmanager
async def collecting(rate: Callable[[], float]) -> AsyncIterator[None]:
    """Be gentle while the body runs; ``rate`` gives the events per second as of now."""
    with gentle():
        task = asyncio.create_task(_collect(rate))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _collect(rate: Callable[[], float]) -> None:
    schedule = Schedule(time.monotonic())
    await asyncio.sleep(LOOK)
    give_back()  # what the start has needed: rules, byte code, the first snapshot
    while True:
        await asyncio.sleep(LOOK)
        if schedule.is_due(time.monotonic(), rate()):
            gc.collect()
            give_back()

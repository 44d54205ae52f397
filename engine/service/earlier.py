"""The alerts of processes that were there before the sensor: those that an earlier one has kept count, too.

They are looked up once, when somebody first looks at processes, and added to what the state counts from then on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from engine.alerts import Priority
from engine.errors import TiercelError
from engine.sensor import Sensor
from engine.sliced import RUN, breathing
from engine.state.processes import Process, ProcessKey

SECOND = 10**9
STEP = 500
"""Processes asked for at once: some milliseconds in the store's thread."""


class EarlierAlerts:
    """Of a sensor, whose store had some when it was opened."""

    def __init__(self, sensor: Sensor) -> None:
        self._sensor = sensor
        self._turn = asyncio.Lock()
        self._is_counted = not sensor.store.found

    async def count(self) -> None:
        """Add them, once. What the store cannot tell now is asked for the next time."""
        async with self._turn:
            if not self._is_counted and self._sensor.world.began:
                try:
                    await self._count(await breathing(self._older()))
                except TiercelError:
                    return
                self._is_counted = True

    def _older(self) -> Iterator[Process | None]:
        """Who was there at the start; None now and then, where others may go on."""
        world = self._sensor.world
        for number, process in enumerate(tuple(world.processes), 1):
            if process.started <= world.began:
                yield process
            if number % RUN == 0:
                yield None

    async def _count(self, processes: list[Process]) -> None:
        """All at the end, so that nothing is counted twice if it fails."""
        store = self._sensor.store
        boot = min((process.started - process.start for process in processes if process.started), default=0)
        found: dict[ProcessKey, dict[Priority, int]] = {}
        for begin in range(0, len(processes), STEP):
            keys = [process.key for process in processes[begin : begin + STEP]]
            found |= await store.of_processes(keys, boot - SECOND, store.found)
        for process in processes:
            for priority, number in found.get(process.key, {}).items():
                process.count_alert(priority, number)

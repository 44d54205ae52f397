"""The alerts of processes that were there before the sensor: those that an earlier one has kept count, too.

They are looked up once, when it is known who lives, and added to what the state counts from then on: for those who look
at processes, and before the first rows of processes are kept with an alert, so that these do not depend on who looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from engine.errors import TiercelError
from engine.sliced import RUN, breathing
from engine.state.processes import Process
from engine.state.world import World
from engine.store import AlertStore


class EarlierAlerts:
    """Of a world, whose store had some of the same boot when it was opened."""

    def __init__(self, world: World, store: AlertStore) -> None:
        self.store = store
        self._world = world
        self._turn = asyncio.Lock()
        self._is_counted = not store.earlier

    async def count(self) -> None:
        """Add them, once. What the store cannot tell now is asked for the next time."""
        async with self._turn:
            if not self._is_counted and self._world.is_listed:
                try:
                    await self._count(await breathing(self._older()))
                except TiercelError:
                    return
                self._is_counted = True

    def _older(self) -> Iterator[Process | None]:
        """Who was there at the start; None now and then, where others may go on."""
        for number, process in enumerate(tuple(self._world.processes), 1):
            if process.started <= self._world.began:
                yield process
            if number % RUN == 0:
                yield None

    async def _count(self, processes: list[Process]) -> None:
        """All at the end, so that nothing is counted twice if it fails."""
        found = await self.store.of_processes([process.key for process in processes], self.store.earlier)
        for process in processes:
            for priority, number in found.get(process.key, {}).items():
                process.count_alert(priority, number)
        self._world.processes.generation += bool(found)

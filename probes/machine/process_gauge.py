"""What processes use: read from /proc when somebody looks, in slices between which events go on.

Of all processes of a machine there is one look at a time, for all front ends; it costs a tenth of a processor at most,
however many they are: the more there are, the older figures may be.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from engine.protocol import ProcessFigure, Still
from probes.machine.clocks import TICK
from probes.machine.container_cgroup import read
from probes.machine.procfs import is_stopped, started
from probes.machine.readings import STALE, Readings

PERIOD = 1.5
"""Seconds for which a look at all processes is good enough for another front end, …"""
REST = 10
"""… and times as long as it took, if that is more."""
MAX_PROCESSES = 5000
"""Processes of a container, or of the host, that are measured in one answer."""
_SLICE = 64
"""Processes read between two breaths: about a millisecond."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
Key = tuple[int, int]
"""Pid and start time."""


class ProcessGauge:
    """``proc`` is the folder, ``clock`` gives seconds."""

    def __init__(self, proc: Path, clock: Callable[[], float]) -> None:
        self._proc = proc
        self._clock = clock
        self.readings: Readings[Key] = Readings()
        self._turn = asyncio.Lock()
        self._rows: Sequence[ProcessFigure] = ()
        self._due = clock()

    async def some(self, wanted: Sequence[Key]) -> list[ProcessFigure]:
        """The figures of those that still live, at once."""
        return await self._look(wanted[:MAX_PROCESSES])

    async def everyone(self, wanted: Sequence[Key]) -> Sequence[ProcessFigure]:
        """Those of all there are, or of the last look at all."""
        async with self._turn:
            if (begun := self._clock()) >= self._due:
                self._rows = await self._look(wanted)
                pause = max(PERIOD, REST * (self._clock() - begun))
                self._due = begun + pause
                self.readings.stale = max(STALE, 2 * pause)
        return self._rows

    async def _look(self, wanted: Sequence[Key]) -> list[ProcessFigure]:
        rows: list[ProcessFigure] = []
        for number, (pid, start) in enumerate(wanted):
            if number % _SLICE == 0:
                await asyncio.sleep(0)
            with suppress(OSError, ValueError, IndexError):
                rows += self._read(pid, start)
        await self.readings.forget(self._clock())
        return rows

    def _read(self, pid: int, start: int) -> list[ProcessFigure]:
        """One; none when another has its pid by now."""
        folder = f"{self._proc}/{pid}"
        fields = read(f"{folder}/stat").rpartition(b")")[2].split()
        if started(fields[19]) != start:
            return []
        used = (int(fields[11]) + int(fields[12])) * TICK
        (cpu,) = self.readings.rates((pid, start), self._clock(), (used,))
        still: Still = "frozen" if is_stopped(folder, fields[0].decode()) else ""
        return [ProcessFigure(pid, start, None if cpu is None else cpu / 1e7, int(fields[21]) * _PAGE, still)]

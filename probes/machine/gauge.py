"""What containers and processes use: read from their cgroups and /proc when somebody looks, and never else.

Two reads make a rate, so nothing is told of the first. Hundreds of containers are read in slices, between which events
go on; two front ends that look at the same time cost as much as one.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from engine.contracts import Inhabited
from engine.protocol import ContainerFigure, ProcessFigure, Still
from probes.machine.cgroups import mounts
from probes.machine.clocks import TICK
from probes.machine.container_cgroup import ContainerCgroup, cgroup_of, read
from probes.machine.procfs import is_stopped, is_stopped_process, started

PERIOD = 1.5
"""Seconds for which an answer is good enough for another front end."""
STALE = 15.0
"""Seconds after which a reading is too old to make a rate of: it would be the average of a time nobody looked at."""
MAX_PROCESSES = 5000
"""Processes measured in one answer."""
_SLICE = 8
"""Containers, or eight times as many processes, read between two breaths: about a millisecond."""
_MANY = 500
"""Entries looked at between two breaths: less than that."""
_LOOPBACK = b"lo"
_PAGE = os.sysconf("SC_PAGE_SIZE")
Key = TypeVar("Key")


class Readings(Generic[Key]):
    """The counters of the last reading, by who they belong to."""

    def __init__(self) -> None:
        self._last: dict[Key, tuple[float, tuple[int | None, ...]]] = {}

    def rates(self, key: Key, now: float, counters: tuple[int | None, ...]) -> list[float | None]:
        """By how much each has grown a second since the reading before; None where that cannot be told."""
        before = self._last.get(key)
        self._last[key] = now, counters
        if before is None or not 0 < now - before[0] <= STALE:
            return [None] * len(counters)
        return [_rate(new, old, now - before[0]) for new, old in zip(counters, before[1], strict=True)]

    def __contains__(self, key: Key) -> bool:
        return key in self._last

    async def forget(self, now: float) -> None:
        """What is too old to make a rate of: nobody looks at it any more."""
        for number, key in enumerate(list(self._last), 1):
            if (last := self._last.get(key)) is not None and now - last[0] > STALE:
                del self._last[key]
            if number % _MANY == 0:
                await asyncio.sleep(0)


def _rate(new: int | None, old: int | None, seconds: float) -> float | None:
    return None if new is None or old is None or new < old else (new - old) / seconds


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a container is read."""

    cgroup: ContainerCgroup
    interfaces: str
    """The file with the counters of its network; "" when it has the host's."""


class Gauge:
    """Measures (:class:`engine.contracts.Gauge`). ``proc`` and ``clock`` (seconds) can be a test's."""

    def __init__(self, *, proc: Path = Path("/proc"), clock: Callable[[], float] = time.monotonic) -> None:
        self._proc = proc
        self._clock = clock
        self._places: dict[Inhabited, _Place] = {}
        self._readings: Readings[Inhabited] = Readings()
        self._processes: Readings[tuple[int, int]] = Readings()
        self._turn = asyncio.Lock()
        self._mounted: dict[str, str] = {}
        self._at = -PERIOD
        self._rows: list[ContainerFigure] = []

    async def containers(self, wanted: Sequence[Inhabited]) -> list[ContainerFigure]:
        """The figures of those that can be read."""
        async with self._turn:
            if self._clock() - self._at >= PERIOD:
                self._rows = await self._read_all(wanted)
                self._at = self._clock()
        return self._rows

    async def _read_all(self, wanted: Sequence[Inhabited]) -> list[ContainerFigure]:
        self._mounted = mounts(self._proc / "self")
        rows: list[ContainerFigure] = []
        for number, one in enumerate(wanted):
            if number % _SLICE == 0:
                await asyncio.sleep(0)
            if (row := self._read(one)) is not None:
                rows.append(row)
        await self._forget()
        return rows

    async def _forget(self) -> None:
        await self._readings.forget(self._clock())
        for number, one in enumerate(list(self._places), 1):
            if one not in self._readings:
                del self._places[one]
            if number % _MANY == 0:
                await asyncio.sleep(0)

    def _read(self, one: Inhabited) -> ContainerFigure | None:
        """None when it has ended meanwhile."""
        try:
            place = self._places.get(one) or self._places.setdefault(one, self._find(one))
            return self._figure(one, place)
        except (OSError, ValueError):
            self._places.pop(one, None)
            return None

    def _find(self, one: Inhabited) -> _Place:
        cgroup = cgroup_of(one.container_id, one.pid, self._mounted, self._proc)
        has_own = self._network_of(str(one.pid)) != self._network_of("self")
        return _Place(cgroup, f"{self._proc}/{one.pid}/net/dev" if has_own else "")

    def _network_of(self, name: str) -> str:
        with suppress(OSError):
            return str((self._proc / name / "ns/net").readlink())
        return name

    def _figure(self, one: Inhabited, place: _Place) -> ContainerFigure:
        used, traffic = place.cgroup.cpu_time(), _traffic(place.interfaces)
        cpu, received, sent = self._readings.rates(one, self._clock(), (used, *traffic))
        return ContainerFigure(
            id=one.container_id,
            cpu=None if cpu is None else cpu / 1e7,
            memory=place.cgroup.memory(),
            memory_limit=place.cgroup.memory_limit(),
            received=received,
            sent=sent,
            processes=place.cgroup.processes(),
        )

    async def processes(self, wanted: Sequence[tuple[int, int]]) -> list[ProcessFigure]:
        """The figures of those, by pid and start time, that still live."""
        asked = wanted[:MAX_PROCESSES]
        rows: list[ProcessFigure] = []
        for number, (pid, start) in enumerate(asked):
            if number % (8 * _SLICE) == 0:
                await asyncio.sleep(0)
            with suppress(OSError, ValueError, IndexError):
                rows += self._read_process(pid, start)
        await self._processes.forget(self._clock())
        return rows

    async def stopped(self, wanted: Sequence[tuple[int, int]]) -> frozenset[int]:
        """Those of them, by pid, that a signal has stopped; however many they are."""
        found: set[int] = set()
        for number, (pid, start) in enumerate(wanted):
            if number % (8 * _SLICE) == 0:
                await asyncio.sleep(0)
            with suppress(OSError, ValueError, IndexError):
                if is_stopped_process(pid, start, self._proc):
                    found.add(pid)
        return frozenset(found)

    def _read_process(self, pid: int, start: int) -> list[ProcessFigure]:
        """One; none when another has its pid by now."""
        folder = f"{self._proc}/{pid}"
        fields = read(f"{folder}/stat").decode(errors="replace").rpartition(")")[2].split()
        if started(fields[19]) != start:
            return []
        used = (int(fields[11]) + int(fields[12])) * TICK
        (cpu,) = self._processes.rates((pid, start), self._clock(), (used,))
        still: Still = "frozen" if is_stopped(folder, fields[0]) else ""
        return [ProcessFigure(pid, start, None if cpu is None else cpu / 1e7, int(fields[21]) * _PAGE, still)]


def _traffic(interfaces: str) -> tuple[int | None, int | None]:
    """Bytes received and sent by all interfaces but the loopback; None for a container that has no other."""
    if not interfaces:
        return None, None
    rows = [line.partition(b":") for line in read(interfaces).split(b"\n")[2:] if b":" in line]
    counts = [counters.split() for name, _, counters in rows if name.strip() != _LOOPBACK]
    if not counts:
        return None, None
    return sum(int(count[0]) for count in counts), sum(int(count[8]) for count in counts)

"""What containers and processes use: read from their cgroups and /proc when somebody looks, and never else.

Two reads make a rate, so nothing is told of the first. Hundreds of containers are read in slices, between which events
go on; two front ends that look at the same time cost as much as one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.contracts import Inhabited
from engine.protocol import ContainerFigure, ProcessFigure
from probes.machine.cgroups import mounts
from probes.machine.container_cgroup import ContainerCgroup, cgroup_of, read
from probes.machine.process_gauge import ProcessGauge
from probes.machine.readings import Readings

PERIOD = 1.5
"""Seconds for which an answer is good enough for another front end."""
_SLICE = 8
"""Containers read between two breaths: about a millisecond."""
_MANY = 500
"""Entries looked at between two breaths: less than that."""
_LOOPBACK = b"lo"


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
        self._processes = ProcessGauge(proc, clock)
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
        return await self._processes.some(wanted)

    async def everyone(self, wanted: Sequence[tuple[int, int]]) -> Sequence[ProcessFigure]:
        """The same of all there are."""
        return await self._processes.everyone(wanted)


def _traffic(interfaces: str) -> tuple[int | None, int | None]:
    """Bytes received and sent by all interfaces but the loopback; None for a container that has no other."""
    if not interfaces:
        return None, None
    rows = [line.partition(b":") for line in read(interfaces).split(b"\n")[2:] if b":" in line]
    counts = [counters.split() for name, _, counters in rows if name.strip() != _LOOPBACK]
    if not counts:
        return None, None
    return sum(int(count[0]) for count in counts), sum(int(count[8]) for count in counts)

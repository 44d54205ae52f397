"""How long the sensor's loop stands still at most, with a hundred thousand processes and ten thousand containers.

What else runs on the machine makes no difference: a stall is CPU time of the loop between two turns of its others.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from engine.contracts import Emit
from engine.events import KernelEvent, Phase, ProcessInfo, Snapshot, SourceState
from engine.protocol import VERSION, GetFigures, GetTop, Hello, ListContainers, ListProcesses, ProbeRow, Request
from engine.rules.ruleset import RuleSet
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.service.frames import to_frame
from engine.service.server import Server
from engine.state.clock import since_boot
from engine.state.containers import MAX_CONTAINERS
from engine.state.table import MAX_EXITED
from engine.store import AlertStore
from probes.machine.collector import gentle
from probes.machine.gauge import Gauge
from probes.machine.snapshots import in_parts
from scripts.measure.figure import Figure
from scripts.measure.judgement import rule_sets

PROCESSES = 100_000
_ARGUMENTS = ["--worker", "--listen=0.0.0.0:8080", "--config=/etc/service/config.yaml"]


class Fed:
    """A source that emits what it is given."""

    name = "bench"
    own_events = 0

    def __init__(self) -> None:
        self.emit: Emit = lambda _inputs: None
        self.begun = asyncio.Event()

    async def run(self, emit: Emit) -> None:
        """Live, until it is cancelled."""
        emit([SourceState(time=time.time_ns(), phase=Phase.LIVE)])
        self.emit = emit
        self.begun.set()
        await asyncio.Event().wait()

    def select(self, event_types: Any, *, narrows: bool = False) -> None:
        """It has what it is given."""

    def statistics(self) -> list[ProbeRow]:
        """It counts nothing."""
        return []


def breathing(folders: Any) -> Iterator[Figure]:
    """The longest stall in each of the sensor's works that look at all processes, or at all containers."""
    rules = next(rules for _, rules in rule_sets(folders))
    with gentle():
        yield from asyncio.run(_breathing(rules))


async def _breathing(rules: RuleSet) -> list[Figure]:
    fed = Fed()
    store = AlertStore(None)
    sensor = Sensor([fed], rules, store, load_rules=lambda: rules, hostname="bench", gauge=Gauge())
    running = asyncio.create_task(sensor.run())
    await fed.begun.wait()
    figures = [figure async for figure in _figures(sensor, fed)]
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    sensor.store.close()
    return figures


async def _figures(sensor: Sensor, fed: Fed) -> AsyncIterator[Figure]:
    many, everybody = f"{PROCESSES:,} processes", _living()
    yield await _stall(f"the first snapshot of {many}", lambda: _snapshot(sensor, fed, everybody))
    yield await _stall("another, with events between", lambda: _snapshot(sensor, fed, everybody, events=True))
    half = everybody[: PROCESSES // 2]
    yield await _stall("another, that finds half of them gone", lambda: _snapshot(sensor, fed, half))
    yield await _stall(f"{MAX_EXITED:,} exited are old", lambda: _expired(sensor, 3600 * 10**9))
    yield await _stall(f"{MAX_CONTAINERS:,} containers come, then as many others", lambda: _containers(fed))
    await _snapshot(sensor, fed, everybody)
    async with _front_end(sensor) as ask:
        yield await _stall(f"a front end asks for {many}", lambda: ask(ListProcesses()))
        yield await _stall("it asks what the processes of the host use", lambda: ask(GetTop("")))
        yield await _stall(f"it asks what {many} use", lambda: ask(GetTop()))
        yield await _stall("it asks what the containers use", lambda: ask(GetFigures()))
        yield await _stall(f"it asks for {MAX_CONTAINERS:,} containers", lambda: ask(ListContainers(before=0)))


async def _stall(what: str, work: Callable[[], Awaitable[object]]) -> Figure:
    """The longest turn of the loop while ``work`` is done, in CPU time of its thread."""
    longest, begun = 0.0, time.monotonic()

    async def look() -> None:
        nonlocal longest
        before = time.thread_time()
        while True:
            await asyncio.sleep(0)
            longest, before = max(longest, time.thread_time() - before), time.thread_time()

    looking = asyncio.create_task(look())
    await asyncio.sleep(0)
    await work()
    looking.cancel()
    seconds = time.monotonic() - begun
    return Figure(f"longest stall: {what}", 1000 * longest, "ms", "≤ 10", f"all of it: {seconds:.2f} s")


# ── the works ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _living() -> list[ProcessInfo]:
    return [
        ProcessInfo(
            pid=pid, start=pid, ppid=pid // 2, comm="service", exepath="/usr/bin/service", args=_ARGUMENTS, vpid=1
        )
        for pid in range(1, PROCESSES + 1)
    ]


async def _snapshot(sensor: Sensor, fed: Fed, living: list[ProcessInfo], *, events: bool = False) -> None:
    """It is taken in, as :class:`probes.kernel.source.KernelSource` tells it."""
    now = time.time_ns()
    for part in in_parts(Snapshot(time=now, processes=living, since_boot=since_boot())):
        fed.emit([part])
        if events:
            fed.emit([_event("openat", 1 + n, args={"name": "/etc/hostname", "flags": 0}, res=3) for n in range(100)])
        await asyncio.sleep(0)
    await _chores_done(sensor)


async def _expired(sensor: Sensor, later: int = 0) -> None:
    sensor.world.expire(since_boot() + later)
    sensor.begin_chores()
    await _chores_done(sensor)


async def _chores_done(sensor: Sensor) -> None:
    while sensor.world.chores:
        await asyncio.sleep(0)


async def _containers(fed: Fed) -> None:
    """Each is known by an event of a process in it."""
    for begin in range(0, 2 * MAX_CONTAINERS, 100):
        fed.emit([_event("openat", 1 + n, container_id=f"{n:064x}", res=3) for n in range(begin, begin + 100)])
        await asyncio.sleep(0)


def _event(kind: str, pid: int, **more: Any) -> KernelEvent:
    known = {"tid": pid, "start": pid, "ppid": 1, "comm": "service", "uid": 0, "gid": 0}
    return KernelEvent(time=time.time_ns(), since_boot=since_boot(), type=kind, pid=pid, **{**known, **more})


@contextlib.asynccontextmanager
async def _front_end(sensor: Sensor) -> AsyncIterator[Callable[[Request], Awaitable[None]]]:
    """Asks, and takes what comes without a look at it: what a front end does with it is not the sensor's work."""
    ours, theirs = socket.socketpair()
    serving = asyncio.create_task(Server(Desk(sensor).answer, hostname="bench").serve_socket(theirs))
    reader, writer = await asyncio.open_connection(sock=ours)

    async def ask(request: Request) -> None:
        writer.write(to_frame(request))
        (length,) = struct.unpack("<I", await reader.readexactly(4))
        while length:
            length -= len(await reader.read(min(length, 1 << 18)))

    await ask(Hello(version=VERSION))
    yield ask
    writer.close()
    await serving

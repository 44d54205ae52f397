"""A sensor with a million alerts to which more come, and with a crowd on its machine.

``python -m scripts.measure.crowd SOCKET STORE`` says ``ready`` when front ends can attach.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import time
import zlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from engine.alerts import Alert, ContainerRef
from engine.contracts import Emit, Inhabited
from engine.events import ContainerInfo, Input, KernelEvent, Phase, ProcessInfo, Snapshot, SourceState
from engine.judging.judge import alert_of
from engine.protocol import ContainerFigure, ProbeRow, ProcessFigure
from engine.rules.ruleset import RuleSet
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.service.server import Server
from engine.state.clock import since_boot
from engine.state.event import Event
from engine.store import AlertStore
from probes.machine.collector import gentle
from scripts.measure.filling import fill
from scripts.measure.judgement import opened, rule_sets, world

ALERTS = 1_000_000
RULES, BURNING = 40, 50
"""A stack for each pair of a rule and a container that has alerts."""
PROCESSES, CONTAINERS = 10_000, 500
RATE = 1_000
"""Alerts a second that come while somebody looks."""
TURNOVER = 100
"""Processes a second that begin, and as many that end."""
STEP = 0.01
"""Seconds between two batches of them."""
SHIPPED = Path(__file__).resolve().parents[2] / "rules"
_EACH = PROCESSES // CONTAINERS


class Arrivals:
    """A source of events, most of which make an alert: they come from all burning containers in turn, and of each from
    all its processes, so that no page of alerts looks like the next."""

    name = "arrivals"
    own_events = 0

    def __init__(self) -> None:
        self._turn = itertools.cycle(range(BURNING))
        self._count = itertools.count()
        self._pids = itertools.count(1_000_000)
        self._young: list[int] = []

    async def run(self, emit: Emit) -> None:
        """Emit for ever, at an even rate."""
        emit([SourceState(time=time.time_ns(), phase=Phase.LIVE), *machine()])
        begun, told = time.monotonic(), 0
        while True:
            await asyncio.sleep(STEP)
            due = int((time.monotonic() - begun) / STEP)
            for _ in range(due - told):
                emit([self._alerting() for _ in range(round(RATE * STEP))])
                emit(list(self._turnover(round(TURNOVER * STEP))))
            told = due

    def select(self, event_types: Collection[str], *, narrows: bool = False) -> None:
        """It has one type."""

    def statistics(self) -> list[ProbeRow]:
        """It counts nothing."""
        return []

    def _alerting(self) -> KernelEvent:
        place, number = divmod(next(self._count), BURNING)
        pid = first_of(number) + place % _EACH
        who = {"ppid": _parent_of(pid), "comm": _name_of(pid)}
        return msgspec.structs.replace(opened("/etc/shadow"), **{**_by(number, pid), **who})

    def _turnover(self, count: int) -> Iterator[KernelEvent]:
        """Processes begin, and end a second later."""
        for _ in range(count):
            parent, pid = first_of(next(self._turn)), next(self._pids)
            who = ProcessInfo(pid=pid, start=pid, ppid=parent, comm=f"job-{pid}", container_id=_id(parent))
            yield KernelEvent(type="clone", process=who, **_by(parent // _EACH, parent))
            self._young.append(pid)
            if len(self._young) > TURNOVER:
                old = self._young.pop(0)
                yield KernelEvent(type="procexit", **_by(0, old))


class Made:
    """Figures that are made up: what it takes to measure them is :mod:`scripts.measure.gauging`'s."""

    async def containers(self, wanted: Sequence[Inhabited]) -> list[ContainerFigure]:
        """Others each time, and of each about its own: a list that is sorted by them is not another each time, in which
        a key that turns a page would find itself at the end."""
        return [_figure(one.container_id) for one in wanted]

    async def processes(self, wanted: Sequence[tuple[int, int]]) -> list[ProcessFigure]:
        """Likewise."""
        return [ProcessFigure(pid, start, 100 * _about(pid), int(1e9 * _about(-pid))) for pid, start in wanted]

    async def everyone(self, wanted: Sequence[tuple[int, int]]) -> Sequence[ProcessFigure]:
        """Likewise."""
        return await self.processes(wanted)


def _figure(container_id: str) -> ContainerFigure:
    cpu, memory, received, sent = (_about(f"{container_id} {what}") for what in range(4))
    return ContainerFigure(container_id, 100 * cpu, int(1e9 * memory), 0, 1e6 * received, 1e6 * sent, _EACH)


def _about(what: object) -> float:
    """From 0 to 1: a share that one has of its own, give or take a hundredth."""
    steady = zlib.crc32(str(what).encode()) / 2**32
    return 0.99 * steady + 0.01 * random.random()  # noqa: S311 - nothing is secret


def _by(number: int, pid: int) -> dict[str, Any]:
    now = {"time": time.time_ns(), "since_boot": since_boot()}
    who = {"pid": pid, "tid": pid, "start": pid, "ppid": 1, "comm": "sh", "uid": 0, "gid": 0}
    return {**now, **who, "container_id": f"{number:064x}"}


def first_of(number: int) -> int:
    """The pid of the first process in a container."""
    return 1000 + number * _EACH


def _id(pid: int) -> str:
    return f"{(pid - 1000) // _EACH:064x}"


def machine() -> list[Input]:
    """The containers, and all processes in them: each has a shell whose children have children."""
    now = time.time_ns()
    infos: list[Input] = [
        ContainerInfo(
            id=f"{number:064x}",
            time=now,
            name=f"web-{number}",
            image=f"shop/web:{number}",
            state="running",
            created=now - number * 10**10,
            started=now - number * 10**10,
            pid=first_of(number),
        )
        for number in range(CONTAINERS)
    ]
    return [*infos, Snapshot(time=now, processes=[_process(pid) for pid in range(1000, 1000 + PROCESSES)])]


def _process(pid: int) -> ProcessInfo:
    place, parent, name = _place_of(pid), _parent_of(pid), _name_of(pid)
    return ProcessInfo(
        pid=pid,
        start=pid,
        ppid=parent,
        comm=name,
        exepath=f"/usr/bin/{name}",
        args=[f"--job-{pid}", "--config=/etc/service/config.yaml"],
        vpid=1 + place,
        container_id=_id(pid),
    )


def _place_of(pid: int) -> int:
    """In its container, from 0 on."""
    return (pid - 1000) % _EACH


def _parent_of(pid: int) -> int:
    place = _place_of(pid)
    return 1 if not place else pid - place if place % 3 == 1 else pid - 1


def _name_of(pid: int) -> str:
    return "service" if _place_of(pid) else "sh"


def event() -> Event:
    """A shell in a container reads secrets."""
    (judged,) = world().apply(opened("/etc/shadow"))
    return judged


def history(rules: RuleSet) -> Iterator[tuple[int, Alert]]:
    """The latest alert of each stack, and how many others it had within the last hour."""
    (rule, *_) = rules.match(event())
    base = alert_of(rule, event(), "bench")
    for name, number in itertools.product([f"Rule number {number}" for number in range(RULES)], range(BURNING)):
        container = ContainerRef(
            id=f"{number:064x}", name=f"web-{number}", image=f"shop/web:{number}", privileged=False
        )
        yield ALERTS // RULES // BURNING, msgspec.structs.replace(base, rule=name, container=container)


async def serve(path: Path, store: AlertStore, rules: RuleSet) -> None:
    """Until it is killed."""
    sensor = Sensor([Arrivals()], rules, store, load_rules=lambda: rules, hostname="bench", gauge=Made())
    server = Server(Desk(sensor).answer, hostname="bench")
    sensor.on_pulse = server.pulse
    await asyncio.gather(sensor.run(), server.serve(path, ready=lambda: print("ready", flush=True)))


def main() -> None:
    """Fill the store, then serve it."""
    socket, database = map(Path, sys.argv[1:])
    ((_name, rules),) = rule_sets([SHIPPED])
    fill(database, history(rules))
    with gentle():  # as in the sensor
        asyncio.run(serve(socket, AlertStore(database), rules))


if __name__ == "__main__":
    main()

"""Figures of the engine alone: keep state, store. They need neither root nor a kernel."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.events import ContainerInfo, Fd, KernelEvent, ProcessInfo, Snapshot
from engine.judging.judge import alert_of
from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from engine.state.event import Event
from engine.state.world import World
from engine.store import AlertStore
from probes.machine.collector import gentle
from scripts.measure.figure import Figure, UnmeasurableError, per_call

WEB = "ab" * 32
T0 = 1_700_000_000 * 10**9
SHELL = ProcessInfo(pid=100, start=100, comm="sh", exe="sh", exepath="/bin/sh", container_id=WEB, tty=34816)
_SPREAD = 7919
"""A prime: its multiples come in no order that matters."""
ALERTS = 20_000
"""Alerts written for the store's figure."""


def world() -> World:
    """A container with a shell in it."""
    state = World()
    state.apply(Snapshot(time=T0, processes=[SHELL]))
    state.apply(ContainerInfo(id=WEB, time=T0, name="web", image="shop/web:1", state="running", pid=100))
    return state


def opened(name: str) -> KernelEvent:
    """The shell opens a file for reading."""
    flags: dict[str, int | str] = {"dirfd": -100, "name": name, "flags": 0, "mode": 0}
    fd = Fd(num=3, type="file", name=name)
    return _event("openat", args=flags, fd=fd, res=3)


def _event(kind: str, **more: object) -> KernelEvent:
    known = {"time": T0, "pid": 100, "tid": 100, "start": 100, "ppid": 1, "comm": "sh", "uid": 0, "gid": 0}
    return KernelEvent(type=kind, container_id=WEB, **{**known, **more})  # type: ignore[arg-type]


def _judged(kernel: KernelEvent) -> Event:
    events = world().apply(kernel)
    if not events:
        raise UnmeasurableError("the event waits for its container")
    return events[0]


def rule_sets(folders: Iterable[Path]) -> Iterator[tuple[str, RuleSet]]:
    """The rules of each folder or file, with a name that says how many are enabled."""
    for folder in folders:
        rules = load([folder])
        enabled = sum(rule.enabled for rule in rules.rules)
        yield f"{folder.name}, {enabled} rules", rules


def state() -> Iterator[Figure]:
    """State alone: the process and the container of an event."""
    here, event = world(), opened("/etc/hostname")
    yield Figure("state: apply one open", per_call(lambda: here.apply(event)) * 1e6, "µs CPU")
    with gentle():  # as in the sensor
        yield from _fork_bomb()


def _fork_bomb() -> Iterator[Figure]:
    """Forks by the youngest or by anybody, and ends in any order; a thousand live."""
    bomb, living = World(), [1]
    bomb.apply(Snapshot(time=T0, processes=[ProcessInfo(pid=1, start=1)]))
    for thousand in (20, 200):
        begin = time.process_time()
        for number in range(20_000):
            child = thousand * 1_000_000 + number
            _fork_and_end(bomb, living, child)
        took = time.process_time() - begin
        yield Figure(f"state: a fork and an exit in a fork bomb, the {thousand},000th", took / 20_000 * 1e6, "µs CPU")
        for number in range(160_000 if thousand == 20 else 0):
            _fork_and_end(bomb, living, thousand * 2_000_000 + number)
    exited = len(bomb.processes) - bomb.processes.living
    yield Figure("state: exited processes remembered after it", exited, "", "≤ 60,000")


def _fork_and_end(bomb: World, living: list[int], child: int) -> None:
    parent = living[-1] if child % 3 else living[child * _SPREAD % len(living)]
    who = {"container_id": "", "comm": "sh", "uid": 0, "gid": 0}
    info = ProcessInfo(pid=child, start=child, ppid=parent, comm="sh")
    common = {"ppid": 1, **who}
    bomb.apply(KernelEvent(T0 + child, "clone", parent, parent, parent, process=info, **common))  # type: ignore[arg-type]
    living.append(child)
    if len(living) > 1000:
        end = living.pop(child * _SPREAD % 999 + 1)
        bomb.apply(KernelEvent(T0 + child, "procexit", end, end, end, **common))  # type: ignore[arg-type]


def alerts(folders: Iterable[Path]) -> Iterator[Figure]:
    """Writing alerts in batches, as a burst of events makes them."""
    rule = next((rule for _, rules in rule_sets(folders) for rule in rules.rules), None)
    if rule is None:
        raise UnmeasurableError("no rules")
    alert = alert_of(rule, _judged(opened("/etc/shadow")), "bench")
    with tempfile.TemporaryDirectory(prefix="tiercel-bench-") as folder:
        store = AlertStore(Path(folder) / "alerts.db")
        start = time.perf_counter()
        for _ in range(ALERTS // 100):
            store.add([alert] * 100)
        store.flush()
        seconds = time.perf_counter() - start
        lost = store.dropped
        store.close()
    yield Figure("alerts written to the store", ALERTS / seconds, "/s", "≥ 15,000", f"{lost} lost")

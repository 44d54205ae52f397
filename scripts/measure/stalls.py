"""How long Python's garbage collector stops everything while processes come and go by the thousand."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from engine.events import HOST, KernelEvent, ProcessInfo
from engine.state.table import MAX_EXITED
from engine.state.world import World
from probes.machine.collector import gentle
from scripts.measure.figure import Figure
from scripts.measure.judgement import T0, rule_sets


def stalls(folders: Iterable[Path]) -> Iterator[Figure]:
    """The longest stall while the process table fills and goes on full: as Python does it, and as the sensor does."""
    rules = [rules for _, rules in rule_sets(folders)]  # they are what lies in memory of an ordinary sensor
    for name, manner in (("Python's own way", nullcontext()), ("the sensor's way", gentle())):
        gc.collect()
        with manner, _timed() as taken:
            _churn(World(), 2 * MAX_EXITED)
        yield Figure(f"longest stall by garbage collection, {name}", 1000 * max(taken, default=0.0), "ms", "≤ 10")
    rules.clear()


@contextmanager
def _timed() -> Iterator[list[float]]:
    """Seconds that each collection takes."""
    taken: list[float] = []
    begun = 0.0

    def note(phase: str, _about: dict[str, int]) -> None:
        nonlocal begun
        if phase == "start":
            begun = time.thread_time()
        else:
            taken.append(time.thread_time() - begun)

    gc.callbacks.append(note)
    try:
        yield taken
    finally:
        gc.callbacks.remove(note)


def _churn(world: World, processes: int) -> None:
    """So many processes, one after the other: each is forked, executes a program and exits."""
    for pid in range(2, 2 + processes):
        child = ProcessInfo(pid=pid, start=pid, ppid=1, comm="sh")
        program = ProcessInfo(pid=pid, start=pid, ppid=1, comm="cat", exe="cat", exepath="/bin/cat", args=["-n", "/x"])
        world.apply(_event("clone", 1, pid, process=child))
        world.apply(_event("execve", pid, pid, process=program, args={"filename": "/bin/cat"}))
        world.apply(_event("procexit", pid, pid, args={"status": 0}))


def _event(kind: str, pid: int, at: int, **more: object) -> KernelEvent:
    known = {"tid": pid, "start": pid, "ppid": 1, "comm": "sh", "uid": 0, "gid": 0, "container_id": HOST}
    return KernelEvent(time=T0 + at, since_boot=at, type=kind, pid=pid, **{**known, **more})  # type: ignore[arg-type]

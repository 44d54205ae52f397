"""What it costs to look at the figures of hundreds of containers, in real cgroups, and at those of all processes; root
only.

Each has a process of its own in a network of its own, as far as the kernel lets us make one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import statistics
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.contracts import Inhabited
from probes.machine.cgroups import mounts
from probes.machine.gauge import Gauge
from probes.machine.procfs import started, stat_fields
from scripts.measure.figure import Figure, UnmeasurableError

CONTAINERS = 500
_LOOKS = 9
_EVERY = 2.0
"""Seconds between two looks of a screen."""
_PARENT = "tiercel-bench"
_TREES = ("", "cpuacct", "memory", "pids")


def gauging() -> Iterable[Figure]:
    """The CPU of one look, as a share of the time between two, and of the longest slice."""
    if os.geteuid() != 0:
        raise UnmeasurableError("only root can make cgroups")
    with _containers(CONTAINERS) as containers:
        used, slices = asyncio.run(_look(containers))
        yield from _of_processes()
    share = statistics.median(used) / _EVERY * 100
    yield Figure(f"figures of {CONTAINERS} containers: one look, CPU", statistics.median(used) * 1e3, "ms")
    yield Figure(f"figures of {CONTAINERS} containers: while a screen looks", share, "% of core", "≤ 5")
    yield Figure(
        f"figures of {CONTAINERS} containers: CPU between two breaths, longest of a look", slices * 1e3, "ms", "≤ 4"
    )


async def _look(containers: list[Inhabited]) -> tuple[list[float], float]:
    """CPU seconds of each look but the first, and that of the longest slice of a look, the median."""
    now = [0.0]
    gauge = Gauge(clock=lambda: now[0])
    used: list[float] = []
    longest: list[float] = []
    for _ in range(_LOOKS):
        now[0] += _EVERY
        began = time.process_time()
        looking = asyncio.create_task(gauge.containers(containers))
        longest.append(await _longest_wait(looking))
        used.append(time.process_time() - began)
        if len(await looking) != len(containers):
            raise UnmeasurableError("not every cgroup can be read here")
    return used[1:], statistics.median(longest[1:])


def _of_processes() -> Iterator[Figure]:
    """Of those that there are, as the view of everything asks for them."""
    keys = list(_everyone())
    used, longest = asyncio.run(_look_at_all(keys))
    yield Figure("figures of all processes: one look, CPU of each process", used / len(keys) * 1e6, "µs")
    yield Figure("figures of all processes: CPU between two breaths, longest of a look", longest * 1e3, "ms", "≤ 4")


async def _look_at_all(keys: list[tuple[int, int]]) -> tuple[float, float]:
    """CPU seconds of a look, and of its longest slice, medians."""
    now = [0.0]
    gauge = Gauge(clock=lambda: now[0])
    used: list[float] = []
    longest: list[float] = []
    for _ in range(_LOOKS):
        now[0] += _EVERY
        began = time.process_time()
        longest.append(await _longest_wait(asyncio.create_task(gauge.everyone(keys))))
        used.append(time.process_time() - began)
    return statistics.median(used[1:]), statistics.median(longest[1:])


def _everyone() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                yield int(folder.name), started(stat_fields(folder)[1][19])


async def _longest_wait(task: asyncio.Task[Any]) -> float:
    longest = 0.0
    while not task.done():
        began = time.thread_time()
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - began)
    return longest


@contextlib.contextmanager
def _containers(number: int) -> Iterator[list[Inhabited]]:
    """So many sleeping processes, each in the cgroup of a container."""
    found = mounts()
    v1 = [tree for tree in _TREES[1:] if tree in found]
    folders = [Path(found[tree], _PARENT) for tree in (v1 or [""]) if tree in found]
    with contextlib.ExitStack() as stack:
        containers = []
        for _ in range(number):
            process = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
            stack.callback(process.wait)
            stack.callback(process.kill)
            containers.append(Inhabited(secrets.token_hex(32), process.pid))
        made = [folder / "docker" / one.container_id for folder in folders for one in containers]
        try:
            for folder, one in ((folder, one) for folder in folders for one in containers):
                place = folder / "docker" / one.container_id
                place.mkdir(parents=True)
                (place / "cgroup.procs").write_text(str(one.pid))
            yield containers
        except OSError as error:
            raise UnmeasurableError(f"no cgroup can be made: {error}") from error
        finally:
            stack.close()
            for place in [*made, *(folder / "docker" for folder in folders), *folders]:
                with contextlib.suppress(OSError):
                    place.rmdir()

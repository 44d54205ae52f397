"""What it costs to read the counters of losses when there are as many as there can be."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Generator, Iterator

from probes.kernel.bpf_call import create_map
from probes.kernel.bpf_map import BpfMap, PerCpuMap
from probes.kernel.losses import Losses
from probes.kernel.wire import COUNTER, LOSS, LOSS_KEY
from scripts.measure.figure import Figure, UnmeasurableError

CGROUPS = 4000
ROUNDS = 15
_HASH, _PER_CPU_ARRAY, _SIZE = 1, 6, 4096
_EVENTS = 256


def counters() -> Iterator[Figure]:
    """The longest time that the loop stands still for them, beside what one walk through the map takes."""
    if os.geteuid():
        raise UnmeasurableError("maps of the kernel need root")
    table = BpfMap(create_map(_HASH, LOSS_KEY.size, LOSS.size, _SIZE), LOSS_KEY.size, LOSS.size)
    counts = PerCpuMap(create_map(_PER_CPU_ARRAY, 4, COUNTER.size, _EVENTS), 4, COUNTER.size)
    losses = Losses(table, counts, {})
    rounds = [_round(table, losses, number + 1) for number in range(ROUNDS)]
    longest, total, walk = (statistics.median(column) * 1000 for column in zip(*rounds, strict=True))
    note = f"{total:.1f} ms in all; one walk through the map takes {walk:.1f} ms"
    yield Figure(f"counters of losses of {CGROUPS:,} cgroups: the longest step", longest, "ms", "≤ 10", note)
    for each in (table, counts):
        each.close()


def _round(table: BpfMap, losses: Losses, count: int) -> tuple[float, float, float]:
    for cgroup in range(CGROUPS):
        table.update(LOSS_KEY.pack(cgroup, 0, 0), LOSS.pack(count, 1, 0, b""))
    steps = longest_step(losses.read(0))
    start = time.thread_time()
    table.items()
    return *steps, time.thread_time() - start


def longest_step(
    steps: Generator[None, None, object], clock: Callable[[], float] = time.thread_time
) -> tuple[float, float]:
    """Seconds of CPU of the longest of the steps, and of all."""
    longest = total = 0.0
    more = True
    while more:
        start = clock()
        more = next(steps, _END) is not _END
        taken = clock() - start
        longest, total = max(longest, taken), total + taken
    return longest, total


_END = object()

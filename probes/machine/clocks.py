"""The machine's clocks as the kernel itself counts them.

A process may have been given others, in a time namespace: what clock_gettime(2) and /proc tell it of the time since
boot is moved then, and what the kernel's events tell is not.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

TICK = 10_000_000
"""Nanoseconds of the clock tick in which /proc/PID/stat tells the start of a process. Starts are rounded down to it, so
that a process has the same identity in events and in the snapshot; no pid is used twice within a tick."""
NOISE = 1_000_000
"""Nanoseconds by which two readings of the same may differ: one clock is read after the other."""
_TRIES = 3
"""Readings of two clocks, of which the one counts that took the least time."""


def since_boot() -> int:
    """Nanoseconds since boot, with those in which the machine was suspended: the time that events have."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - moved("boottime")


def boot_offset(known: int = 0) -> int:
    """Nanoseconds to add to the time since boot for the time since the epoch; what is ``known``, if it still holds."""
    return _held(known, _apart(time.CLOCK_BOOTTIME, time.CLOCK_REALTIME) + moved("boottime"))


def suspended(known: int = 0) -> int:
    """Nanoseconds for which the machine has been suspended since boot: they are not in the monotonic clock."""
    apart = _apart(time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME)
    return _held(known, apart - moved("boottime") + moved("monotonic"))


def _held(known: int, found: int) -> int:
    """Of two readings a little apart the first: that of the second is noise, and would make times overtake others."""
    return known if abs(found - known) < NOISE else found


def _apart(one: int, other: int) -> int:
    """How far the clock ``other`` is ahead."""
    return min(_readings(one, other) for _ in range(_TRIES))[1]


def _readings(one: int, other: int) -> tuple[int, int]:
    """How long it took to look, and how far they are apart."""
    begin = time.clock_gettime_ns(one)
    then = time.clock_gettime_ns(other)
    end = time.clock_gettime_ns(one)
    return end - begin, then - (begin + end) // 2


@cache
def moved(clock: str, proc: Path = Path("/proc/self")) -> int:
    """By how much a clock ("boottime", "monotonic") is moved for this process, in nanoseconds; 0 for most."""
    try:
        if (proc / "ns/time").readlink() != (proc / "ns/time_for_children").readlink():
            return 0  # the file tells what holds for the children to come
        lines = (proc / "timens_offsets").read_text().splitlines()
    except OSError:  # before Linux 5.5
        return 0
    offsets = {name: int(seconds) * 10**9 + int(rest) for name, seconds, rest in map(str.split, lines)}
    return offsets.get(clock, 0)

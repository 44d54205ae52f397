"""What processes cost, read from /proc: CPU and memory of a program, CPU of all that a command has started."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_SESSION, _UTIME, _CSTIME = 3, 11, 14
"""Positions in /proc/PID/stat behind the name."""


def cpu_of(pid: int) -> float:
    """Seconds of CPU of the living threads of a process, to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(path.read_text(encoding="ascii").split()[0]) for path in tasks) / 1e9


def run_of(pid: int) -> tuple[float, float]:
    """Seconds for which the living threads of a process have run, and for which they waited for a CPU."""
    ran = waited = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):  # it has ended
            ran, waited = (sum(pair) for pair in zip((ran, waited), _run(path), strict=True))
    return ran / 1e9, waited / 1e9


def _run(path: Path) -> tuple[int, int]:
    ran, waited, _ = path.read_text(encoding="ascii").split()
    return int(ran), int(waited)


def as_urgent(pid: int) -> None:
    """Let a session that was begun just now be as nice as we are, where the kernel groups processes by session: there
    the niceness of one counts within its session only."""
    with contextlib.suppress(OSError):  # it does not, or we may not
        Path(f"/proc/{pid}/autogroup").write_text(str(os.nice(0)), encoding="ascii")


def memory_of(pid: int) -> tuple[int, int]:
    """Bytes that are resident, and this process's share of them (PSS)."""
    return in_rollup(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8"))


def in_rollup(text: str) -> tuple[int, int]:
    """Rss and Pss in bytes, from the text of an ``smaps_rollup``."""
    kilobytes = dict(re.findall(r"^(Rss|Pss): +(\d+) kB$", text, re.MULTILINE))
    return int(kilobytes["Rss"]) * 1024, int(kilobytes["Pss"]) * 1024


def cpu_of_session(session: int) -> float:
    """Seconds of CPU of all processes of a session, and of those that have ended and were waited for there."""
    return sum(used for of, used in map(session_and_cpu, _stats()) if of == session)


def session_and_cpu(stat: str) -> tuple[int, float]:
    """The session of a process, and the seconds of CPU that it and its ended children had, from its ``stat``."""
    fields = stat.rsplit(") ", 1)[1].split()
    return int(fields[_SESSION]), sum(map(int, fields[_UTIME : _CSTIME + 1])) / _TICK


def _stats() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            yield path.read_text(encoding="utf-8", errors="replace")

"""Figures of the whole program on a quiet machine: how soon it sees, how late it tells, what it costs to wait."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.measure.figure import Figure, percentile
from scripts.measure.kernel import require_live
from scripts.measure.processes import memory_of
from scripts.measure.watching import Watch, attentive, rule_files, watch

STARTS = 3
"""Pairs of a first start and one with what the first has left."""
TRIGGERS = 200
FIRST = 10_000
"""The number of the first trigger."""
IDLE_WINDOWS = 5
IDLE_SECONDS = 4
"""Seconds of each window."""


def starts(_folders: Sequence[Path]) -> Iterator[Figure]:
    """From the program's start to the first open that it sees: with nothing kept of a former start, and with it."""
    require_live()
    pairs = [_first_and_next() for _ in range(STARTS)]
    for which, bar, seconds in zip(("cold", "again"), ("≤ 1.5", "≤ 0.6"), zip(*pairs, strict=True), strict=True):
        note = ", ".join(f"{each:.2f}" for each in seconds)
        yield Figure(f"start to first detection, {which}", statistics.median(seconds), "s", bar, note)


def _first_and_next() -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="tiercel-bench-home-") as home:
        kept = {name: f"{home}/{name}" for name in ("CACHE_DIRECTORY", "XDG_STATE_HOME", "XDG_DATA_HOME")}
        Path(kept["CACHE_DIRECTORY"]).mkdir()
        return _start(kept), _start(kept)


def _start(environment: dict[str, str]) -> float:
    with watch(environment=environment) as watching:
        return watching.wait_for_first()


def live(folders: Sequence[Path]) -> Iterator[Figure]:
    """Latency and idling, with Falco's stable rules where they are given, else with the first of ``folders``."""
    require_live()
    name, files = idle_rules(folders)
    with watch(files) as watching:
        watching.wait_for_first()
        with attentive():
            delays = _delays(watching)
        yield from latencies("quiet", delays, TRIGGERS, ("≤ 7", "≤ 20"))
        yield from _idling(watching, name)


def idle_rules(folders: Sequence[Path]) -> tuple[str, list[Path]]:
    """Falco's stable rules where they are given, else the first of ``folders``."""
    sets = dict(rule_files(folders))
    name = next((name for name in sets if name.startswith("Falco")), next(iter(sets)))
    return name, sets[name]


def latencies(when: str, delays: Sequence[float], asked: int, bars: tuple[str, str]) -> Iterator[Figure]:
    """Percentiles of milliseconds from system call to line."""
    note = f"{asked - len(delays)} of {asked} missed"
    for percent, bar in zip((50, 99), bars, strict=True):
        value = percentile(delays, percent) if delays else None
        yield Figure(f"system call to JSON line, {when}, p{percent}", value, "ms", bar, note)


def _idling(watching: Watch, name: str) -> Iterator[Figure]:
    shares = []
    for _ in range(IDLE_WINDOWS):
        before, start = watching.cpu(), time.monotonic()
        time.sleep(IDLE_SECONDS)
        shares.append((watching.cpu() - before) / (time.monotonic() - start) * 100)
    note = f"{min(shares):.2f} to {max(shares):.2f}; as quiet as this machine is"
    yield Figure(f"idle: CPU of the sensor ({name})", statistics.median(shares), "% core", "≤ 0.5", note)
    with contextlib.suppress(FileNotFoundError):
        resident, share = memory_of(watching.process.pid)
        yield Figure(f"idle: memory of the sensor, RSS ({name})", resident / 1e6, "MB", "≤ 60")
        yield Figure(f"idle: memory of the sensor, PSS ({name})", share / 1e6, "MB", "≤ 60")


def _delays(watching: Watch) -> list[float]:
    """Milliseconds from each trigger to its line, the triggers at odd distances so that no timer keeps step."""
    watching.alerts()
    asked, delays = {}, []
    for number in range(FIRST, FIRST + TRIGGERS):
        asked[number] = watching.trigger(number)
        until = time.monotonic() + 0.025 + (number * 7919 % 100) / 5000
        while (left := until - time.monotonic()) > 0:
            delays += [(read - asked[seen]) / 1e6 for seen, read in watching.alerts(left) if seen in asked]
    return delays

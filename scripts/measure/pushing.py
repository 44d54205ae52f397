"""Figures of the push-down: what leaves the kernel, and what a flood that does not matter hides."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.pushdown.filter import STATE, Filters
from engine.rules.load import load
from scripts.measure.figure import Figure
from scripts.measure.mixes import server
from scripts.measure.watching import Watch, rule_files, storm_program, watch

READS = 100
READ_PERIOD = 0.1
"""Seconds between two reads."""
SETTLING = 1.0
"""Seconds in which the last alerts come."""
FOREVER = 10**12


def shares(folders: Iterable[Path]) -> Iterator[Figure]:
    """What leaves the kernel of an ordinary server's mixture, by the model that the kernel is held to. None of the host
    names in rules has an address there."""
    events = [event.kernel for event in server() if event.kernel.type not in STATE]
    for name, files in rule_files(folders):
        rules = load(files)
        made = Filters().of(rules.rules, {})
        of_types = sum(event.type in rules.event_types for event in events) / len(events) * 100
        passed = sum(map(made.passes, events)) / len(events) * 100
        enabled = sum(rule.enabled for rule in rules.rules)
        note = f"{enabled} rules; by types alone {of_types:.1f} %; exec, fork and exit apart"
        yield Figure(f"events that leave the kernel, server mix ({name})", passed, "%", "≤ 1.1 / 10", note)


def floods(folders: Iterable[Path]) -> Iterator[Figure]:
    """Reads of a file that a rule waits for, hidden among opens and closes without limit on every processor."""
    with storm_program() as program:
        for name, files in rule_files(folders):
            yield from _flood(program, name, files)


def _flood(program: str, name: str, files: Sequence[Path]) -> Iterator[Figure]:
    with watch(files) as watching:
        watching.wait_for_first()
        storms = [subprocess.Popen([program, "open", str(FOREVER)]) for _ in range(os.cpu_count() or 1)]
        try:
            time.sleep(SETTLING)
            before, start = watching.cpu(), time.monotonic()
            seen = {number for number, _ in _reads(watching)}
            cpu = (watching.cpu() - before) / (time.monotonic() - start) * 100
        finally:
            for storm in storms:
                storm.terminate()
                storm.wait()
        yield Figure(f"reads seen in a flood on all processors ({name})", len(seen), f"of {READS}", f"{READS}")
        yield Figure(f"CPU of the sensor in the flood ({name})", cpu, "% core")


def _reads(watching: Watch) -> Iterator[tuple[int, int]]:
    """The alerts of so many reads."""
    watching.alerts()
    numbers = range(FIRST, FIRST + READS)
    for number in numbers:
        watching.trigger(number)
        time.sleep(READ_PERIOD)
        yield from (alert for alert in watching.alerts() if alert[0] in numbers)
    time.sleep(SETTLING)
    yield from (alert for alert in watching.alerts() if alert[0] in numbers)


FIRST = 1_000_000
"""The number of the first read."""

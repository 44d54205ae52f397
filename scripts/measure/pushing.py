"""What leaves the kernel: the share of an ordinary server's events that passes the filters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.pushdown.filter import STATE, Filters
from engine.rules.load import load
from scripts.measure.figure import Figure
from scripts.measure.mixes import server
from scripts.measure.watching import rule_files


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

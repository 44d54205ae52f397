"""Figures of the rules: from YAML to ready, events judged by generated functions and by the plain interpreter."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from engine.lang.fields import resolve
from engine.lang.interpret import evaluate as interpreted
from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from engine.state.event import Event
from scripts.measure.figure import Figure, per_call
from scripts.measure.mixes import hostile, server

ROUNDS = 7
SLICE = 50
"""Events judged again and again before the next ones."""
INTERPRETED = 40
"""Events that the interpreter judges: it is slow."""
TARGET = "≤ 0.5 / 1.5"


def evaluation(folders: Iterable[Path]) -> Iterator[Figure]:
    """For each set of rules: ready, judged mixtures, switched."""
    for folder in folders:
        rules, seconds = _ready(folder)
        what = f"{folder.parent.name}/{folder.name}, {len(rules.rules)} rules"
        yield Figure(f"YAML to ready ({what})", seconds * 1e3, "ms", "≤ 100 / 400")
        for mix, events in (("server", server()), ("hostile", hostile())):
            yield _judged(f"evaluate, {mix} mix ({what})", rules, events)
        yield Figure(f"switch a rule ({what})", _switched(rules) * 1e6, "µs", "no compiling")


def _ready(folder: Path) -> tuple[RuleSet, float]:
    """The rules with all their functions made, and the seconds of CPU that took; all are switched on."""
    start = time.process_time()
    rules = load([folder])
    for rule in rules.rules:
        rules.set_enabled(rule.name, True)
    for _ in rules.prepare():
        pass
    return rules, time.process_time() - start


def _judged(name: str, rules: RuleSet, events: Sequence[Event]) -> Figure:
    fast = _per_event(rules.match, events)
    slow = _per_event(lambda event: _interpreted(rules, event), list(islice(events, INTERPRETED)), rounds=1)
    hits = sum(len(rules.match(event)) for event in events)
    note = f"interpreter {slow * 1e6:,.0f} µs, × {slow / fast:,.0f}; {hits} hits on {len(events)} events"
    return Figure(name, fast * 1e6, "µs CPU", TARGET if "server" in name else "", note)


def _interpreted(rules: RuleSet, event: Event) -> list[str]:
    asked = (rule for rule in rules.rules if event.kernel.type in rule.event_types and not rule.unserved)
    return [rule.name for rule in asked if interpreted(rule.expanded, event, resolve)]


def _per_event(judge: Callable[[Event], object], events: Sequence[Event], rounds: int = ROUNDS) -> float:
    """Seconds of CPU for one event: of each slice the best round. Slices are small because an event comes to the rules
    when decoder and state have just had it in their hands; rounds over all of them would measure the memory."""
    slices = [events[start : start + SLICE] for start in range(0, len(events), SLICE)]
    return sum(min(_round(judge, part) for _ in range(rounds)) for part in slices) / len(events)


def _round(judge: Callable[[Event], object], events: Sequence[Event]) -> float:
    start = time.process_time()
    for event in events:
        judge(event)
    return time.process_time() - start


def _switched(rules: RuleSet) -> float:
    name = rules.rules[0].name
    return per_call(lambda: (rules.set_enabled(name, False), rules.set_enabled(name, True)), calls=200) / 2

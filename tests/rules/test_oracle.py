"""Real rules on many events: the generated functions say of each rule what the plain interpreter says."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from pathlib import Path

import pytest

from engine.events import KernelEvent
from engine.lang.fields import resolve
from engine.lang.interpret import evaluate
from engine.rules.load import load
from engine.rules.ordinary import ordinary
from engine.rules.ruleset import RuleSet
from engine.schema import EVENT_TYPES
from engine.state.event import Event
from engine.state.world import World
from probes.options import DEMO
from probes.recordings.reader import read
from tests.helpers.upstream import CASES
from tests.helpers.vectors import upstream_rules

SHIPPED = Path(__file__).parents[2] / "rules"
OF_EACH_TYPE = 4
FROM_THE_DEMO = 150


@lru_cache
def shipped() -> RuleSet:
    return enabled(load([SHIPPED]))


@lru_cache
def upstream() -> RuleSet:
    return enabled(load(upstream_rules()))


def enabled(rules: RuleSet) -> RuleSet:
    for rule in rules.rules:
        rules.set_enabled(rule.name, True)
    return rules


def disagreements(rules: RuleSet, events: Iterable[Event]) -> list[str]:
    found = []
    for event in events:
        fast = {rule.name for rule in rules.match(event)}
        slow = {rule.name for rule in rules.rules if not rule.unserved and evaluate(rule.expanded, event, resolve)}
        found += [f"{name} on {event.kernel}" for name in fast ^ slow]
    assert rules.failures == 0
    return found


def generated() -> Iterable[Event]:
    return chain.from_iterable(ordinary(row.name, OF_EACH_TYPE, seed=99) for row in EVENT_TYPES)


def demo() -> list[Event]:
    """Every n-th kernel event of the recording, judged at its moment."""
    world = World()
    events = [
        event
        for batch in read(DEMO)
        for item in batch.inputs
        for event in world.apply(item)
        if isinstance(item, KernelEvent)
    ]
    return events[:: max(1, len(events) // FROM_THE_DEMO)]


def test_shipped_rules_on_ordinary_events() -> None:
    assert disagreements(shipped(), generated()) == []


def test_shipped_rules_on_the_recording() -> None:
    assert disagreements(shipped(), demo()) == []


def test_upstream_rules_on_ordinary_events() -> None:
    assert disagreements(upstream(), generated()) == []


def test_upstream_rules_on_the_recording() -> None:
    assert disagreements(upstream(), demo()) == []


@pytest.mark.parametrize("rule", CASES)
def test_upstream_rules_on_events_that_fire_and_that_nearly_do(rule: str) -> None:
    case = CASES[rule]
    assert disagreements(upstream(), [case.fires, case.quiet]) == []

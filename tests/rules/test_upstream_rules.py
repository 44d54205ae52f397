"""Each of Falco's upstream rules has an event that fires it, and a near miss that does not.

The rule files are not in this repository: :mod:`tests.helpers.vectors` looks for them beside it, and the tests say so
when they are absent.
"""

from __future__ import annotations

from functools import lru_cache

import pytest

from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from engine.state.event import Event
from tests.helpers.upstream import CASES, NEVER
from tests.helpers.vectors import upstream_rules


@lru_cache
def ruleset() -> RuleSet:
    """All three files together, with the rules that are off as shipped switched on."""
    loaded = load(upstream_rules())
    for rule in loaded.rules:
        loaded.set_enabled(rule.name, True)
    return loaded


def matching(event: Event) -> set[str]:
    return {rule.name for rule in ruleset().match(event)}


@pytest.mark.parametrize("rule", CASES)
def test_fires(rule: str) -> None:
    assert rule in matching(CASES[rule].fires)


@pytest.mark.parametrize("rule", CASES)
def test_a_near_miss_does_not(rule: str) -> None:
    assert rule not in matching(CASES[rule].quiet)


@pytest.mark.parametrize("rule", CASES)
def test_its_message_can_be_printed(rule: str) -> None:
    message, fields = ruleset()[rule].render(CASES[rule].fires)
    assert "%" not in message.replace("%%", "")
    assert fields


@pytest.mark.parametrize("rule", NEVER)
def test_cannot_fire_as_shipped(rule: str) -> None:
    assert not [name for name, case in CASES.items() if rule in matching(case.fires) | matching(case.quiet)]


def test_every_rule_is_in_the_tables() -> None:
    assert {rule.name for rule in ruleset().rules} == CASES.keys() | NEVER.keys()
    assert len(CASES) + len(NEVER) == 93


def test_every_event_that_they_ask_for_is_delivered() -> None:
    assert ruleset().unserved == ()
    assert "no probe delivers" not in " ".join(problem.message for problem in ruleset().warnings)


def test_the_near_miss_is_an_event_that_the_rule_asks_for() -> None:
    """Else it would be quiet for a trivial reason."""
    trivial = [name for name, case in CASES.items() if case.quiet.kernel.type not in ruleset()[name].event_types]
    assert trivial == []

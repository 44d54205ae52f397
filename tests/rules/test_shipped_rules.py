"""Each shipped rule has an event that fires it, and a near miss that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from engine.state.event import Event
from tests.helpers.shipped import CASES

RULES = Path(__file__).parents[2] / "rules"

FIRES = [
    pytest.param(case.rule, event, id=f"{case.rule}: {what}") for case in CASES for what, event in case.fires.items()
]
QUIET = [
    pytest.param(case.rule, event, id=f"{case.rule}: {what}") for case in CASES for what, event in case.quiet.items()
]


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    """The shipped rules, those that are off switched on."""
    loaded = load([RULES])
    for rule in loaded.rules:
        loaded.set_enabled(rule.name, True)
    return loaded


def names(rules: RuleSet, event: Event) -> list[str]:
    return [rule.name for rule in rules.match(event)]


@pytest.mark.parametrize(("rule", "event"), FIRES)
def test_it_fires(rules: RuleSet, rule: str, event: Event) -> None:
    assert rule in names(rules, event)


@pytest.mark.parametrize(("rule", "event"), QUIET)
def test_it_is_quiet(rules: RuleSet, rule: str, event: Event) -> None:
    assert rule not in names(rules, event)


def test_every_rule_has_an_event_that_fires_it_and_a_near_miss(rules: RuleSet) -> None:
    complete = {case.rule for case in CASES if case.fires and case.quiet}
    assert complete == {rule.name for rule in rules.rules}


def test_a_near_miss_is_of_a_type_that_the_rule_judges(rules: RuleSet) -> None:
    for case in CASES:
        assert any(event.kernel.type in rules[case.rule].event_types for event in case.quiet.values()), case.rule


def test_what_fires_on_a_refused_call_too_says_no_more_than_that_it_was_tried(rules: RuleSet) -> None:
    told = {rule.name: rule.output for rule in rules.rules if "result=%evt.r" in rule.output}
    assert {"Execution from shared memory", "Process traced"} <= told.keys()
    assert [name for name, output in told.items() if "tried" not in output and "was to be" not in output] == []


def test_they_load_without_a_warning_and_all_are_served() -> None:
    loaded = load([RULES])
    assert not loaded.warnings
    assert not loaded.unserved


def test_every_rule_says_what_to_do_and_where_it_belongs() -> None:
    for rule in load([RULES]).rules:
        assert len(rule.description) > 100, rule.name
        assert {"container", "host"} & set(rule.tags), rule.name
        assert any(tag.startswith("mitre_") for tag in rule.tags), rule.name
        assert any(tag.startswith("T") and tag[1:2].isdigit() for tag in rule.tags), rule.name


def test_every_output_names_user_process_command_parent_and_terminal() -> None:
    wanted = {"user.name", "user.uid", "proc.name", "proc.exepath", "proc.cmdline", "proc.pname", "proc.tty"}
    for rule in load([RULES]).rules:
        printed = {ref.name for ref in rule.template.refs}
        assert wanted <= printed, rule.name


def test_quiet_by_default_are_only_the_rules_that_an_ordinary_day_would_fire() -> None:
    off = {rule.name for rule in load([RULES]).rules if not rule.enabled}
    assert off == {"Command executed in container", "Package manager in container", "Network tool in container"}

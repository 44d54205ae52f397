"""Which of the loaded rules are in force, and what the configuration adds to their outputs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alerts import Priority
from engine.errors import RulesError
from engine.rules.extras import Extra
from engine.rules.load import loads
from engine.rules.ruleset import RuleSet
from engine.rules.selection import Selection, in_force, matches_wildcard, select
from tests.helpers.rule_files import rule

FILE = (
    rule("Read shadow", tags="[fs, host]", priority="WARNING")
    + rule("Read hosts", tags="[fs]", priority="INFO", enabled="false")
    + rule("Shell", tags="[exec]", priority="CRITICAL")
)


def loaded() -> RuleSet:
    return loads([("rules.yaml", FILE)], suggested=False)


def disable(rule: str = "", tag: str = "") -> Selection:
    return Selection(False, rule, tag)


def enable(rule: str = "", tag: str = "") -> Selection:
    return Selection(True, rule, tag)


@pytest.mark.parametrize(
    ("selections", "names"),
    [
        ((), ["Read shadow", "Shell"]),
        ((disable("*"),), []),
        ((enable("*"),), ["Read shadow", "Shell", "Read hosts"]),
        ((disable("Read*"),), ["Shell"]),
        ((disable("*"), enable("*s")), ["Read hosts"]),
        ((enable(tag="fs"),), ["Read shadow", "Shell", "Read hosts"]),
        ((disable(tag="exec"),), ["Read shadow"]),
        ((disable("*"), enable(tag="exec"), disable("Shell")), []),
        ((disable("Read shadow"), enable("Read shadow")), ["Shell", "Read shadow"]),
        ((enable("Read shadow"),), ["Read shadow", "Shell"]),
        ((disable("read*"), disable("Read"), disable(tag="f")), ["Read shadow", "Shell"]),
    ],
)
def test_rules_are_selected_in_order(selections: tuple[Selection, ...], names: list[str]) -> None:
    assert list(in_force(loaded().rules, selections)) == names


@pytest.mark.parametrize(
    ("least", "names"),
    [
        (Priority.DEBUG, ["Read shadow", "Shell"]),
        (Priority.WARNING, ["Read shadow", "Shell"]),
        (Priority.CRITICAL, ["Shell"]),
        (Priority.ALERT, []),
    ],
)
def test_rules_that_are_not_severe_enough_are_not_asked(least: Priority, names: list[str]) -> None:
    assert list(in_force(loaded().rules, (), least)) == names


def test_no_selection_brings_back_what_is_not_severe_enough() -> None:
    assert "Read hosts" not in in_force(loaded().rules, [enable("*")], Priority.WARNING)


def test_the_selected_rules_are_asked_in_their_order_and_the_others_are_kept() -> None:
    chosen = select(loaded(), [disable("Read shadow"), enable("Read *")])
    assert [(rule.name, rule.enabled) for rule in chosen.rules] == [
        ("Shell", True),
        ("Read shadow", True),
        ("Read hosts", True),
    ]
    assert [(rule.name, rule.enabled) for rule in select(loaded(), [disable("S*")]).rules] == [
        ("Read shadow", True),
        ("Read hosts", False),
        ("Shell", False),
    ]


@given(pattern=st.text("ab*", max_size=8), name=st.text("ab", max_size=8))
def test_wildcards_mean_what_the_plain_expression_means(pattern: str, name: str) -> None:
    plain = ".*".join(map(re.escape, pattern.split("*")))
    assert matches_wildcard(pattern, name) is (re.fullmatch(plain, name) is not None)


# ── append_output ───────────────────────────────────────────────────────────────────────────────────────────────────


def output(*extras: Extra, name: str = "Shell") -> str:
    return loads([("rules.yaml", FILE)], suggested=False, extras=extras)[name].template.text


def test_text_is_appended_behind_a_blank() -> None:
    assert output(Extra("one"), Extra("user=%user.name")) == "o one user=%user.name"
    assert output() == "o"


@pytest.mark.parametrize(
    ("extra", "is_appended"),
    [
        (Extra("x", rule="Shell"), True),
        (Extra("x", rule="Read shadow"), False),
        (Extra("x", source="syscall"), True),
        (Extra("x", source="k8s_audit"), False),
        (Extra("x", tags=frozenset({"exec"})), True),
        (Extra("x", tags=frozenset({"exec", "fs"})), False),
        (Extra("x", rule="Shell", tags=frozenset({"fs"})), False),
    ],
)
def test_to_the_rules_that_match(extra: Extra, is_appended: bool) -> None:
    assert output(extra).endswith(" x") is is_appended


def test_the_containers_fields_come_first() -> None:
    text = loads([("rules.yaml", FILE)], extras=[Extra("x")])["Shell"].template.text
    assert text.startswith("o container_id=%container.id container_name=%container.name ")
    assert text.endswith("k8s_ns_name=%k8s.ns.name x")


@pytest.mark.parametrize("extra", [Extra("%proc.nme"), Extra(formats={"a": "%"}), Extra(raw=("proc.nme",))])
def test_what_cannot_be_appended_is_an_error_of_the_rule(extra: Extra) -> None:
    with pytest.raises(RulesError) as caught:
        output(extra)
    assert {problem.code for problem in caught.value.problems} == {"LOAD_ERR_COMPILE_OUTPUT"}
    assert {problem.item for problem in caught.value.problems} == {
        "rule 'Read shadow'",
        "rule 'Read hosts'",
        "rule 'Shell'",
    }

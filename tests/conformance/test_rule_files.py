"""Rule files against Falco's vectors: errors, warnings, and the rules as they come out."""

from __future__ import annotations

from collections import Counter
from typing import Any

from engine.errors import RulesError
from engine.lang.event_names import EVENT_NAMES
from engine.lang.event_types import event_types
from engine.rules.load import load, loads
from engine.rules.ruleset import Rule, RuleSet
from tests.helpers.vectors import Vector, document, failures, report, upstream_rules, vectors

OURS = frozenset({"LOAD_NOT_SERVED", "LOAD_FALCO_QUIRK"})
"""Warnings that only Tiercel gives."""


def contents(case: Vector, shared: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (file["name"], file["content"] if "content" in file else shared[file["content_ref"]]) for file in case["files"]
    ]


def agrees(case: Vector, shared: dict[str, str]) -> bool:
    """The same error, or the same warnings and rules."""
    expected = case["expected"]
    try:
        loaded = loads(contents(case, shared), suggested=False)
    except RulesError as error:
        codes = {problem.code for problem in error.problems}
        return expected["status"] == "error" and set(expected["error_codes"]) <= codes
    if expected["status"] == "error":
        return False
    return warnings(loaded) == Counter(expected["warning_codes"]) and rules_agree(loaded, expected)


def warnings(loaded: RuleSet) -> Counter[str]:
    return Counter(problem.code for problem in loaded.warnings if problem.code not in OURS)


def rules_agree(loaded: RuleSet, expected: dict[str, Any]) -> bool:
    wanted = expected.get("compiled", {}).get("rules")
    return wanted is None or (
        len(wanted) == len(loaded.rules)
        and all(rule_agrees(rule, each) for rule, each in zip(loaded.rules, wanted, strict=True))
    )


def rule_agrees(rule: Rule, wanted: dict[str, Any]) -> bool:
    same = (
        rule.name == wanted["name"]
        and rule.priority.label == wanted["priority"]
        and rule.enabled == wanted["enabled"]
        and list(rule.tags) == sorted(wanted["tags"])
        and str(rule.expanded) == wanted["condition_compiled"]
        and rule.output == wanted["output_compiled"]
    )
    return same and events_agree(rule, wanted["event_types"])


def events_agree(rule: Rule, wanted: list[str] | dict[str, int]) -> bool:
    """Compared where the vector names them, and we know all the names."""
    if isinstance(wanted, dict) or not set(wanted) <= EVENT_NAMES:
        return True
    return event_types(rule.expanded) | {"asyncevent"} == set(wanted)


def cases(name: str) -> list[Vector]:
    """The vectors that load files, those without plugins other than ours."""
    every = vectors(name)
    by_id = {case["id"]: case for case in every}
    found = []
    for case in every:
        if "files" not in case or (case.get("options") or {}).keys() & PLUGIN_OPTIONS:
            continue
        same = case["expected"].get("same_as")
        found.append({**case, "expected": by_id[same]["expected"]} if same in by_id else case)
    return [case for case in found if "error_codes" in case["expected"]]


PLUGIN_OPTIONS = {"loaded_plugins", "extra_format", "extra_fields", "ops", "min_priority"}
"""These vectors are about options that are not the loader's."""

DIFFERENT: dict[str, str] = {}
DIFFERENT_CORNERS: dict[str, str] = {}


def test_rule_files() -> None:
    shared = document("rules_load").get("shared_files", {})
    found = cases("rules_load")
    report("rules_load", len(found), failures(found, lambda case: agrees(case, shared)), DIFFERENT)


def test_corner_cases_of_rule_files() -> None:
    found = cases("extra_load")
    report("extra_load", len(found), failures(found, lambda case: agrees(case, {})), DIFFERENT_CORNERS)


def test_the_upstream_rules_come_out_the_same() -> None:
    paths = upstream_rules()
    together = {1: load(paths[:1], suggested=False), 3: load(paths, suggested=False)}
    found = vectors("upstream_rules")
    failed = failures(
        found,
        lambda case: rule_agrees(
            together[len(case["files_loaded"])][case["rule"]], {"name": case["rule"], **case["expected"]}
        ),
    )
    report("upstream_rules", len(found), failed, {})


def test_all_upstream_rules_load_and_those_not_served_are_listed() -> None:
    loaded = load(upstream_rules())
    assert len(loaded.rules) == 93
    print({rule.name: rule.unserved for rule in loaded.unserved})
    assert {rule.name for rule in loaded.unserved} == {"Java Process Class File Download"}

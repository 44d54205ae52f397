"""Conditions against Falco's vectors: parsing, types, evaluation, event types."""

from __future__ import annotations

from typing import Any

from engine.lang.check import CheckError, leaf
from engine.lang.codegen.function import judge
from engine.lang.event_names import EVENT_NAMES
from engine.lang.event_types import event_types
from engine.lang.grammar import ConditionError, parse
from engine.lang.interpret import evaluate
from engine.lang.lower import lowered
from engine.lang.nodes import Check, leaves
from tests.helpers.mock_fields import event, resolver
from tests.helpers.vectors import Vector, failures, report, vectors

TEST_DEPTH = 100
"""Falco's parser tests run with this limit."""


def parses(case: Vector) -> bool:
    texts = [case["condition"], *case.get("whitespace_variants", [])]
    return all(str(parse(text, max_depth=TEST_DEPTH)) == case["canonical"] for text in texts)


def refuses(case: Vector) -> bool:
    """With Falco's message, at Falco's position."""
    repeat = case.get("condition_repeat")
    text = repeat["text"] * repeat["count"] if repeat else case["condition"]
    try:
        parse(text, max_depth=TEST_DEPTH)
    except ConditionError as error:
        expected = case.get("pos") or {"idx": error.index, "line": error.line, "col": error.column}
        place = {"idx": error.index, "line": error.line, "col": error.column}
        return error.message == case["error"] and place == expected
    return False


def outcome(case: Vector) -> Any:
    """True, false or "error", by generated code and by the interpreter alike."""
    specs = case["fields"]
    known = resolver(specs)
    values = event(specs, case.get("ancestors", {}))
    try:
        node = parse(case["condition"])
        compiled = bool(judge("openat", [(1, lowered(node, known))])(values))
    except (ConditionError, CheckError):
        return "error"
    assert compiled == evaluate(node, values, known), case["condition"]
    return compiled


FIELDS_OF_THE_TESTS = resolver(
    {"c.true": {"type": "CHARBUF"}, "c.buffer": {"type": "BYTEBUF"}, "sample.is_open": {"type": "UINT64"}}
)
"""Falco's compiler tests add fields of their own."""


def compiles(case: Vector) -> bool:
    try:
        node = parse(case["condition"])
        for check in leaves(node):
            assert isinstance(check, Check)
            leaf(check, FIELDS_OF_THE_TESTS)
    except (ConditionError, CheckError):
        return bool(case["expected"] == "error")
    return bool(case["expected"] == "ok")


SETS = {
    "openat_only": frozenset({"openat"}),
    "openat_close_only": frozenset({"openat", "close"}),
    "not_openat": EVENT_NAMES - {"openat"},
    "not_openat_close": EVENT_NAMES - {"openat", "close"},
    "all_events": EVENT_NAMES,
    "no_events": frozenset(),
}


def event_set(condition: str) -> frozenset[str] | str:
    try:
        return event_types(parse(condition))
    except CheckError:
        return "error"


def implies_its_events(case: Vector) -> bool:
    found = event_set(case["condition"])
    if "event_set" in case:
        return found == SETS[case["event_set"]]
    if "same_set_as" in case:
        return found == event_set(case["same_set_as"])
    return (found == "error") is (case["expected"] == "error")


def test_conditions_that_parse() -> None:
    cases = vectors("parse_ok")
    report("parse_ok", len(cases), failures(cases, parses), {})


def test_conditions_that_do_not_parse() -> None:
    cases = vectors("parse_err")
    report("parse_err", len(cases), failures(cases, refuses), {})


def test_evaluation() -> None:
    cases = vectors("eval")
    failed = failures(cases, lambda case: bool(outcome(case) == case["expected"]))
    report("eval", len(cases), failed, {})


def test_evaluation_of_corner_cases() -> None:
    cases = vectors("extra_eval")
    failed = failures(cases, lambda case: bool(outcome(case) == case["expected"]))
    report("extra_eval", len(cases), failed, {})


def test_types_of_checks() -> None:
    cases = vectors("compile")
    report("compile", len(cases), failures(cases, compiles), {})


def test_event_types() -> None:
    cases = vectors("evttypes")
    report("evttypes", len(cases), failures(cases, implies_its_events), {})

"""Alerts held against expected ones, and how that is told to people and to CI."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.checking.expectation import Difference, Kind, Outcome, compare, report, totals
from engine.checking.junit import junit
from tests.helpers.hostile_text import ODD

NOON = "2026-11-23T12:00:00.000000001Z"
LATER = "2026-11-23T12:00:00.000000002Z"


def alert(rule: str = "Shell", time: str = NOON, **changed: Any) -> dict[str, Any]:
    usual = {
        "rule": rule,
        "time": time,
        "priority": "Notice",
        "output": f"{rule} (sh)",
        "source": "syscall",
        "tags": ["a", "b"],
        "output_fields": {"proc.name": "sh", "k8s.ns.name": None},
    }
    return usual | changed


def test_the_same_alerts_do_not_differ() -> None:
    assert compare([alert(), alert(time=LATER)], [alert(), alert(time=LATER)]) == []


def test_what_the_expected_alert_does_not_name_is_not_compared() -> None:
    ours = alert(tags=["b", "a"], tiercel={"id": 1}, hostname="web")
    ours["output_fields"] = {"proc.name": "sh", "proc.pid": 7}
    assert compare([alert()], [ours]) == []
    assert compare([{"rule": "Shell", "time": NOON}], [ours]) == []


def test_missing_and_unexpected_alerts_are_named() -> None:
    found = compare([alert(), alert("Gone", LATER)], [alert(), alert("New", LATER), alert()])
    assert found == [
        Difference(Kind.MISSING, "Gone", LATER, expected="Gone (sh)"),
        Difference(Kind.UNEXPECTED, "New", LATER, found="New (sh)"),
        Difference(Kind.UNEXPECTED, "Shell", NOON, found="Shell (sh)"),
    ]


def test_a_time_that_differs_by_a_nanosecond_is_another_alert() -> None:
    assert [each.kind for each in compare([alert()], [alert(time=LATER)])] == [Kind.MISSING, Kind.UNEXPECTED]


def test_each_field_that_changed_is_named_and_the_text_only_alone() -> None:
    changed = alert(priority="Error", output="Shell (bash)", output_fields={"proc.name": "bash"})
    assert compare([alert()], [changed]) == [
        Difference(Kind.CHANGED, "Shell", NOON, "priority", "Notice", "Error"),
        Difference(Kind.CHANGED, "Shell", NOON, "proc.name", "sh", "bash"),
    ]
    assert compare([alert()], [alert(output="Bash")]) == [
        Difference(Kind.CHANGED, "Shell", NOON, "output", "Shell (sh)", "Bash")
    ]


def test_the_local_time_in_front_of_the_text_is_whoever_printed_its_own() -> None:
    expected, found = (alert(output=f"{time}: Notice Shell") for time in ("14:00:00.000000001", "12:00:00.000000001"))
    assert compare([expected], [found]) == []
    assert compare([expected], [alert(output="12:00:00.000000001: Error Shell")]) != []


def test_alerts_in_another_order_are_told() -> None:
    expected = [alert(), alert("Second"), alert("Third")]
    assert compare(expected, [expected[1], expected[0], expected[2]]) == [Difference(Kind.ORDER, "Second", NOON)]


def test_a_report_says_how_it_is_and_then_what_differs() -> None:
    outcome = Outcome("a.scap", 1, compare([alert(), alert("Gone")], [alert(tags=["c"])]))
    assert list(report(outcome)) == [
        "✗ a.scap: 1 alert; 1 missing, 1 changed",
        f"    changed    {NOON}  Shell  tags",
        '      - ["a", "b"]',
        '      + ["c"]',
        f"    missing    {NOON}  Gone",
        "      - Gone (sh)",
    ]
    assert list(report(Outcome("b.scap", 2))) == ["✓ b.scap: 2 alerts, as expected"]
    assert totals([outcome, Outcome("b.scap", 2, updated=True)]) == "1 of 2 captures as expected, 1 updated"


def test_junit_has_a_case_for_each_capture() -> None:
    outcomes = [
        Outcome("good.scap", 3, seconds=0.5),
        Outcome("bad.scap", 1, compare([alert()], [])),
        Outcome("cut.scap", 0, error="cut.scap: cut off at byte 7"),
    ]
    (suite,) = ElementTree.fromstring(junit(outcomes, suite="captures"))
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "errors", "time")} == {
        "name": "captures", "tests": "3", "failures": "1", "errors": "1", "time": "0.500",
    }  # fmt: skip
    good, bad, cut = suite
    assert len(good) == 0
    assert (bad[0].tag, "missing" in (bad[0].text or "")) == ("failure", True)
    assert (cut[0].tag, cut[0].get("message")) == ("error", "cut.scap: cut off at byte 7")


@pytest.mark.parametrize("text", ODD)
def test_hostile_names_and_values_are_valid_xml(text: str) -> None:
    check_xml(text)


@given(st.text(alphabet=st.characters()))
def test_any_text_is_valid_xml(text: str) -> None:
    check_xml(text)


def check_xml(text: str) -> None:
    outcome = Outcome(f"{text}.scap", 1, compare([alert(text, output=text)], [alert(text, output="")]), error=text)
    document = junit([outcome], suite=text)
    (suite,) = ElementTree.fromstring(document)
    assert len(suite) == 1

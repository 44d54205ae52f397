"""Where Falco judges otherwise than its language says, its verdicts are ours, and the author of a rule is told."""

from __future__ import annotations

import pytest

from engine.lang.fields import resolve
from engine.lang.grammar import parse
from engine.lang.interpret import evaluate
from engine.rules.load import loads
from engine.state.event import Event
from tests.helpers.rule_events import connected, event

RULE = """
- rule: R
  desc: d
  condition: evt.type = connect and {}
  output: o
  priority: INFO
"""
TO_EIGHT = connected("8.8.8.8", 443)
CHILD_OF_BASH = event("connect")


def holds(condition: str, judged: Event) -> bool:
    return evaluate(parse(condition), judged, resolve)


def quirks(condition: str) -> list[str]:
    warnings = loads([("rules.yaml", RULE.format(condition))]).warnings
    return [problem.message for problem in warnings if problem.code == "LOAD_FALCO_QUIRK"]


@pytest.mark.parametrize(
    ("condition", "judged", "verdict"),
    [
        ("fd.ip in (8.8.8.8)", TO_EIGHT, False),
        ("fd.ip intersects (8.8.8.8)", TO_EIGHT, False),
        ("fd.net in (1.0.0.0/8, 8.0.0.0/8)", TO_EIGHT, False),
        ("fd.net in (8.0.0.0/8, 1.0.0.0/8)", TO_EIGHT, True),
        ("fd.net intersects (8.0.0.0/8)", TO_EIGHT, False),
        ("proc.aname = anyof (nope, bash)", CHILD_OF_BASH, False),
        ("proc.aname = anyof (bash, nope)", CHILD_OF_BASH, True),
        ("proc.apid in (60)", CHILD_OF_BASH, False),
        ("fd.port = anyof (1, 443)", TO_EIGHT, False),
        ("fd.port = anyof (443, 1)", TO_EIGHT, True),
        ("fd.ip = anyof (1.1.1.1, 8.8.8.8)", TO_EIGHT, False),
        ("fd.net = anyof (8.0.0.0/8, 1.0.0.0/8)", TO_EIGHT, True),
    ],
)
def test_what_does_not_count(condition: str, judged: Event, verdict: bool) -> None:
    assert holds(condition, judged) is verdict
    assert bool(quirks(condition)) is not (condition.count(",") == 0 and verdict)


@pytest.mark.parametrize(
    ("condition", "judged"),
    [
        ("fd.port in (1, 443)", TO_EIGHT),
        ("fd.snet in (1.0.0.0/8, 8.0.0.0/8)", TO_EIGHT),
        ("fd.sip in (1.1.1.1, 8.8.8.8)", TO_EIGHT),
        ("proc.aname in (nope, bash)", CHILD_OF_BASH),
        ("proc.aname[1] = anyof (nope, bash)", CHILD_OF_BASH),
        ("proc.apid[1] in (1, 60)", CHILD_OF_BASH),
    ],
)
def test_what_does(condition: str, judged: Event) -> None:
    assert holds(condition, judged)
    assert quirks(condition) == []


def test_the_warning_says_what_to_write() -> None:
    (message,) = quirks("fd.net in (1.0.0.0/8, 8.0.0.0/8)")
    assert "write 'fd.net = a or fd.net = b'" in message


def test_the_arguments_of_all_ancestors_are_one_text() -> None:
    """Of all fields of ancestors this one alone has no comparison of its own in Falco."""
    parent = event("execve").process.parent
    assert parent is not None
    parent.args, parent.parent = ["-x", "a"], None
    child = event("execve")
    child.process.parent = parent
    assert holds("proc.aargs = '-x a' and proc.aargs[1] endswith a and not proc.aargs[0] = '-x a'", child)

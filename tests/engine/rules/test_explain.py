"""Why a rule fires or does not: held against the plain interpreter, and against every way to change an event."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.explanation import Explanation, Step, render_text
from engine.lang.facts import of_event, of_values, read_values
from engine.lang.nodes import And, Check, FieldRef, Literal, Node, Not, Or
from engine.rules.explain import explain
from engine.rules.load import loads
from engine.rules.ruleset import Rule, RuleSet
from tests.helpers.rule_events import WEB, opened, web

RULES = """
- list: trusted
  items: [sshd, login, su, sudo, cron, systemd, passwd, chpasswd, useradd, usermod]
- macro: open_read
  condition: >
    evt.type in (open, openat, openat2)
    and evt.is_open_read = true
- macro: container
  condition: container.id != host
- macro: in_a_container
  condition: container
- macro: read_in_a_container
  condition: open_read and in_a_container
- macro: trusted_reader
  condition: proc.name in (trusted) or proc.pname in (trusted)
- rule: Shadow read
  desc: Somebody read the password hashes.
  condition: >
    read_in_a_container
    and fd.name = /etc/shadow
    and not trusted_reader
  output: Read (%fd.name)
  priority: Warning
"""


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return loads([("rules.yaml", RULES)])


@pytest.fixture(scope="module")
def rule(rules: RuleSet) -> Rule:
    return rules["Shadow read"]


def steps(step: Step) -> Iterator[Step]:
    yield step
    for child in step.steps:
        yield from steps(child)


def step_of(explanation: Explanation, text: str) -> Step:
    (found,) = (step for step in steps(explanation.root) if step.text.startswith(text))
    return found


def texts(found: list[Step]) -> list[str]:
    return [step.text for step in found]


# ── the tree ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_check_has_its_value_and_the_line_it_is_written_in(rule: Rule) -> None:
    explanation = explain(rule, of_event(opened("/etc/shadow", container=web())))
    assert explanation.holds is True
    assert (explanation.file, explanation.line) == ("rules.yaml", 16)
    lines = {step.text: (step.file, step.line) for step in steps(explanation.root) if step.seen}
    assert lines["evt.type in (open, openat, openat2)"] == ("rules.yaml", 6)
    assert lines["evt.is_open_read = true"] == ("rules.yaml", 7)
    assert lines["fd.name = /etc/shadow"] == ("rules.yaml", 20)
    (seen,) = step_of(explanation, "fd.name").seen
    assert (seen.field, seen.value, seen.known) == ("fd.name", "/etc/shadow", True)


def test_macros_stand_where_their_conditions_begin_the_outermost_first(rule: Rule) -> None:
    explanation = explain(rule, of_event(opened("/etc/shadow", container=web())))
    named = {tuple(step.macros): (step.text, step.line) for step in steps(explanation.root) if step.macros}
    assert named == {
        ("read_in_a_container",): ("and", 12),
        ("open_read",): ("and", 4),
        ("in_a_container", "container"): ("container.id != host", 9),
        ("trusted_reader",): ("or", 14),
    }


def test_what_nobody_had_to_look_at_is_judged_and_marked(rule: Rule) -> None:
    explanation = explain(rule, of_event(opened("/etc/shadow", container=None)))
    unneeded = {step.text.split()[0]: step.holds for step in steps(explanation.root) if not step.needed}
    assert unneeded == {"fd.name": True, "not": True, "or": False, "proc.name": False, "proc.pname": False}
    assert step_of(explanation, "evt.type").needed


def test_long_lists_are_cut_and_counted(rule: Rule) -> None:
    explanation = explain(rule, of_event(opened("/etc/shadow", container=web())))
    assert step_of(explanation, "proc.name").text == (
        "proc.name in (sshd, login, su, sudo, cron, systemd, passwd, chpasswd, and 2 more)"
    )


def test_a_rule_that_is_off_says_so(rules: RuleSet) -> None:
    rule = loads([("rules.yaml", RULES.replace("priority: Warning", "priority: Warning\n  enabled: false"))]).rules[0]
    assert explain(rule, of_event(opened("/etc/shadow", container=web()))).notes == ["the rule is off"]


# ── the shortest reason ─────────────────────────────────────────────────────────────────────────────────────────────


def test_why_it_did_not_fire_is_told_in_one_check_and_what_it_lacks_in_all(rule: Rule) -> None:
    explanation = explain(rule, of_event(opened("/etc/passwd", container=None)))
    assert explanation.holds is False
    assert texts(explanation.because) == ["container.id != host"]
    assert texts(explanation.otherwise) == ["container.id != host", "fd.name = /etc/shadow"]


def test_a_rule_that_fires_lacks_nothing(rule: Rule) -> None:
    explanation = explain(rule, of_event(opened("/etc/shadow", container=web())))
    assert explanation.otherwise == []
    assert len(explanation.because) == 6


RULE = "- rule: r\n  desc: d\n  condition: {condition}\n  output: o\n  priority: Debug\n"
LEAVES = [Check(FieldRef("proc.env", name), "=", Literal("1")) for name in "abcd"]
"""Four checks that can come out in every combination."""
COMBINATIONS = [
    {f"proc.env[{name}]": value for name, value in zip("abcd", values, strict=True)}
    for values in itertools.product(("0", "1"), repeat=4)
]
NODES = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(lambda several: And(tuple(several)), st.lists(inner, min_size=2, max_size=3))
        | st.builds(lambda several: Or(tuple(several)), st.lists(inner, min_size=2, max_size=3))
    ),
    max_leaves=8,
)


def rule_of(node: Node) -> Rule:
    return loads([("rules.yaml", RULE.format(condition=json.dumps(str(node))))]).rules[0]


def verdict(node: Node, values: dict[str, str]) -> bool:
    """The meaning of a condition, written once more."""
    match node:
        case Check(left=left):
            return values[str(left)] == "1"
        case Not(child=child):
            return not verdict(child, values)
        case And(children=children):
            return all(verdict(child, values) for child in children)
        case Or(children=children):
            return any(verdict(child, values) for child in children)
    raise AssertionError(node)


@given(NODES, st.sampled_from(COMBINATIONS))
def test_the_reason_decides_whatever_the_other_checks_are(node: Node, values: dict[str, str]) -> None:
    explanation = explain(rule_of(node), of_values(values))
    assert explanation.holds is verdict(node, values)
    fixed = {seen.field for step in explanation.because for seen in step.seen}
    for other in COMBINATIONS:
        if all(other[name] == values[name] for name in fixed):
            assert verdict(node, other) is explanation.holds


@given(NODES, st.sampled_from(COMBINATIONS))
def test_what_is_not_known_leaves_open_only_what_depends_on_it(node: Node, values: dict[str, str]) -> None:
    known = {name: value for name, value in values.items() if name != "proc.env[a]"}
    explanation = explain(rule_of(node), of_values(known))
    both = {verdict(node, values | {"proc.env[a]": value}) for value in "01"}
    if explanation.holds is not None:
        assert both == {explanation.holds}
    else:
        assert {seen.field for step in explanation.because for seen in step.seen} == {"proc.env[a]"}


@given(NODES, st.sampled_from(COMBINATIONS), st.sets(st.sampled_from("abcd"), min_size=1))
def test_what_is_said_to_make_it_fire_does(node: Node, values: dict[str, str], hidden: set[str]) -> None:
    unknown = {f"proc.env[{name}]" for name in hidden}
    explanation = explain(rule_of(node), of_values({name: values[name] for name in values.keys() - unknown}))
    if explanation.holds is not None:
        return
    assert {step.holds for step in explanation.otherwise} == {None}
    made = {seen.field: "01"[not step.text.startswith("not ")] for step in explanation.otherwise for seen in step.seen}
    contrary = {(step.seen[0].field, step.text.startswith("not ")) for step in explanation.otherwise}
    if len(contrary) == len(made):
        assert verdict(node, values | made)


# ── values that people give ─────────────────────────────────────────────────────────────────────────────────────────


def test_values_by_name_are_judged_as_the_event_is(rule: Rule) -> None:
    given = {"evt.type": "openat", "evt.is_open_read": True, "container.id": WEB[:12], "fd.name": "/etc/shadow"}
    explanation = explain(rule, of_values(read_values(given | {"proc.name": "cat", "proc.pname": None})))
    assert explanation.holds is True
    assert explain(rule, of_values(read_values(given | {"proc.name": "su", "proc.pname": None}))).holds is False


def test_a_field_that_is_not_given_is_not_taken_for_one_without_a_value(rule: Rule) -> None:
    explanation = explain(rule, of_values(read_values({"evt.type": "openat", "fd.name": "/etc/shadow"})))
    assert explanation.holds is None
    assert step_of(explanation, "evt.is_open_read").holds is None
    assert "may or may not fire" in next(render_text(explanation))


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("fd.name", "/etc/shadow", {"fd.name": "/etc/shadow"}),
        ("evt.arg.flags", "O_RDONLY", {"evt.arg[flags]": "O_RDONLY"}),
        ("fd.lport", "443", {"fd.lport": 443}),
        ("fd.lport", 443, {"fd.lport": 443}),
        ("evt.is_open_read", "true", {"evt.is_open_read": True}),
        ("proc.aname", "sh runc systemd", {"proc.aname": ("sh", "runc", "systemd")}),
        ("proc.aname", ["sh", "my shell"], {"proc.aname": ("sh", "my shell")}),
        ("fd.ip", "10.0.0.1", {"fd.ip": ("10.0.0.1",)}),
        ("proc.aname[2]", "runc", {"proc.aname[2]": "runc"}),
        ("evt.buffer", "GET /", {"evt.buffer": b"GET /"}),
        ("fd.name", None, {"fd.name": None}),
    ],
)
def test_json_becomes_what_events_have(name: str, value: object, read: dict[str, object]) -> None:
    assert read_values({name: value}) == read


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("proc.nmae", "cat", "did you mean proc.name?"),
        ("proc.pid", "many", "proc.pid: many is not a valid number"),
        ("proc.pid", True, "proc.pid: True is not a value of type"),
        ("evt.is_open_read", 1, "evt.is_open_read: 1 is not a value of type BOOL"),
        ("fd.name", 1, "fd.name: 1 is not a value of type"),
        ("fd.cip", "nowhere", "fd.cip: 'nowhere' is not an address"),
        ("tolower(proc.name)", "cat", "'tolower(proc.name)' is not a field"),
        ("", "cat", "'' is not a field"),
    ],
)
def test_what_is_no_field_or_no_value_is_refused_by_name(name: str, value: object, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_values({name: value})
    assert message in refused.value.message
    assert read_values({name: value, "fd.num": 3}, strict=False) == {"fd.num": 3}


# ── as text ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_text_begins_with_the_verdict_and_its_reason(rule: Rule) -> None:
    said = list(render_text(explain(rule, of_event(opened("/etc/shadow", container=None)))))
    assert said[:5] == [
        "✗ Shadow read does not fire  rules.yaml:16",
        "because",
        '  ✗ in_a_container = container = container.id != host    container.id is "host"  rules.yaml:9',
        "it would fire, were all this otherwise",
        '  ✗ in_a_container = container = container.id != host    container.id is "host"  rules.yaml:9',
    ]
    assert '    ✓ (fd.name = /etc/shadow)    fd.name is "/etc/shadow"  rules.yaml:20' in said


def test_exceptions_that_were_not_met_are_counted(rule: Rule) -> None:
    said = list(render_text(explain(rule, of_event(opened("/etc/shadow", container=web())))))
    assert "  and none of 2 exceptions was met" in said


def test_what_parentheses_mean_is_said_once_where_there_are_some(rule: Rule) -> None:
    meaning = "in parentheses: what nobody had to look at, as what stands before it had decided"
    assert list(render_text(explain(rule, of_event(opened("/etc/shadow", container=None))))).count(meaning) == 1
    assert meaning not in render_text(explain(rule_of(LEAVES[0]), of_values({"proc.env[a]": "1"})))


def test_of_what_is_not_known_it_is_said_what_has_to_be_true() -> None:
    rule = rule_of(And((LEAVES[0], Not(LEAVES[1]), LEAVES[2])))
    maybe = list(render_text(explain(rule, of_values({"proc.env[c]": "1"}))))
    at = maybe.index("it fires, if these are true")
    assert [line.split("    ")[0] for line in maybe[at + 1 : at + 3]] == [
        "  ? proc.env[a] = 1",
        "  ? not proc.env[b] = 1",
    ]


def test_what_is_known_is_no_way_to_fire_while_another_is_open() -> None:
    either = rule_of(Or((LEAVES[0], LEAVES[1])))
    assert texts(explain(either, of_values({"proc.env[a]": "0"})).otherwise) == ["proc.env[b] = 1"]


def test_what_has_to_be_otherwise_stands_apart_from_what_is_not_known() -> None:
    both = list(render_text(explain(rule_of(And((LEAVES[0], LEAVES[1]))), of_values({"proc.env[a]": "0"}))))
    at = both.index("it would fire, were all this otherwise")
    told = [line.split("    ")[0] for line in both[at + 1 : at + 4]]
    assert told == ["  ✗ proc.env[a] = 1", "and these were true", "  ? (proc.env[b] = 1)"]

"""The local rules file beside other rules: what it changes there is left out, and all else of it is in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import RulesError
from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from engine.rules.unloaded import LEFT_OUT

OTHER = """\
- list: shells
  items: [sh]
- macro: opened
  condition: evt.type=open
- rule: Other
  desc: d
  condition: opened and proc.name in (shells)
  output: o
  priority: WARNING
"""
KEPT = """\
- rule: Other
  exceptions: [{name: mine, fields: [fd.name], comps: [=], values: [[/a]]}]
  override: {exceptions: append}
"""


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "other.yaml"
    path.write_text(OTHER)
    return path


def loaded(other: Path, local_text: str) -> tuple[RuleSet, list[tuple[int, int, str]]]:
    """The rules, and what was left out of the local file, with line and column."""
    local = other.with_name("local_rules.yaml")
    local.write_text(local_text)
    rules = load([other], local=local)
    left_out = [problem for problem in rules.warnings if problem.code == LEFT_OUT]
    assert {problem.file for problem in left_out} <= {str(local)}
    return rules, [(problem.line, problem.column, problem.message) for problem in left_out]


CHANGES = {
    "exception": ("rule", "- rule: Gone\n  exceptions: [{name: x, fields: [fd.name], values: [[/b]]}]\n"
                  "  override: {exceptions: append}\n"),
    "appended exception": ("rule", "- rule: Gone\n  append: true\n  exceptions: [{name: x, values: [[/b]]}]\n"),
    "condition": ("rule", "- rule: Gone\n  condition: and fd.num=1\n  override: {condition: append}\n"),
    "replaced": ("rule", "- rule: Gone\n  condition: fd.num=1\n  override: {condition: replace}\n"),
    "switch": ("rule", "- rule: Gone\n  enabled: false\n"),
    "macro": ("macro", "- macro: Gone\n  condition: or fd.num=1\n  override: {condition: append}\n"),
    "old macro": ("macro", "- macro: Gone\n  condition: or fd.num=1\n  append: true\n"),
    "list": ("list", "- list: Gone\n  items: [x]\n  override: {items: append}\n"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_what_is_not_loaded_is_left_out_with_its_place_and_the_rest_is_in_force(
    other: Path, change: str
) -> None:
    kind, text = CHANGES[change]
    rules, left_out = loaded(other, f"{text}{KEPT}")
    assert left_out == [(1, 3, f"left out: {kind} 'Gone', which it changes, is not loaded")]
    assert "fd.name = /a" in rules["Other"].condition


@pytest.mark.parametrize("change", CHANGES)
def test_in_a_file_that_somebody_names_it_is_a_fault_as_with_falco(other: Path, change: str) -> None:
    named = other.with_name("named.yaml")
    named.write_text(CHANGES[change][1])
    with pytest.raises(RulesError, match="1 problem"):
        load([other, named])
    with pytest.raises(RulesError, match="1 problem"):
        load([other], more=[("edited.yaml", CHANGES[change][1])])


def test_each_is_told_on_its_own(other: Path) -> None:
    _, left_out = loaded(other, f"{CHANGES['switch'][1]}{KEPT}{CHANGES['list'][1]}")
    assert [(line, "rule" in told) for line, _, told in left_out] == [(1, True), (6, False)]


EDITED = """\
- rule: {name}
  desc: d
  condition: {condition}
  output: o
  priority: WARNING
"""


def test_an_edited_rule_whose_macros_are_not_loaded_is_left_out_and_what_it_replaces_stays(other: Path) -> None:
    edited = EDITED.format(name="Other", condition="opened and (never or here)")
    rules, left_out = loaded(other, f"{edited}- macro: here\n  condition: fd.num=1\n")
    assert left_out == [(1, 3, "left out: rule 'Other' needs the macro 'never', which is not loaded")]
    assert rules["Other"].condition == "opened and proc.name in (shells)"


def test_an_edited_rule_finds_macros_that_stand_behind_it(other: Path) -> None:
    edited = EDITED.format(name="Mine", condition="opened and here")
    rules, left_out = loaded(other, f"{edited}- macro: here\n  condition: fd.num=1\n")
    assert left_out == [] and "Mine" in rules


def test_a_macro_that_is_left_out_takes_along_what_needs_it(other: Path) -> None:
    edited = EDITED.format(name="Mine", condition="opened and here")
    rules, left_out = loaded(other, f"{edited}- macro: here\n  condition: fd.num=1 or never\n{KEPT}")
    assert [told for _, _, told in left_out] == [
        "left out: rule 'Mine' needs the macro 'here', which is not loaded",
        "left out: macro 'here' needs the macro 'never', which is not loaded",
    ]
    assert "Mine" not in rules and "/a" in rules["Other"].condition


APPENDS = {"override": "  override: {condition: append}\n", "old form": "  append: true\n"}
both_forms = pytest.mark.parametrize("appends", APPENDS.values(), ids=APPENDS)


@both_forms
@pytest.mark.parametrize("fragment", ["and not never", "or (here and never)", "and (opened or not never) or opened"])
def test_what_is_appended_to_a_rule_is_left_out_where_it_needs_a_macro_that_is_not_loaded(
    other: Path, appends: str, fragment: str
) -> None:
    here = "- macro: here\n  condition: fd.num=1\n"
    rules, left_out = loaded(other, f"- rule: Other\n  condition: {fragment}\n{appends}{here}{KEPT}")
    assert left_out == [(1, 3, "left out: rule 'Other' needs the macro 'never', which is not loaded")]
    assert rules["Other"].condition == "(opened and proc.name in (shells)) and not ((fd.name = /a))"


@both_forms
def test_what_is_appended_to_a_macro_is_left_out_alone_and_the_macro_stays(other: Path, appends: str) -> None:
    edited = EDITED.format(name="Mine", condition="opened and fd.num=2")
    rules, left_out = loaded(other, f"- macro: opened\n  condition: or never\n{appends}{edited}{KEPT}")
    assert left_out == [(1, 3, "left out: macro 'opened' needs the macro 'never', which is not loaded")]
    assert list(rules["Mine"].forms) == ["open"] and "/a" in rules["Other"].condition


@both_forms
def test_what_is_appended_with_macros_that_are_there_is_in_force(other: Path, appends: str) -> None:
    here = "- macro: here\n  condition: fd.num=1\n"
    text = f"{here}- macro: here\n  condition: or fd.num=2\n{appends}- rule: Other\n  condition: and here\n{appends}"
    rules, left_out = loaded(other, text)
    assert left_out == [] and rules["Other"].condition == "opened and proc.name in (shells) and here"


@both_forms
def test_a_macro_that_is_only_appended_to_is_not_there_for_what_needs_it(other: Path, appends: str) -> None:
    edited = EDITED.format(name="Mine", condition="Gone and opened")
    rules, left_out = loaded(other, f"- macro: Gone\n  condition: or fd.num=1\n{appends}{edited}{KEPT}")
    assert left_out == [
        (1, 3, "left out: macro 'Gone', which it changes, is not loaded"),
        (4, 3, "left out: rule 'Mine' needs the macro 'Gone', which is not loaded"),
    ]
    assert "Mine" not in rules and "/a" in rules["Other"].condition


@both_forms
def test_what_is_appended_to_a_macro_that_is_left_out_does_not_bring_it_back(other: Path, appends: str) -> None:
    macro = f"- macro: here\n  condition: never\n- macro: here\n  condition: or fd.num=1\n{appends}"
    rules, left_out = loaded(other, f"{macro}{EDITED.format(name='Mine', condition='opened and here')}{KEPT}")
    assert [line for line, _, _ in left_out] == [1, 3, 6]
    assert "Mine" not in rules and "/a" in rules["Other"].condition


@both_forms
@pytest.mark.parametrize("fragment", ["and (never", "never", "and never or", "and not"])
def test_what_is_appended_and_cannot_be_read_stays_a_fault(other: Path, appends: str, fragment: str) -> None:
    with pytest.raises(RulesError):
        loaded(other, f"- rule: Other\n  condition: {fragment}\n{appends}{KEPT}")


VALUES = "- rule: Other\n  condition: and fd.num=1\n  exceptions: [{{name: theirs, values: [[/b]]}}]\n{}"
BOTH = {"override": "  override: {condition: append, exceptions: append}\n", "old form": "  append: true\n"}


@pytest.mark.parametrize("appends", BOTH.values(), ids=BOTH)
def test_values_for_an_exception_that_is_not_there_are_left_out_with_all_of_their_item(
    other: Path, appends: str
) -> None:
    rules, left_out = loaded(other, f"{VALUES.format(appends)}{KEPT}")
    assert left_out == [(1, 3, "left out: exception 'theirs' of rule 'Other', which it changes, is not loaded")]
    assert rules["Other"].condition == "(opened and proc.name in (shells)) and not ((fd.name = /a))"
    with pytest.raises(RulesError, match="1 problem"):
        load([other], more=[("edited.yaml", VALUES.format(appends))])


def test_values_for_an_exception_of_an_edited_rule_that_is_left_out_are_left_out_too(other: Path) -> None:
    edited = EDITED.format(name="Other", condition="never") + "  exceptions: [{name: theirs, fields: [fd.name]}]\n"
    rules, left_out = loaded(other, f"{edited}{VALUES.format(BOTH['override'])}{KEPT}")
    assert [line for line, _, _ in left_out] == [1, 7]
    assert "/b" not in rules["Other"].condition and "/a" in rules["Other"].condition


def test_an_exception_that_is_wrong_otherwise_is_a_fault_there_too(other: Path) -> None:
    for wrong in ("comps: [=], values: [[/b]]", "fields: [fd.nam], values: [[/b]]", "fields: [fd.name]"):
        text = f"- rule: Other\n  exceptions: [{{name: mine, {wrong}}}]\n  override: {{exceptions: append}}\n"
        with pytest.raises(RulesError, match="1 problem"):
            loaded(other, text)


NEEDS_LIST = {
    "edited": EDITED.format(name="Other", condition="opened and fd.sport in (22, {})"),
    "event types": EDITED.format(name="Other", condition="evt.type in ({})"),
    "condition": "- rule: Other\n  condition: and not fd.sip in ({})\n  override: {{condition: append}}\n",
    "old form": "- rule: Other\n  condition: and not fd.sip in ({})\n  append: true\n",
    "flat exception": "- rule: Other\n  exceptions: [{{name: p, fields: fd.sport, comps: in, values: [22, {}]}}]\n"
    "  override: {{exceptions: append}}\n",
    "exception": "- rule: Other\n  exceptions: [{{name: p, fields: [fd.sport], comps: [in], values: [[[{}]]]}}]\n"
    "  append: true\n",
    "replaced exceptions": "- rule: Other\n  exceptions: [{{name: p, fields: [fd.sport], comps: [in], "
    "values: [[[{}]]]}}]\n  override: {{exceptions: replace}}\n",
}
needs_list = pytest.mark.parametrize("item", NEEDS_LIST.values(), ids=NEEDS_LIST)


@needs_list
def test_what_needs_a_list_that_is_not_loaded_is_left_out(other: Path, item: str) -> None:
    rules, left_out = loaded(other, f"{item.format('theirs')}{KEPT}")
    assert left_out == [(1, 3, "left out: rule 'Other' needs the list 'theirs', which is not loaded")]
    assert rules["Other"].condition == "(opened and proc.name in (shells)) and not ((fd.name = /a))"


@needs_list
def test_a_list_that_is_only_appended_to_is_not_there(other: Path, item: str) -> None:
    appended = "- list: theirs\n  items: [80]\n  override: {items: append}\n"
    _, left_out = loaded(other, f"{appended}{item.format('theirs')}{KEPT}")
    assert [line for line, _, _ in left_out] == [1, 4]


@needs_list
@pytest.mark.parametrize("is_loaded", [True, False])
def test_what_needs_a_list_is_in_force_where_it_is_loaded_or_stands_in_the_file(
    other: Path, item: str, is_loaded: bool
) -> None:
    value = next((value for field, value in (("evt.type", "open"), ("fd.sip", "1.2.3.4")) if field in item), "80")
    theirs = f"- list: theirs\n  items: [{value}]\n"
    if is_loaded:
        other.write_text(f"{theirs}{OTHER}")
    rules, left_out = loaded(other, item.format("theirs") + ("" if is_loaded else theirs))
    assert left_out == [] and "theirs" in rules["Other"].condition


def test_where_a_name_can_be_a_value_it_is_one(other: Path) -> None:
    rules, left_out = loaded(other, EDITED.format(name="Mine", condition="opened and proc.name in (theirs)"))
    assert left_out == [] and "Mine" in rules


@needs_list
@pytest.mark.parametrize("value", ["'\"theirs\"'", "1x", "10.0.0.0/99/9"])
def test_a_value_that_is_no_name_of_a_list_is_a_fault(other: Path, item: str, value: str) -> None:
    with pytest.raises(RulesError):
        loaded(other, f"{item.format(value)}{KEPT}")


def test_what_is_wrong_with_the_exceptions_hides_no_macro_that_is_needed(other: Path) -> None:
    """Whether the rule has this exception is known only when the item before it is added."""
    first = "- rule: Other\n  exceptions: [{name: p, fields: [fd.name], values: [[/b]]}]\n  append: true\n"
    then = "- rule: Other\n  condition: and never\n  exceptions: [{name: p, values: [[/c]]}]\n  append: true\n"
    rules, left_out = loaded(other, first + then)
    assert left_out == [(4, 3, "left out: rule 'Other' needs the macro 'never', which is not loaded")]
    assert "/b" in rules["Other"].condition and "/c" not in rules["Other"].condition


def test_what_is_wrong_otherwise_is_a_fault_there_too(other: Path) -> None:
    with pytest.raises(RulesError, match="1 problem"):
        loaded(other, f"{KEPT}- rule: Other\n  condition: and (\n  override: {{condition: append}}\n")

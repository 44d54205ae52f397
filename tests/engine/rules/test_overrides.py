"""``override``: each key of rules, macros and lists appended to or replaced."""

from __future__ import annotations

import pytest

from engine.alerts import Priority
from engine.rules.definitions import RuleDefinition
from tests.helpers.rule_files import condition, errors, loaded, rule, rules, warnings

BASE = rule("R", "evt.type = open", tags="[b]", exceptions="[{name: e, fields: proc.name, values: [x]}]")
APPENDABLE = {"condition": "and user.uid = 0", "output": "more", "desc": "more", "tags": "[a]"}
REPLACEABLE = APPENDABLE | {
    "condition": "evt.type = close",
    "priority": "DEBUG",
    "enabled": "false",
    "warn_evttypes": "false",
    "skip-if-unknown-filter": "true",
    "capture": "true",
    "capture_duration": "5",
}


def override(operation: str, keys: dict[str, str], kind: str = "rule", name: str = "R") -> str:
    lines = [f"- {kind}: {name}", *(f"  {key}: {value}" for key, value in keys.items()), "  override:"]
    return "\n".join((*lines, *(f"    {key}: {operation}" for key in keys), ""))


def definition(*texts: str) -> RuleDefinition:
    found = loaded(*texts)
    found.result()
    return found.collection.rules["R"]


def test_what_can_be_appended_to_a_rule() -> None:
    found = definition(BASE, override("append", APPENDABLE))
    assert (found.condition.value, found.output.value) == ("evt.type = open and user.uid = 0", "o more")
    assert (found.description, found.tags) == ("d more", {"a", "b"})


def test_what_can_be_replaced_in_a_rule() -> None:
    found = definition(BASE, override("replace", REPLACEABLE))
    assert (found.condition.value, found.output.value, found.description) == ("evt.type = close", "more", "more")
    assert (found.tags, found.priority, found.enabled) == ({"a"}, Priority.DEBUG, False)
    assert (found.warn_event_types, found.skip_unknown) == (False, True)
    assert (found.capture, found.capture_duration) == (True, 5)


@pytest.mark.parametrize("key", APPENDABLE)
def test_each_appendable_key_alone(key: str) -> None:
    assert errors(BASE, override("append", {key: APPENDABLE[key]})) == []


@pytest.mark.parametrize("key", REPLACEABLE)
def test_each_replaceable_key_alone(key: str) -> None:
    assert errors(BASE, override("replace", {key: REPLACEABLE[key]})) == []


@pytest.mark.parametrize("key", sorted(REPLACEABLE.keys() - APPENDABLE.keys()))
def test_what_cannot_be_appended_to(key: str) -> None:
    (error,) = errors(BASE, override("append", {key: REPLACEABLE[key]}))
    assert error.endswith(f"Key '{key}' cannot be appended to, use 'replace' instead")


@pytest.mark.parametrize("key", ["source", "rule", "append", "nonsense"])
def test_what_cannot_be_replaced(key: str) -> None:
    (error,) = errors(BASE, f"- rule: R\n  source: syscall\n  override:\n    {key}: replace\n")
    assert error == f"LOAD_ERR_YAML_VALIDATE 4:{len(key) + 7} Key '{key}' cannot be replaced"


def test_an_operation_that_is_none() -> None:
    (error,) = errors(BASE, override("merge", {"desc": "x"}))
    assert "Invalid override operation for key 'desc': 'merge'" in error


def test_an_override_needs_its_value_and_a_value_its_override() -> None:
    assert "'desc' is not defined" in errors(BASE, "- rule: R\n  override: {desc: append}\n")[0]
    both = "- rule: R\n  desc: x\n  output: y\n  override: {desc: append}\n"
    assert errors(BASE, both) == [
        "LOAD_ERR_YAML_VALIDATE 3:3 Unexpected key 'output': no corresponding entry under 'override' is defined."
    ]


def test_an_empty_override_is_none() -> None:
    for nothing in ("{}", "", "~"):
        assert condition(BASE, rule("R", "evt.type = close") + f"  override: {nothing}\n") == "evt.type = close"


def test_append_and_override_exclude_each_other() -> None:
    text = override("append", {"condition": "and user.uid = 0"}) + "  append: true\n"
    assert "cannot be used together" in errors(BASE, text)[0]


def test_one_key_cannot_be_appended_to_and_replaced() -> None:
    text = "- rule: R\n  desc: x\n  override:\n    desc: append\n    desc: replace\n"
    assert errors(BASE, text)[0].startswith("LOAD_ERR_YAML_VALIDATE")


def test_appends_come_before_replacements() -> None:
    text = "- rule: R\n  desc: x\n  condition: evt.type = close\n  override: {condition: replace, desc: append}\n"
    found = definition(BASE, text)
    assert (found.description, found.condition.value) == ("d x", "evt.type = close")


def test_overrides_of_a_rule_need_the_rule() -> None:
    for operation in ("append", "replace"):
        assert errors(override(operation, {"desc": "x"}))[0].startswith("LOAD_ERR_VALIDATE 1:3")


def test_macros() -> None:
    base, use = "- macro: m\n  condition: user.uid = 0\n", rule("R", "m")
    assert condition(base, use, override("append", {"condition": "or user.uid = 1"}, "macro", "m")) == (
        "(user.uid = 0 or user.uid = 1)"
    )
    assert condition(base, use, override("replace", {"condition": "user.uid = 1"}, "macro", "m")) == "user.uid = 1"


def test_lists() -> None:
    base, use = "- list: l\n  items: [a]\n", rule("R", "evt.type = open and proc.name in (l)")
    assert "in (a, b)" in condition(base, use, override("append", {"items": "[b]"}, "list", "l"))
    assert "in (b)" in condition(base, use, override("replace", {"items": "[b]"}, "list", "l"))


def test_replacing_a_macro_or_list_that_is_not_there_defines_it_and_appending_does_not() -> None:
    macro, items = {"condition": "user.uid = 1"}, {"items": "[b]"}
    assert condition(override("replace", macro, "macro", "m") + rule("R", "m")) == "user.uid = 1"
    assert warnings(override("replace", items, "list", "l")) == ["LOAD_UNUSED_LIST"]
    assert errors(override("append", macro, "macro", "m"))[0].startswith("LOAD_ERR_VALIDATE")
    assert errors(override("append", items, "list", "l"))[0].startswith("LOAD_ERR_VALIDATE")


# ── exceptions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def exceptions(operation: str, entry: str) -> str:
    return f"- rule: R\n  exceptions:\n  - {entry}\n  override: {{exceptions: {operation}}}\n"


def test_exceptions_are_merged() -> None:
    more = exceptions("append", "{name: e, values: [y]}") + exceptions(
        "append", "{name: f, fields: user.uid, values: [0]}"
    )
    assert condition(BASE, more) == "(evt.type = open and not proc.name in (x, y) and not user.uid in (0))"


def test_exceptions_are_replaced_as_a_whole() -> None:
    other = exceptions("replace", "{name: f, fields: user.uid, comps: in, values: [0]}")
    assert condition(BASE, other) == "(evt.type = open and not user.uid in (0))"
    assert errors(BASE, exceptions("replace", "{name: f, values: [0]}"))[0].startswith("LOAD_ERR_YAML_VALIDATE")


def test_replaced_exceptions_have_no_default_comparison() -> None:
    (error,) = errors(BASE, exceptions("replace", "{name: f, fields: user.uid, values: [0]}"))
    assert error.startswith("LOAD_ERR_COMPILE_CONDITION")
    assert errors(BASE, exceptions("replace", "{name: f, fields: user.uid}")) == []


def test_the_fields_of_replaced_exceptions_are_checked_in_the_condition() -> None:
    (error,) = errors(BASE, exceptions("replace", "{name: f, fields: user.udi, comps: in, values: [0]}"))
    assert error.startswith("LOAD_ERR_COMPILE_CONDITION")


def test_rules_keep_their_place_when_overridden() -> None:
    assert list(rules(BASE, rule("S"), override("append", {"desc": "x"}))) == ["R", "S"]

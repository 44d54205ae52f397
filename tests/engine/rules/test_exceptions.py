"""Exceptions of rules: their shapes, how they become text of the condition, and what is wrong with them."""

from __future__ import annotations

import pytest

from tests.helpers.rule_files import condition, errors, rule, warnings

APPEND = "- rule: R\n  append: true\n  exceptions:\n"


def excepted(*entries: str) -> str:
    """What is added to the condition of a rule with these exceptions."""
    return condition(rule("R", exceptions=f"[{', '.join(entries)}]")).removeprefix("(evt.type = open and ")


def wrong(entry: str, *more: str) -> str:
    """The first error of a rule with this exception."""
    return errors(rule("R", exceptions=f"[{entry}]"), *more)[0].split(" ", 2)[2]


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("{name: e, fields: proc.name, values: [a, b c]}", 'not proc.name in (a, "b c"))'),
        ("{name: e, fields: fd.name, comps: pmatch, values: [/a, /b]}", "not fd.name pmatch (/a, /b))"),
        ("{name: e, fields: proc.name, comps: intersects, values: [a]}", "not proc.name intersects (a))"),
        ("{name: e, fields: fd.name, comps: startswith oneof, values: [/a]}", "not fd.name startswith oneof (/a))"),
        ("{name: e, fields: fd.name, comps: '= anyof', values: [/a]}", "not fd.name = anyof (/a))"),
        ("{name: e, fields: fd.name, comps: ' in ', values: [/a]}", "not fd.name in (/a))"),
        ("{name: e, fields: tolower(proc.name), values: [a]}", "not tolower(proc.name) in (a))"),
        ("{name: e, fields: 'proc.aname[2]', values: [a]}", "not proc.aname[2] in (a))"),
    ],
)
def test_one_field(entry: str, text: str) -> None:
    assert excepted(entry) == text


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (
            "{name: e, fields: [proc.name, user.uid], values: [[a, 0], [b, 1]]}",
            "not ((proc.name = a and user.uid = 0) or (proc.name = b and user.uid = 1)))",
        ),
        (
            "{name: e, fields: [proc.name, fd.name], comps: [in, startswith], values: [[[a, b], /x]]}",
            "not (proc.name in (a, b) and fd.name startswith /x))",
        ),
        ("{name: e, fields: [proc.name], comps: [in], values: [[a]]}", "not proc.name in (a))"),
        ("{name: e, fields: [proc.name], comps: [in], values: [['(a,b)']]}", "not proc.name in (a, b))"),
        ("{name: e, fields: [fd.name], comps: [pmatch], values: [[/a]]}", "not fd.name pmatch (/a))"),
        (
            "{name: e, fields: [fd.name], comps: [glob anyof], values: [[[/a*, /b c]]]}",
            'not fd.name glob anyof (/a*, "/b c"))',
        ),
        ("{name: e, fields: [proc.name], values: [[a b]]}", 'not proc.name = "a b")'),
        ("{name: e, fields: [proc.name], values: [[\"'a b'\"]]}", 'not proc.name = "a b")'),
    ],
)
def test_several_fields(entry: str, text: str) -> None:
    assert excepted(entry) == text


def test_exceptions_follow_each_other() -> None:
    first, second = "{name: a, fields: proc.name, values: [x]}", "{name: b, fields: user.uid, values: [0]}"
    assert excepted(first, second) == "not proc.name in (x) and not user.uid in (0))"


@pytest.mark.parametrize("values", ["", ", values: []"])
def test_without_values_nothing_is_added(values: str) -> None:
    assert condition(rule("R", exceptions=f"[{{name: e, fields: proc.name{values}}}]")) == "evt.type = open"
    assert condition(rule("R", exceptions="")) == "evt.type = open"


def test_the_condition_is_one_whole_before_its_exceptions() -> None:
    text = rule("R", "user.uid = 0 or user.uid = 1", exceptions="[{name: e, fields: proc.name, values: [x]}]")
    assert condition(text) == "((user.uid = 0 or user.uid = 1) and not proc.name in (x))"


def test_lists_are_expanded_in_values() -> None:
    names = "- list: names\n  items: [a, b]\n"
    assert condition(names + rule("R", exceptions="[{name: e, fields: proc.name, values: [names]}]")).endswith(
        "(a, b))"
    )


def test_values_are_pasted_as_text() -> None:
    (error,) = errors(rule("R", exceptions="[{name: e, fields: proc.name, values: ['a)']}]"))
    assert error.startswith("LOAD_ERR_COMPILE_CONDITION")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{fields: proc.name}", "Item has no mapping for key 'name'"),
        ("{name: e}", "Item has no mapping for key 'fields'"),
        ("word", "Rule exception must be a mapping"),
        ("{name: e, fields: proc.nme}", "'proc.nme' is not a supported filter field"),
        ("{name: e, fields: [proc.name, fd.nme]}", "'fd.nme' is not a supported filter field"),
        ("{name: e, fields: [proc.name], comps: [is]}", "'is' is not a supported comparison operator"),
        ("{name: e, fields: [proc.name], comps: [~]}", "'' is not a supported comparison operator"),
        ("{name: e, fields: [~]}", "'' is not a supported filter field"),
        ("{name: e, fields: []}", "Rule exception item must have fields property with a list of fields"),
        ("{name: e, fields: ~}", "Rule exception item must have fields property with a list of fields"),
        ("{name: e, fields: {a: b}}", "Rule exception item must have fields property with a list of fields"),
        ("{name: e, fields: [fd.name], comps: [in oneof]}", "'in oneof' is not a supported comparison operator"),
        ("{name: e, fields: [fd.name], comps: ['=  anyof']}", "'=  anyof' is not a supported comparison operator"),
        ("{name: e, fields: proc.name, comps: '='}", "Rule exception with one field: '=' takes no list of values"),
        ("{name: e, fields: proc.name, comps: [in]}", "Fields and comps must both be strings"),
        ("{name: e, fields: [proc.name], comps: in}", "Fields and comps lists must have equal length"),
        ("{name: e, fields: [proc.name], comps: [in, in]}", "Fields and comps lists must have equal length"),
        ("{name: e, fields: [proc.name], values: [a]}", "Fields and values lists must have equal length"),
        ("{name: e, fields: [proc.name], values: [[a, b]]}", "Fields and values lists must have equal length"),
        ("{name: e, fields: proc.name, values: [[a]]}", "Expected values array to contain a list of strings"),
        ("{name: e, fields: proc.name, values: a}", "Rule exception values must be a sequence"),
        ("{name: e, fields: proc.name, values: }", "Rule exception values must be a sequence"),
        ("{name: e, fields: proc.name, values: ['']}", "Value must be non-empty"),
    ],
)
def test_what_is_wrong_with_an_exception(entry: str, message: str) -> None:
    assert wrong(entry) == message


def test_two_of_one_name_are_warned_about_and_both_hold() -> None:
    entries = "{name: e, fields: proc.name, values: [a]}", "{name: e, fields: proc.name, values: [b]}"
    assert excepted(*entries) == "not proc.name in (a) and not proc.name in (b))"
    assert warnings(rule("R", exceptions=f"[{', '.join(entries)}]")) == ["LOAD_EXCEPTION_NAME_NOT_UNIQUE"]


# ── appended ────────────────────────────────────────────────────────────────────────────────────────────────────────

BASE = rule("R", exceptions="[{name: e, fields: proc.name, values: [a]}]")


def test_values_are_appended_to_an_exception_by_its_name() -> None:
    assert condition(BASE, APPEND + "  - {name: e, values: [b]}\n").endswith("not proc.name in (a, b))")


def test_an_exception_is_appended() -> None:
    assert condition(BASE, APPEND + "  - {name: f, fields: user.uid, values: [0]}\n").endswith(
        "not proc.name in (a) and not user.uid in (0))"
    )


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "{name: e, fields: proc.name, values: [b]}",
            "Can not append exception fields to existing exception, only values",
        ),
        ("{name: e, comps: in, values: [b]}", "Can not append exception comps to existing exception, only values"),
        ("{name: f, values: [b]}", "Rule exception item must have fields property with a list of fields"),
        ("{name: f, fields: user.uid}", "Rule exception must have values property with a list of values"),
        ("{name: f, fields: user.udi, values: [0]}", "'user.udi' is not a supported filter field"),
        ("{values: [b]}", "Item has no mapping for key 'name'"),
    ],
)
def test_what_cannot_be_appended(entry: str, message: str) -> None:
    (error,) = errors(BASE, APPEND + f"  - {entry}\n")
    assert error.split(" ", 2)[2] == message


def test_value_instead_of_values_is_warned_about() -> None:
    assert warnings(BASE, APPEND + "  - {name: e, value: [b]}\n") == ["LOAD_DEPRECATED_ITEM", "LOAD_APPEND_NO_VALUES"]

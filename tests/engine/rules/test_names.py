"""Lists and macros in conditions: what a name stands for, from where it is seen, and where it leads nowhere."""

from __future__ import annotations

import pytest

from tests.helpers.rule_files import condition, errors, loaded, rule, warnings


def items(name: str, *words: str, more: str = "") -> str:
    return f"- list: {name}\n  items: [{', '.join(words)}]\n{more}"


def macro(name: str, text: str, more: str = "") -> str:
    return f'- macro: {name}\n  condition: "{text}"\n{more}'


def expanded(*texts: str) -> dict[str, list[str]]:
    compilation = loaded(*texts).compilation
    assert compilation is not None
    return compilation.lists.expanded


APPEND = "  append: true\n"


# ── lists among themselves ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_item_that_names_an_earlier_list_is_its_items() -> None:
    assert expanded(items("a", "x", "y") + items("b", "a", "z"))["b"] == ["x", "y", "z"]


def test_an_item_that_names_a_later_list_is_a_word() -> None:
    assert expanded(items("b", "a", "z") + items("a", "x"))["b"] == ["a", "z"]


def test_a_list_sees_what_was_first_defined_before_its_own_latest_definition() -> None:
    assert expanded(items("b", "z") + items("a", "x") + items("b", "a", more=APPEND))["b"] == ["z", "x"]
    assert expanded(items("b", "a") + items("a", "x") + items("b", "a"))["b"] == ["x"]


def test_a_list_in_itself_is_a_word() -> None:
    assert expanded(items("a", "a", "x"))["a"] == ["a", "x"]


def test_lists_are_expanded_once_among_themselves() -> None:
    assert expanded(items("a", "x") + items("b", "a") + items("c", "b"))["c"] == ["a"]


# ── lists in conditions ─────────────────────────────────────────────────────────────────────────────────────────────


def inside(text: str, *lists: str) -> str:
    return condition("".join(lists) + rule("R", f"evt.type = open and {text}")).removeprefix("(evt.type = open and ")[
        :-1
    ]


def test_a_name_between_delimiters_is_replaced() -> None:
    a = items("a", "x", "y")
    assert inside("proc.name in (a)", a) == "proc.name in (x, y)"
    assert inside("proc.name in ( a , b )", a) == "proc.name in (x, y, b)"
    assert inside("proc.name in (aa, a-b, a.b)", a) == "proc.name in (aa, a-b, a.b)"


def test_lists_are_seen_wherever_they_stand() -> None:
    assert condition(rule("R", "evt.type = open and proc.name in (a)"), items("a", "x")).endswith("in (x))")
    assert condition(rule("R", "proc.name in (a)") + items("a", "x")) == "proc.name in (x)"


def test_a_value_and_a_quoted_text_are_reached_as_well() -> None:
    assert inside("proc.name = a", items("a", "x")) == "proc.name = x"
    assert inside("proc.cmdline = 'do a now'", items("a", "x")) == 'proc.cmdline = "do x now"'


def test_items_with_blanks_are_quoted() -> None:
    assert inside("proc.name in (a)", items("a", "x y", "'z'", "\"'q r'\"")) == 'proc.name in ("x y", z, "q r")'


def test_a_later_list_is_replaced_in_what_an_earlier_one_put_there() -> None:
    assert inside("proc.name in (a)", items("a", "b"), items("b", "x")) == "proc.name in (x)"


def test_an_earlier_list_is_not_replaced_in_what_a_later_one_put_there() -> None:
    three = items("a", "x") + items("b", "a") + items("c", "b")
    assert inside("proc.name in (c)", three) == "proc.name in (a)"


def test_two_levels_always_work() -> None:
    assert inside("proc.name in (b)", items("a", "x"), items("b", "a", "y")) == "proc.name in (x, y)"
    assert inside("proc.name in (b)", items("b", "a", "y"), items("a", "x")) == "proc.name in (x, y)"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("(x, e, y)", "(x, y)"),
        ("(e, y)", "(y)"),
        ("(x, e)", "(x)"),
        ("(e)", "()"),
        ("(e, e)", "()"),
        ("( x , e )", "(x)"),
    ],
)
def test_an_empty_list_takes_a_comma_with_it(written: str, read: str) -> None:
    assert inside(f"proc.name in {written}", items("e")) == f"proc.name in {read}"


def test_a_list_that_is_not_there_is_a_word() -> None:
    assert inside("proc.name in (nowhere)") == "proc.name in (nowhere)"


def test_one_name_without_parentheses_is_one_item() -> None:
    assert inside("proc.name in shell") == "proc.name in shell"
    assert errors(rule("R", "evt.type = open and proc.name in a") + items("a", "x", "y")) != []


# ── macros ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_macro_is_a_whole() -> None:
    assert condition(macro("m", "user.uid = 0 or user.uid = 1") + rule("R", "not m")) == (
        "not (user.uid = 0 or user.uid = 1)"
    )
    assert condition(macro("m", "user.uid = 0 or user.uid = 1") + rule("R", "m and evt.type = open")) == (
        "((user.uid = 0 or user.uid = 1) and evt.type = open)"
    )


def test_a_rule_sees_macros_before_and_behind_it() -> None:
    assert condition(rule("R", "m") + macro("m", "user.uid = 0")) == "user.uid = 0"


def test_a_macro_sees_only_macros_first_defined_before_it() -> None:
    assert condition(macro("a", "user.uid = 0") + macro("b", "a") + rule("R", "b")) == "user.uid = 0"
    assert "Undefined macro 'b' used in filter." in errors(macro("a", "b") + macro("b", "user.uid = 0"))[0]


def test_redefining_or_appending_moves_what_a_macro_sees() -> None:
    base = macro("a", "user.uid = 0") + macro("b", "user.uid = 1")
    assert condition(base + macro("a", "b") + rule("R", "a")) == "user.uid = 1"
    assert condition(base + macro("a", "or b", APPEND) + rule("R", "a")) == "(user.uid = 0 or user.uid = 1)"


def test_a_later_definition_holds_for_earlier_users() -> None:
    text = macro("a", "user.uid = 0") + rule("R", "a") + macro("a", "user.uid = 1")
    assert condition(text) == "user.uid = 1"


def test_a_macro_in_itself_is_undefined_at_first_and_a_loop_later() -> None:
    assert "Undefined macro 'm'" in errors(macro("m", "m or user.uid = 0"))[0]
    assert "reference loop in macro 'm'" in errors(macro("m", "user.uid = 0") + macro("m", "m or user.uid = 1"))[0]


def test_macros_in_a_circle_are_loops() -> None:
    found = errors(macro("a", "user.uid = 0") + macro("b", "a") + macro("c", "b") + macro("a", "c"))
    assert {each.split(" ", 2)[2] for each in found} == {f"reference loop in macro '{name}'" for name in "abc"}


def test_macros_nobody_uses_are_parsed_but_not_checked() -> None:
    assert errors(macro("m", "fd.nam = x")) == []
    assert errors(macro("m", "fd.name ="))[0].startswith("LOAD_ERR_COMPILE_CONDITION")
    assert errors(macro("m", "nowhere"))[0].startswith("LOAD_ERR_VALIDATE")


def test_joining_words_alone_are_names_of_macros() -> None:
    assert "Undefined macro 'in'" in errors(rule("R", "in"))[0]


# ── unused ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_nobody_refers_to_is_warned_about() -> None:
    assert warnings(items("l", "x") + macro("m", "user.uid = 0")) == ["LOAD_UNUSED_LIST", "LOAD_UNUSED_MACRO"]


def test_a_reference_from_something_unused_counts() -> None:
    assert warnings(macro("a", "user.uid = 0") + macro("b", "a")) == ["LOAD_UNUSED_MACRO"]
    assert warnings(items("a", "x") + items("b", "a")) == ["LOAD_UNUSED_LIST"]
    assert warnings(items("a", "x") + macro("m", "proc.name in (a)")) == ["LOAD_UNUSED_MACRO"]

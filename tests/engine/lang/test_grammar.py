"""The grammar: what is a condition, what it means, and where it stops being one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lang.grammar import MAX_LENGTH, ConditionError, parse
from engine.lang.nodes import And, Check, FieldRef, Literal, MacroRef, Node, Not, Or, Values


def test_not_binds_closer_than_and_and_and_closer_than_or() -> None:
    assert str(parse("a or not b and c")) == "(a or (not b and c))"


def test_chains_are_flat() -> None:
    assert parse("a and b and c") == And((MacroRef("a"), MacroRef("b"), MacroRef("c")))


def test_a_check_with_a_list() -> None:
    node = parse('proc.name in (sh, "my shell")')
    assert node == Check(FieldRef("proc.name"), "in", Values((Literal("sh"), Literal("my shell"))))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("evt.dir=<", "evt.dir = <"),
        ("proc.aname[2] exists", "proc.aname[2] exists"),
        ("a.b inside", "a.b in side"),
        ("a.b = anyof x", "a.b = anyof x"),
        ("a.b = x\by", r'a.b = "x\by"'),
        ("a.b[x\by] exists", r'a.b["x\by"] exists'),
        ("not\va", "not a"),
        ("a.b < 0x1f", "a.b < 0x1f"),
        ("a.b = val(c.d)[e]", "a.b = val(c.d)[e]"),
        ('concat(a.b, "x y", "") exists', 'concat(a.b,"x y",) exists'),
        ("a.b = \xa0", "a.b = \xa0"),
        ("a and(b or(c))", "(a and (b or c))"),
        ("not not a", "a"),
        ("proc.name = anyof (a, b)", "proc.name = anyof (a, b)"),
        ("proc.name = anyof", "proc.name = anyof"),
        ("proc.name = val(proc.pname)", "proc.name = val(proc.pname)"),
        ("tolower(proc.name) = toupper(fd.name)", "tolower(proc.name) = toupper(fd.name)"),
        ("not(a)", "not a"),
        (r'fd.name contains "a\x41\"b"', r'fd.name contains "aA\"b"'),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("", "filter input string is empty", 1, 1),
        (" ", "expected a '(' token, a field check, or an identifier", 1, 2),
        ("a.b = x\vy", "unexpected token after 'x', expecting 'or', 'and'", 1, 8),
        ("a.b = \f", "expected a string value or a field with a valid transformer", 1, 7),
        ("a.b < 0x1g", "unexpected token after '0x1', expecting 'or', 'and'", 1, 10),
        ("a.b = allof x+2", "unexpected token after 'x', expecting 'or', 'and'", 1, 14),
        ("a.b = anyof and_x", "expected blank or '(' after 'and'", 1, 16),
        ('a.b in ("', "expected a ')' token", 1, 9),
        ('join("-", (a.b c.d)) exists', "expected ')'", 1, 16),
        (r'a.b = "\x4"', "truncated hex char escape sequence", 1, 12),
        (r'a.b = "\xg0"', "invalid hex char escape sequence: g0", 1, 13),
        (r'a.b = "\'"', "invalid \\' escape in \"-quoted string", 1, 11),
        ("a andb", "expected blank or '(' after 'and'", 1, 6),
        ("(a\nand b", "expected a ')' token", 2, 6),
        ("a.b = b = 1", "unexpected token after 'b', expecting 'or', 'and'", 1, 9),
        ("evt.arg[] = 1", "expected a valid field argument: a quoted string or a bare string", 1, 9),
        ("a.b in (x,)", "expected a string value", 1, 11),
        ("a.b = 'x\\q'", "unsupported string escape sequence: \\q", 1, 12),
    ],
)
def test_errors_have_a_place(text: str, message: str, line: int, column: int) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert (caught.value.message[: len(message)], caught.value.line, caught.value.column) == (message, line, column)


def test_nesting_is_bounded_and_a_deep_condition_within_the_bound_is_understood() -> None:
    assert str(parse("(" * 199 + "a" + ")" * 199)) == "a"
    for text in ("(" * 200 + "a" + ")" * 200, "(" * 100_000, "not(" * 250, "a and(" * 334):
        with pytest.raises(ConditionError, match="exceeded max depth limit of 1000"):
            parse(text)


@pytest.mark.parametrize(
    ("opening", "closing", "most"),
    [("(", ")", 19), ("not(", ")", 23), ("a and(", ")", 31), ("not ", "", 500)],
)
def test_a_level_costs_what_it_costs_in_falco(opening: str, closing: str, most: int) -> None:
    assert parse(opening * most + "a" + closing * most, max_depth=100)
    if closing:
        with pytest.raises(ConditionError, match="exceeded max depth limit of 100"):
            parse(opening * (most + 1) + "a" + closing * (most + 1), max_depth=100)


NAMES = st.sampled_from(["proc.name", "fd.name", "evt.type", "proc.aname[2]"])
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\v"), min_size=1, max_size=8).filter(
    lambda word: not set(word) & set("(),'") and not word.endswith("\\")
)


def check(name: str, word: str) -> Check:
    field, _, argument = name.partition("[")
    return Check(FieldRef(field, argument.rstrip("]") or None), "=", Literal(word))


CONDITIONS = st.recursive(
    st.builds(check, NAMES, WORDS) | st.sampled_from([MacroRef("m"), MacroRef("spawned")]),
    lambda inner: (
        st.builds(lambda children: And(tuple(children)), st.lists(inner, min_size=2, max_size=3))
        | st.builds(lambda children: Or(tuple(children)), st.lists(inner, min_size=2, max_size=3))
        | st.builds(Not, inner.filter(lambda node: not isinstance(node, Not)))
    ),
    max_leaves=8,
)


@given(CONDITIONS)
def test_canonical_text_means_the_same(node: Node) -> None:
    assert parse(str(node)) == node


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("proc.name contians x", "did you mean contains?"),
        ("proc.name IN (a)", "did you mean in?"),
        ("proc.name = a b", "put a value with blanks, quotes, commas or parentheses in double quotes"),
        ("shell = bash", "a word alone is the name of a macro; a field has a dot: proc.name"),
        ("a AND b", "write and"),
        ("a && b", "write and"),
        ("a || b", "write or"),
        ("a)", "there is no '(' for this ')'"),
        ("(a and b", "a '(' is never closed"),
        ("a # why", "a condition has no comments"),
        ("proc.name in (a b)", "write a list with commas: (a, b)"),
        ("proc.name " + "x" * 10_000, ""),
    ],
)
def test_an_error_says_what_to_do(text: str, hint: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert caught.value.hint.startswith(hint)
    assert bool(caught.value.hint) is bool(hint)


def test_a_condition_that_is_too_long_is_refused_at_once() -> None:
    with pytest.raises(ConditionError, match="more than 4,194,304 characters"):
        parse("a" * (MAX_LENGTH + 1))

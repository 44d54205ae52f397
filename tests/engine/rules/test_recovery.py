"""Conditions with several syntax errors: each is told, and what lies between them is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lang.grammar import ConditionError, parse
from engine.rules.recovery import MAX_ERRORS, parse_all


@pytest.mark.parametrize(
    ("text", "stopped_at", "rest"),
    [
        ("a.b = 1", [], "a.b = 1"),
        ("a.b foo 1 and c.d = 2", ["foo"], "(true and c.d = 2)"),
        (
            "a.b = 1 and (c.d foo x or not e.f bar y) and g.h = 3",
            ["foo", "bar"],
            "(a.b = 1 and (true or not true) and g.h = 3)",
        ),
        ("a.b = 1 c.d = 2 and e.f << 3", ["c.d", "<"], "(true and true)"),
        ("a.b in (x, y and c.d = 2", ["and"], "(true and c.d = 2)"),
        ("a.b = 'x and (y' and c.d foo 1 or e.f = 2", ["foo"], '((a.b = "x and (y" and true) or e.f = 2)'),
        ('a.b = "\\q" or c.d > z', ["or", "z"], "(true or true)"),
    ],
)
def test_the_rest_is_read(text: str, stopped_at: list[str], rest: str) -> None:
    node, errors = parse_all(text, parse)
    assert [text[error.index :].split(maxsplit=1)[0] for error in errors] == stopped_at
    assert str(node) == rest


@pytest.mark.parametrize("text", ["", "(a.b = 1", "((a.b = 1) and"])
def test_what_cannot_be_mended_is_one_error(text: str) -> None:
    node, errors = parse_all(text, parse)
    assert (node, len(errors)) == (None, 1)


def test_errors_are_told_up_to_a_number() -> None:
    assert len(parse_all(" and ".join(["a.b foo 1"] * 100), parse)[1]) == MAX_ERRORS


WORDS = st.sampled_from(
    [
        "a.b",
        "= 1",
        "foo x",
        "in (a, b)",
        "(",
        ")",
        " and ",
        " or ",
        "not ",
        "'",
        '"x y"',
        "m",
        ",",
        "\\",
        "val(",
        "\n",
        "=",
    ]
)


@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_the_first_error_is_that_of_the_parser_and_the_others_lie_behind_it(text: str) -> None:
    node, errors = parse_all(text, parse)
    try:
        assert node == parse(text)
        assert errors == []
    except ConditionError as error:
        assert (errors[0].message, errors[0].index) == (error.message, error.index)
        assert [each.index for each in errors] == sorted({each.index for each in errors})

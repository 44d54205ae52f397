"""Lists in text: the linear way gives what replacing one list after the other in the whole text gives."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rules.substitution import Names, TooLongError, substitute
from engine.rules.text import Place, Text

_DELIMITERS = " \t\r\n\b(),="


def replaced(text: str, lists: dict[str, str], limit: int = 10**6) -> str:
    return Text.at(text, Place()).replaced(substitute(text, Names(lists), lists.__getitem__, limit)).value


def one_after_the_other(text: str, lists: dict[str, str]) -> str:
    """The definition: each list in turn, from the left, each occurrence in the text as it then is."""
    for name, new in lists.items():
        word = re.compile(f"(?<![^{_DELIMITERS}]){re.escape(name)}(?![^{_DELIMITERS}])")
        index = 0
        while match := word.search(text, index):
            start, end = match.span() if new else with_comma(text, *match.span())
            text = text[:start] + new + text[end:]
            index = start + len(new)
    return text


def with_comma(text: str, start: int, end: int) -> tuple[int, int]:
    after = len(text) - len(text[end:].lstrip(" \t\r\n\b"))
    if text.startswith(",", after):
        return start, after + 1
    before = len(text[:start].rstrip(" \t\r\n\b"))
    return (before - 1, end) if text[:before].endswith(",") else (start, end)


@pytest.mark.parametrize(
    ("text", "lists", "result"),
    [
        ("proc.name in (shells)", {"shells": "sh, bash"}, "proc.name in (sh, bash)"),
        ("in (x, empty, y)", {"empty": ""}, "in (x,  y)"),
        ("in (x, empty)", {"empty": ""}, "in (x)"),
        ("in (empty)", {"empty": ""}, "in ()"),
        ('= "a shells b"', {"shells": "sh"}, '= "a sh b"'),
        ("(a)", {"a": "b, a", "b": "c"}, "(c, a)"),
        ("(b)", {"a": "x", "b": "a"}, "(a)"),
        ("in (my list, x)", {"my list": "a, b"}, "in (a, b, x)"),
        ("myshells shells2", {"shells": "sh"}, "myshells shells2"),
    ],
)
def test_lists_in_text(text: str, lists: dict[str, str], result: str) -> None:
    assert replaced(text, lists) == result == one_after_the_other(text, lists)


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "d", "x", " ", "  ", ",", "(", ")", "=", '"']), max_size=14).map(
    "".join
)


@given(text=TEXTS, a=TEXTS, b=TEXTS, c=TEXTS)
def test_the_linear_way_means_the_same(text: str, a: str, b: str, c: str) -> None:
    lists = {"a": a, "b": b, "c": c, "d": ""}
    assert but_for_blanks(replaced(text, lists)) == but_for_blanks(one_after_the_other(text, lists))


def but_for_blanks(text: str) -> str:
    """How many blanks empty lists leave depends on which of several goes first; it means nothing."""
    return re.sub(r" *([(),=]|^|$) *", r"\1", re.sub(" +", " ", text))


def test_lists_that_multiply_are_stopped() -> None:
    lists = {f"l{number}": f"l{number + 1}, l{number + 1}" for number in range(100)}
    with pytest.raises(TooLongError):
        replaced("(l0)", lists, limit=10_000)

"""Lists in text: the linear way gives what replacing one list after the other in the whole text gives."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rules.substitution import Names, TooLongError, substitute
from engine.rules.text import Place, Text

_BLANKS = " \t\r\n"
_DELIMITERS = f"{_BLANKS}(),="


def replaced(text: str, lists: dict[str, str], limit: int = 10**6) -> str:
    return Text.at(text, Place()).replaced(substitute(text, Names(lists), lists.__getitem__, limit)).value


def one_after_the_other(text: str, lists: dict[str, str]) -> str:
    """The definition: each list in turn, from the left, each occurrence in the text as it then is."""
    for name, new in lists.items():
        word = re.compile(f"(?<![^{_DELIMITERS}]){re.escape(name)}(?![^{_DELIMITERS}])")
        index = 0
        while match := word.search(text, index):
            before, behind = text[: match.start()].rstrip(_BLANKS), text[match.end() :].lstrip(_BLANKS)
            if not new:
                before, behind = without_comma(before, behind)
            done = f"{before} {new} " if before else f"{new} "
            text, index = done + behind, len(done)
    return text


def without_comma(before: str, behind: str) -> tuple[str, str]:
    return (before[:-1], behind) if before.endswith(",") else (before, behind.removeprefix(","))


@pytest.mark.parametrize(
    ("text", "lists", "result"),
    [
        ("proc.name in (shells)", {"shells": "sh, bash"}, "proc.name in ( sh, bash )"),
        ("in (x, empty, y)", {"empty": ""}, "in (x  , y)"),
        ("in (x, empty)", {"empty": ""}, "in (x  )"),
        ("in (empty , x)", {"empty": ""}, "in (   x)"),
        ('= "a \t shells  b"', {"shells": "sh"}, '= "a sh b"'),
        ('= "(shells)"', {"shells": "sh"}, '= "( sh )"'),
        ("shells = shells", {"shells": "sh"}, "sh = sh "),
        ("a\bshells", {"shells": "sh"}, "a\bshells"),
        ("in (empty)", {"empty": ""}, "in (  )"),
        ('= "a shells b"', {"shells": "sh"}, '= "a sh b"'),
        ("(a)", {"a": "b, a", "b": "c"}, "( c , a )"),
        ("(b)", {"a": "x", "b": "a"}, "( a )"),
        ("in (my list, x)", {"my list": "a, b"}, "in ( a, b , x)"),
        ("myshells shells2", {"shells": "sh"}, "myshells shells2"),
    ],
)
def test_lists_in_text(text: str, lists: dict[str, str], result: str) -> None:
    assert replaced(text, lists) == result == one_after_the_other(text, lists)


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "d", "x", " ", "  ", ",", "(", ")", "=", '"']), max_size=14).map(
    "".join
)


ITEMS = TEXTS.map(lambda text: text.strip(_BLANKS))
"""Items with blanks stand in quotes."""


@given(text=TEXTS, a=ITEMS, b=ITEMS, c=ITEMS)
def test_the_linear_way_means_the_same(text: str, a: str, b: str, c: str) -> None:
    lists = {"a": a or "x", "b": b or "x", "c": c or "x"}
    assert replaced(text, lists) == one_after_the_other(text, lists)


@given(text=TEXTS, a=ITEMS, b=ITEMS)
def test_it_does_so_with_empty_lists(text: str, a: str, b: str) -> None:
    """Where other lists name an empty one, it is not left to right that its commas go: that is not looked at here."""
    lists = {"a": re.sub("[cd]", "x", a) or "x", "b": re.sub("[cd]", "x", b) or "x", "c": "", "d": ""}
    assert replaced(text, lists) == one_after_the_other(text, lists)


def test_lists_that_multiply_are_stopped() -> None:
    lists = {f"l{number}": f"l{number + 1}, l{number + 1}" for number in range(100)}
    with pytest.raises(TooLongError):
        replaced("(l0)", lists, limit=10_000)

"""What goes to the terminal says each style once, and draws the same."""

from __future__ import annotations

import re

import pyte
from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.sgr import thin

_CODES = st.sampled_from(
    [
        "0",
        "",
        "1",
        "3",
        "4",
        "7",
        "31",
        "42",
        "97",
        "38;5;9",
        "48;5;7",
        "38;2;1;2;3",
        "38;2;9;9;9;48;2;4;5;6",
        "1;38;2;1;2;3;48;2;4;5;6",
        "9",
        "22",
        "24",
        "39",
        "49",
        "31;39",
    ]
)
_SGR = re.compile(r"\x1b\[[\d;]*m")
_WORDS = st.sampled_from(["", " ", "   ", "web", "a b", "\n", "\x1b[2;3H", "\x1b[1;1H\n", "\x1b[2;1H \x1b[?25l"])
_PIECES = st.lists(st.tuples(st.sampled_from(["", "\x1b[0m"]), _CODES, _WORDS, st.sampled_from(["", "\x1b[0m"])))


def _text(pieces: list[tuple[str, str, str, str]]) -> str:
    return "".join(f"{before}\x1b[{code}m{words}{after}" for before, code, words, after in pieces)


def _cells(text: str) -> list[tuple[object, ...]]:
    """What somebody sees: the colour of a blank is nothing to see, unless it is turned round or underlined."""
    screen = pyte.Screen(12, 4)
    pyte.Stream(screen).feed(text + "x")  # with what is in force at the end
    cells = (screen.buffer[line][column] for line in range(4) for column in range(12))
    blank = ("default", False, False)
    return [
        (cell.data, cell.bg, cell.reverse, cell.underscore)
        + (
            blank
            if cell.data == " " and not cell.reverse and not cell.underscore
            else (cell.fg, cell.bold, cell.italics)
        )
        for cell in cells
    ]


@given(_PIECES)
def test_the_screen_is_the_same(pieces: list[tuple[str, str, str, str]]) -> None:
    text = _text(pieces)
    assert _cells(thin(text)) == _cells(text)


@given(_PIECES)
def test_done_twice_it_is_as_once_and_no_word_is_lost(pieces: list[tuple[str, str, str, str]]) -> None:
    text, less = _text(pieces), thin(_text(pieces))
    assert thin(less) == less
    assert _SGR.sub("", less) == _SGR.sub("", text)


def test_a_style_is_told_once_and_its_colour_not_for_blanks() -> None:
    row = "".join(f"\x1b[38;2;1;1;{n};48;2;0;0;0m{word}\x1b[0m" for n, word in enumerate(("a", "  ", "b")))
    assert thin(row) == "\x1b[38;2;1;1;0;48;2;0;0;0ma  \x1b[38;2;1;1;2mb\x1b[0m"

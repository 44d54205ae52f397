"""What a terminal sends when somebody pastes: text, whatever is in it, however it comes in pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste
from textual.message import Message

from engine.scrub import is_clean, scrub
from tests.helpers.hostile_names import ALL, HOSTILE, printable
from tui.keys.pasting import BEGIN, END, Parser, PasteReader

TEXTS = st.text(st.sampled_from("\x1b[]~201;q \x9ba漢\u202e"), max_size=12).filter(lambda text: END not in text)
KEYS = ["a", "q", "\x1b[A", "\x1bOP", "\x1b[20~", "\x1b[1;5C", "漢", "\r"]


def events(parser: XTermParser, pieces: list[str]) -> list[Message]:
    return [event for piece in pieces if piece for event in parser.feed(piece)]


def shown(found: list[Message]) -> list[tuple[str, str]]:
    return [
        ("paste", one.text) if isinstance(one, Paste) else ("key", one.key)
        for one in found
        if isinstance(one, Paste | Key)
    ]


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


@given(st.lists(TEXTS, min_size=1, max_size=3), st.lists(st.integers(0, 200), max_size=6))
def test_pasted_text_is_one_paste_and_no_key(texts: list[str], places: list[int]) -> None:
    """Behind it comes a key, which ends a paste for Textual."""
    written = "".join(f"{BEGIN}{text}{END}" for text in texts) + "k"
    found = shown(events(Parser(), cut(written, places)))
    pasted = [("paste", "\n".join(map(scrub, line(text).splitlines()))) for text in texts if text]
    assert [one for one in found if one != ("paste", "")] == [*pasted, ("key", "k")]


def line(text: str) -> str:
    return text.replace("\x1b", "\\x1b")


@given(st.lists(st.sampled_from(KEYS), max_size=8), st.lists(st.integers(0, 50), max_size=4))
def test_keys_are_what_they_are_without_it(keys: list[str], places: list[int]) -> None:
    pieces = cut("".join(keys), places)
    assert shown(events(Parser(), pieces)) == shown(events(XTermParser(), pieces))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_inert_when_it_is_pasted(name: str) -> None:
    """Without it, an escape in what is pasted presses the keys behind it."""
    text = HOSTILE[name]
    (*_, (kind, pasted), _) = [("", ""), *shown(events(Parser(), [f"{BEGIN}A{text}{END}k"]))]
    assert kind == "paste"
    assert all(map(is_clean, pasted.split("\n")))


def test_textual_alone_would_press_keys() -> None:
    """The reason for all this; when it holds no more, :mod:`tui.keys.pasting` may go."""
    found = shown(events(XTermParser(), [f"{BEGIN}\x1b]{'q' * 40}{END}k"]))
    assert ("key", "q") in found


@given(st.lists(TEXTS, max_size=4).map("".join), st.lists(st.integers(0, 60), max_size=6))
def test_nothing_of_what_is_typed_is_held_back(text: str, places: list[int]) -> None:
    reader = PasteReader()
    if BEGIN not in text:
        assert [reader.read(piece) for piece in cut(text, places)] == cut(text, places)


def test_all_of_it_at_once() -> None:
    found = shown(events(Parser(), [BEGIN, *printable(ALL), END, "k"]))
    assert [kind for kind, _ in found] == ["paste", "key"]

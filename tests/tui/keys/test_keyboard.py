"""Keys as they come from a terminal: whole or in pieces, quick or late, Esc alone or with another key behind it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual._xterm_parser import XTermParser
from textual.events import Key, MouseEvent, MouseMove
from textual.message import Message

from tests.helpers.driving import driving
from tests.helpers.incident import incident
from tests.helpers.keys.checks import alerts_shown
from tests.helpers.patience import PATIENCE
from tests.helpers.sensor import MemorySensor
from tui.app import TiercelApp
from tui.keys.chords import Chord
from tui.keys.keyboard import ESCAPE, Keyboard, KeyParser, KeyReader
from tui.keys.keymap import Keys
from tui.places import AlertPlace

LONG = [
    "\x1b[A",
    "\x1bOP",
    "\x1b[20~",
    "\x1b[1;5C",
    "\x1b[27u",
    "\x1b[113;3u",
    "\x1b[<35;10;12M",
    "\x1b[<0;3;4m",
    "漢",
    "é",
]
"""A terminal sends more than a byte for each."""
PLAIN = ["a", "q", "\r", "\t", "2"]
ALONE = [*PLAIN, "Q", "/", "[", "O", "b", "f", "1", " ", "\x7f", "é"]
"""Behind an Esc they are keys of their own."""


class Typist:
    """Presses keys on one side of a terminal; :meth:`comes` is what is read from the other."""

    def __init__(self, ours: int, theirs: int, reader: KeyReader) -> None:
        self._ours, self._theirs, self._reader = ours, theirs, reader

    def comes(self, written: bytes = b"") -> list[Message]:
        """What is made of it, once it has got there; of nothing: when time is over."""
        if written:
            self.press(written)
        return list(self._reader.read())

    def press(self, written: bytes) -> None:
        """It has got there, and is not read yet."""
        os.write(self._ours, written)
        assert select.select([self._theirs], [], [], PATIENCE)[0]


class Interrupted(KeyParser):
    """While it is asked whether a key may have begun, the ``rest`` of it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.rest: Callable[[], object] = lambda: None

    @property
    def is_within(self) -> bool:
        """Whether it has, as far as was read."""
        self.rest()
        return super().is_within


@contextmanager
def typing(escape: float, parser: KeyParser | None = None) -> Iterator[Typist]:
    """Somebody at a terminal whose Esc is one after so many seconds."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    reader = KeyReader(theirs, escape=escape, parser=parser)
    try:
        yield Typist(ours, theirs, reader)
    finally:
        reader.close()
        os.close(ours)
        os.close(theirs)


def told(found: Sequence[Message]) -> list[object]:
    """Keys by their names, where the mouse was; Esc and a key where nothing else is meant by them."""
    keys = [key for one in found if isinstance(one, Key) for key in (one.keys(()) if isinstance(one, Chord) else [one])]
    return [*(key.key for key in keys), *((type(one), one.x, one.y) for one in found if isinstance(one, MouseEvent))]


def pieces_of(text: bytes, places: Sequence[int]) -> list[bytes]:
    edges = sorted({0, *(place % (len(text) + 1) for place in places), len(text)})
    return [text[start:end] for start, end in pairwise(edges)]


@given(st.lists(st.sampled_from([*LONG, *PLAIN]), max_size=6), st.lists(st.integers(0, 60), max_size=12))
def test_keys_that_come_in_pieces_are_the_keys_they_are(keys: list[str], places: list[int]) -> None:
    pieces = pieces_of("".join(keys).encode(), places)
    with typing(PATIENCE) as typist:
        found = [event for piece in pieces for event in typist.comes(piece)]
    assert told(found) == told(list(XTermParser().feed("".join(keys))))


def test_esc_is_one_when_nothing_more_waits() -> None:
    with typing(0) as typist:
        assert told(typist.comes(b"\x1b")) == []
        assert told(typist.comes()) == ["escape"]


@pytest.mark.parametrize("key", LONG[:6])
def test_what_waits_in_the_terminal_is_no_esc_however_late_it_is_looked_at(key: str) -> None:
    """Time is over at once here: a program that stands still for a moment loses no key by it."""
    with typing(0) as typist:
        assert told(typist.comes(key.encode()[:1])) == []
        assert told(typist.comes(key.encode()[1:])) == told(list(XTermParser().feed(key)))


def test_what_comes_between_the_look_and_the_verdict_is_no_esc_either() -> None:
    """A program that stood still just there has not waited."""
    parser = Interrupted()
    with typing(0, parser) as typist:
        assert told(typist.comes(b"\x1b")) == []
        parser.rest = lambda: typist.press(b"[A")
        assert told(typist.comes()) == []
        parser.rest = lambda: None
        assert told(typist.comes()) == ["up"]


@pytest.mark.parametrize("key", ALONE)
def test_esc_and_a_key_right_behind_it_are_two_keys(key: str) -> None:
    """Or Alt and that key, where that means something: who has the keys decides."""
    (one,) = XTermParser().feed(key)
    assert isinstance(one, Key)
    with typing(0) as typist:
        assert told([*typist.comes(b"\x1b" + key.encode()), *typist.comes()]) == ["escape", one.key]


def test_two_escs_are_two() -> None:
    with typing(0) as typist:
        assert told(typist.comes(b"\x1b\x1b\x1b[B")) == ["escape", "escape", "down"]


def test_where_the_terminal_says_alt_it_is_alt() -> None:
    """With kitty's keyboard protocol nothing is open, and nothing waits."""
    with typing(PATIENCE) as typist:
        found = typist.comes(b"\x1b[27u\x1b[113;3u")
    assert [type(one) for one in found] == [Key, Key]
    assert told(found) == ["escape", "alt+q"]


def test_what_cannot_be_decoded_ends_nothing() -> None:
    with typing(0) as typist:
        assert [one.character for one in typist.comes(b"a\xff\xc3") if isinstance(one, Key)] == ["a", "\ufffd"]
        assert [one.character for one in typist.comes(b"\xa9b") if isinstance(one, Key)] == ["é", "b"]


async def test_esc_and_a_view_lead_back_and_there() -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("enter")
        await drive.until(lambda: len(drive.frame.trail) == 2)
        drive.app.post_message(Chord(Key("2", "2")))
        await drive.until(lambda: (list(drive.frame.trail), drive.frame.view) == ([], "containers"))


async def test_alt_and_a_key_is_what_the_configuration_says() -> None:
    async with driving(incident(), keys=Keys({"alerts.acknowledge": "alt+a"})) as drive:
        await alerts_shown(drive)
        drive.app.post_message(Chord(Key("a", "a")))
        await drive.until_shown("✓")


@pytest.mark.parametrize(
    ("key", "left"), [(Key("b", "b"), "/ one xtwo"), (Key("backspace", "\x7f"), "/ one x")], ids=["b", "backspace"]
)
async def test_alt_goes_by_words_where_something_is_typed(key: Key, left: str) -> None:
    async with driving(incident()) as drive:
        await alerts_shown(drive)
        await drive.press("slash", *"one", "space", *"two")
        drive.app.post_message(Chord(key))
        await drive.press("x")
        await drive.until_shown(left)


async def test_shift_and_tab_of_the_linux_console_is_the_tab_before() -> None:
    async with driving(incident()) as drive:
        drive.app.visit(AlertPlace(4, 3, "Sensitive file read"), "why")
        await drive.until(lambda: drive.frame.view == "why")
        drive.app.post_message(Chord(Key("tab", "\t")))
        await drive.until(lambda: drive.frame.view == "overview")


def test_of_what_has_begun_with_more_than_esc_the_rest_may_be_late() -> None:
    """A slow line has cut the mouse's place in two; keys would be pressed that nobody has."""
    with typing(0) as typist:
        assert told(typist.comes(b"\x1b[<35;1")) == []
        assert told(typist.comes(b"2;5M")) == [(MouseMove, 11.0, 4.0)]


def test_on_a_terminal_it_is_what_reads() -> None:
    assert TiercelApp(MemorySensor).driver_class is Keyboard  # type: ignore[arg-type]


@pytest.mark.parametrize(("said", "seconds"), [("", ESCAPE), ("250", 0.25)])
def test_how_long_it_waits_can_be_said(said: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ESCDELAY", raising=False)
    if said:
        monkeypatch.setenv("ESCDELAY", said)
    command = [sys.executable, "-c", "from tui.keys.keyboard import ESCAPE; print(ESCAPE)"]
    assert float(subprocess.run(command, check=True, capture_output=True, cwd=Path.cwd()).stdout) == seconds

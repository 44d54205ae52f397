"""Hostile text that somebody copies and pastes, on a real terminal: it presses no key, and is drawn as escapes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.hostile_names import HOSTILE, printable
from tests.helpers.hostile_recording import write_recording, write_rules
from tests.helpers.lab.tmux import Tmux
from tests.helpers.screen_layout import misplaced
from tests.helpers.terminal_bytes import foreign

SIZE = (80, 24)
TEXTS = {name: printable(text).splitlines()[0][:600] for name, text in HOSTILE.items() if text.strip()}
"""A line of each: an input takes no more."""
PRESSED = "\x1b]7331;q\x07" + "\x1b[20~" + "\x1bqqqaaaxsbCEdq " * 4
"""It wants to quit, to acknowledge, to open dialogs."""


@pytest.fixture
def terminal(at_home: Path) -> Iterator[Tmux]:
    write_recording(at_home / "hostile.tiercel")
    write_rules(at_home / "hostile.yaml")
    program = [sys.executable, "-m", "tiercel", str(at_home / "hostile.tiercel"), "-r", str(at_home / "hostile.yaml")]
    with Tmux.open(at_home, *program, "-c", "none", "--config", "none", size=SIZE) as opened:
        opened.until_shown("■ ended", "N Notice  Connected  2026-01-01 00:10:54.000", patience=90)
        yield opened


def leave(terminal: Tmux) -> None:
    """Quit; nothing that we would not write was written until then."""
    terminal.keys("q")
    screen = terminal.until_shown("exit code ")
    assert "exit code 0" in screen
    assert "Traceback" not in screen
    assert not list(foreign(bytes(terminal.written)))


def test_where_nothing_is_typed_it_does_nothing(terminal: Tmux) -> None:
    terminal.paste(PRESSED.encode() + b"\xff\xfe")
    for text in TEXTS.values():
        terminal.paste(text.encode())
    terminal.keys("End")  # what was pasted has come when this does something
    terminal.until_gone("00:10:54.000")
    terminal.keys("Home")
    screen = terminal.until_shown("1 Alerts 164", "N Notice  Connected  2026-01-01 00:10:54.000", "q quit")
    assert screen.count("\n ●  ") > 5
    assert not [word for word in ("✓", "marked", "PAUSED", "paused", "Undo", "Written") if word in screen]
    leave(terminal)


FEW = {name: TEXTS[name] for name in ("clipboard", "eight bits", "turned", "wide", "stacked", "joined", "clickable")}
INPUTS: dict[str, tuple[tuple[tuple[str, str], ...], dict[str, str], tuple[str, ...]]] = {
    "filter": ((("/", "words, or"),), TEXTS, ("words, or",)),
    "palette": ((("C-p", "🔎"),), FEW, ("🔎",)),
    "time": ((("T", "now   "), ("@", "Go to a time")), FEW, ("Go to a time",)),
    "note": ((("Down", "00:10:53.000"), ("s", "False positive"), ("Tab", "a note")), FEW, ("False positive",)),
    "filter's name": (
        (("/", "words, or"), ("x", "/ x"), ("C-s", "Saved filters")),
        {name: text[:3] for name, text in FEW.items()},  # as much as goes into a name when each becomes an escape
        ("Saved filters", "/ x"),
    ),
}
"""The keys that lead to each line to type in, with what each shows; what is pasted; and what goes at each Escape."""


@pytest.mark.parametrize("place", INPUTS)
def test_where_something_is_typed_it_is_text(terminal: Tmux, place: str) -> None:
    keys, texts, going = INPUTS[place]
    for key, shows in keys:
        terminal.keys(key)
        terminal.until_shown(shows)
    for number, text in enumerate(texts.values()):
        terminal.paste(f"{text} <{number}>".encode())
        terminal.until_shown(f"<{number}>")
        terminal.until(lambda screen: not list(misplaced(screen, SIZE)), "all stands")
        terminal.keys("C-u")
        terminal.until_gone(f"<{number}>")
    for text in going:
        terminal.keys("Escape")
        terminal.until_gone(text)
    leave(terminal)

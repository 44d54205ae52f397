"""Hostile names on a real terminal: every pane, tab and dialog of a recording in which everything bears one."""

from __future__ import annotations

import csv
import re
import shutil
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from engine.scrub import is_clean
from tests.helpers.hostile_recording import write_recording, write_rules
from tests.helpers.lab.tmux import Tmux
from tests.helpers.screen_layout import misplaced
from tests.helpers.terminal_bytes import copied, foreign

ESCAPED = "\\x1b]52"
"""How the first of the hostile text reads on the screen."""


class Walk:
    """Somebody at the keys, who looks at each screen."""

    def __init__(self, terminal: Tmux, size: tuple[int, int]) -> None:
        self._terminal = terminal
        self._size = size

    def press(self, *keys: str, shows: str = ESCAPED, above: bool = False) -> None:
        """Press keys, wait for another screen with the text below the first two lines (or anywhere), and look at how
        all stands."""
        before, first = self._terminal.text(), 0 if above else 2
        self._terminal.keys(*keys)
        screen = self._terminal.until(
            lambda screen: screen != before and shows in "\n".join(screen.split("\n")[first:]),
            f"{keys} shows {shows!r}",
        )
        if list(misplaced(screen, self._size)):  # as it is being drawn
            screen = self._terminal.until(lambda screen: not list(misplaced(screen, self._size)), "all stands")

    def view(self, key: str, shows: str) -> None:
        """One of the six views; of what was picked first, then of everything."""
        self._terminal.keys(key)
        screen = self._terminal.until(lambda screen: shows in screen or "6 Health" not in screen, f"{key} leads there")
        if "6 Health" not in screen:
            self._terminal.keys(key)
        self._terminal.until_shown("6 Health", shows)

    def leave(self, gone: str) -> None:
        """Escape, and wait: a key right behind it would make it Alt and that key."""
        self._terminal.keys("Escape")
        self._terminal.until_gone(gone)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Home, state, tmux's socket, the recording and its rules."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("EDITOR", "sed -i s/priority:.*/priority:\\ DEBUG/")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    write_recording(tmp_path / "hostile.tiercel")
    write_rules(tmp_path / "hostile.yaml")
    return tmp_path


def test_every_pane_and_dialog_is_inert_and_stands(folder: Path) -> None:
    size = (80, 24)
    with opened(folder, size) as terminal:
        walk = Walk(terminal, size)
        terminal.until_shown("■ ended", "N Notice")
        alerts(walk)
        one_alert(walk)
        containers(walk)
        processes(walk)
        events(walk)
        rules(walk)
        walk.view("6", "events are being lost")
        walk.press("End", shows="Runtime")
        everywhere(walk)
        written = left(terminal)
    assert not list(foreign(written))
    assert len(copied(written)) == 4
    look_at_files(folder / "tiercel-incidents")


def test_beside_each_other_they_stand_too(folder: Path) -> None:
    size = (160, 50)
    with opened(folder, size) as terminal:
        walk = Walk(terminal, size)
        terminal.until_shown("■ ended", "N Notice")
        walk.press("Down", shows="W Warning")
        walk.press("Enter", shows="Why", above=True)
        walk.leave("Why")
        for key, shows in (("2", "E shell"), ("3", "C3"), ("4", "✗ lost"), ("5", "O several")):
            walk.view(key, shows)
        written = left(terminal)
    assert not list(foreign(written))


def look_at_files(folder: Path) -> None:
    """Three lists and a bundle: their names are words, and nothing in them drives, runs or links."""
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    assert {name.suffix for name in files} >= {".jsonl", ".csv", ".md", ".zst", ".json", ".txt"}
    for name, path in files.items():
        assert re.fullmatch(r"[A-Za-z0-9._/-]+", str(name)), name
        if path.suffix != ".zst":
            assert all(map(is_clean, path.read_text(encoding="utf-8").splitlines())), name
    (table,) = folder.glob("*.csv")
    rows = list(csv.reader(table.read_text(encoding="utf-8").splitlines()))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    for text in folder.rglob("*.md"):
        assert not re.search(r"(?<!\\)(<script|\[x\]|<https?:)", without_code(text.read_text(encoding="utf-8"))), text


def without_code(markdown: str) -> str:
    """What is left of Markdown without its fences and code spans."""
    fenced = re.sub(r"^(`{3,})\n.*?\n\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", fenced)


def opened(folder: Path, size: tuple[int, int]) -> AbstractContextManager[Tmux]:
    command = [sys.executable, "-m", "tiercel", str(folder / "hostile.tiercel"), "-r", str(folder / "hostile.yaml")]
    return Tmux.open(folder, *command, "-c", "none", "--config", "none", size=size)


def left(terminal: Tmux) -> bytes:
    """Quit; all that was written to the terminal."""
    terminal.keys("1", "q")
    screen = terminal.until_shown("exit code ")
    assert "exit code 0" in screen
    assert "Traceback" not in screen
    return bytes(terminal.written)


# ── the walk ────────────────────────────────────────────────────────────────────────────────────────────────────────


def alerts(walk: Walk) -> None:
    """The list, its groups and its dialogs."""
    walk.view("1", "Connected")
    walk.press("x", shows="Too little is known")
    walk.press(*["Down"] * 5, shows="W Warning")
    walk.press("x", shows="hides 1 of 41")
    walk.leave("hides 1 of 41")
    walk.press("s", shows="False positive")
    walk.leave("False positive")
    walk.press("/", shows="words, or", above=True)
    walk.press(*"rule=", shows="⇥ Connected", above=True)
    walk.press("Tab", shows="rule=Connected", above=True)
    walk.press("C-s", shows="Saved filters")
    walk.leave("Saved filters")
    walk.leave("rule=")
    walk.press("m", "m", shows="2 marked", above=True)
    walk.press("M", shows="Opened")


def one_alert(walk: Walk) -> None:
    """All tabs of the alert in which all hostile text is, and where its keys lead."""
    walk.press("Home", shows="N Notice")
    walk.press("Down", shows="W Warning")
    walk.press("Enter", shows="Why", above=True)
    for key, gone in (("r", "● on"), ("t", "C3"), ("c", "C1")):
        walk.press(key, shows=gone)
        walk.leave(gone)
    for shows in ("✓ Opened", "host  systemd", "▶ +0.000", "network", ESCAPED, ESCAPED, '"output"', "Opened"):
        walk.press("Tab", shows=shows)
    walk.leave("Repeats")


def containers(walk: Walk) -> None:
    """The list, and all tabs of the container in which all hostile text is."""
    walk.view("2", "E shell")
    walk.press(">", shows="by Name", above=True)
    walk.press("I", shows="▼ by Name", above=True)
    walk.press("/", shows="words", above=True)
    walk.press(*"292929", "Enter", shows="esc clears", above=True)
    walk.press("Enter", shows=ESCAPED)
    for shows in ("Connected", "procexit", "Change  ", "f follow", ESCAPED):
        walk.press("Tab", shows=shows)
    walk.leave("Inspect")
    walk.leave("esc clears")


def processes(walk: Walk) -> None:
    """The tree, and all tabs of a process."""
    walk.view("3", "C3")
    walk.press("End", shows="1411")
    walk.press("Enter", shows=ESCAPED)
    walk.press("Tab", shows="Connected")
    walk.press("Tab", shows="procexit")
    walk.leave("procexit")


def events(walk: Walk) -> None:
    """The events, filtered by a word that is in hostile text."""
    walk.view("4", "✗ lost")
    walk.press("/", shows="words", above=True)
    walk.press(*"evil.example", "Enter", shows="evil.example   esc", above=True)
    walk.leave("evil.example   esc")


def rules(walk: Walk) -> None:
    """The rules and their dialogs, and one that is edited."""
    walk.view("5", "O several")
    walk.press("O", shows="Switch several", above=True)
    walk.leave("Switch several")
    walk.press("R", shows="Rules read again", above=True)
    walk.press("End", "E", shows="Changed: Connected", above=True)
    walk.leave("Changed: Connected")
    walk.press("Home", "Enter", shows="● on")
    walk.leave("● on")


def everywhere(walk: Walk) -> None:
    """Another time, help, the palette, and what is copied."""
    walk.view("1", "Connected")
    walk.press("T", shows="▕")
    walk.press(",", shows="▕")
    walk.press("@", shows="Go to a time")
    walk.press(*"9999-12-31 23:59", "Enter", shows="▕")
    walk.press("T", shows="Connected")
    walk.press("?", shows="Everywhere")
    walk.leave("Everywhere")
    walk.press("C-p", shows="Search")
    walk.leave("Search")
    for key in ("y", "Y", "C-y"):
        walk.press(key, shows="Copied")
    walk.press("M", shows="marked", above=True)
    walk.press("y", shows="164 rows")
    walk.press("M", shows="Opened")
    for form in "jcm":
        walk.press("w", shows="Write to a file")
        walk.press(form, shows="rows in ", above=True)
    walk.press("b", shows="summary.md", above=True)
    for grouping in ("by rule", "by container", "each alert by itself"):
        walk.press("o", shows=grouping, above=True)

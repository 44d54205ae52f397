"""Hostile names on a real terminal: every pane, tab and dialog of a recording in which everything bears one."""

from __future__ import annotations

import csv
import re
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
    """Somebody at the keys, who looks at each screen, and presses nothing before it is the one that was meant."""

    def __init__(self, terminal: Tmux, size: tuple[int, int]) -> None:
        self._terminal = terminal
        self._size = size

    def press(self, *keys: str, shows: str | tuple[str, ...] = (), gone: str = "") -> None:
        """Press keys, wait for what is on no screen but the one they lead to, and look at how all stands."""
        self._terminal.press(*keys, shows=shows, gone=gone)
        self._look()

    def tab(self, name: str, *shows: str) -> None:
        """The next tab: its name is lit, and it shows what belongs to it."""
        assert self._terminal.front() != name
        self._terminal.keys("Tab")
        self._in_front(name, *shows)

    def view(self, name: str, *shows: str) -> None:
        """One of the six views, by its number and name; of what was picked first, then of everything. What it shows is
        of a row: an empty list has the same keys below it."""
        key = name.split(maxsplit=1)[0]
        self._terminal.keys(key)
        screen = self._terminal.until(
            lambda screen: self._terminal.front().startswith(name) or "6 Health" not in screen, f"{key} leads on"
        )
        if "6 Health" not in screen:
            self._terminal.keys(key)
        self._in_front(name, *shows)

    def leave(self, gone: str) -> None:
        """Escape, and wait."""
        self._terminal.press("Escape", gone=gone)

    def sees(self, text: str) -> None:
        """Wait for what no key leads to."""
        self._terminal.until_shown(text)

    def _in_front(self, name: str, *shows: str) -> None:
        self._terminal.until_front(name, *shows)
        self._look()

    def _look(self) -> None:
        """All stands; while it is being drawn it may not yet."""
        self._terminal.until(lambda screen: not list(misplaced(screen, self._size)), "all stands")


@pytest.fixture
def folder(at_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Home, state, tmux's socket, the recording and its rules."""
    monkeypatch.setenv("EDITOR", "sed -i s/priority:.*/priority:\\ DEBUG/")
    write_recording(at_home / "hostile.tiercel")
    write_rules(at_home / "hostile.yaml")
    return at_home


def test_every_pane_and_dialog_is_inert_and_stands(folder: Path) -> None:
    size = (80, 24)
    with opened(folder, size) as terminal:
        walk = Walk(terminal, size)
        begin(terminal)
        alerts(walk)
        one_alert(walk)
        containers(walk)
        processes(walk)
        events(walk)
        rules(walk)
        walk.view("6 Health", "events are being lost")
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
        begin(terminal)
        walk.press("Down", shows="W Warning")
        walk.press("Enter", shows=("Overview", "Why"))
        walk.leave("Overview")
        for name, shows in (
            ("2 Containers", "C2 W1 N1"), ("3 Processes", "├─"), ("4 Events", "✗ lost"), ("5 Rules", "hostile.yaml"),
        ):  # fmt: skip
            walk.view(name, shows)
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


def begin(terminal: Tmux) -> None:
    """All alerts are there, and the cursor is on the newest, which it follows. No key before: it would begin to read
    what is there just then."""
    newest = re.compile(r"N +1s +1 +Connected")
    terminal.until_shown("■ ended", "Alerts 164")
    terminal.until(newest.search, "the newest alert is there")


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
    walk.press("Down", shows="W Warning")
    walk.press("x", shows="Too little is known")
    walk.press("Down", shows="C Critical")
    walk.press(*["Down"] * 3, shows="W Warning")
    walk.press("x", shows="hides 1 of 41")
    walk.leave("hides 1 of 41")
    walk.press("s", shows="False positive")
    walk.leave("False positive")
    walk.press("/", shows="words, or")
    walk.press(*"rule=", shows="⇥ Connected")
    walk.press("Tab", shows="rule=Connected")
    walk.press("C-s", shows="Saved filters")
    walk.leave("Saved filters")
    walk.leave("rule=")
    walk.press("m", "m", shows="2 marked")
    walk.press("M", gone="marked")


def one_alert(walk: Walk) -> None:
    """All tabs of the alert in which all hostile text is, and where its keys lead."""
    walk.press("Home", shows="N Notice")
    walk.press("Down", shows="W Warning")
    walk.press("Enter", shows=("Overview", ESCAPED))
    for key, there in (("r", "● on"), ("t", "C1 W1"), ("c", "C1")):
        walk.press(key, shows=(there, ESCAPED))
        walk.leave(there)
    for name, shows in (
        ("Why", "✓ Opened"), ("Ancestry", "host  systemd"), ("Timeline", "▶ +0.000"), ("Files & net", "network"),
        ("Container", ESCAPED), ("Rule", "● on"), ("JSON", '"output"'), ("Repeats", "Opened"),
    ):  # fmt: skip
        walk.tab(name, shows)
    walk.leave("Repeats")


def containers(walk: Walk) -> None:
    """The list, and all tabs of the container in which all hostile text is."""
    walk.view("2 Containers", "C2 W1 N1")
    walk.press(">", shows="by Name")
    walk.press("I", shows="▼ by Name")
    walk.press("/", shows="words")
    walk.press(*"292929", "Enter", shows="292929   esc clears")
    walk.press("Enter", shows=("1411", ESCAPED))
    for name, shows in (
        ("Alerts", "Connected"), ("Events", "procexit"), ("Changes", "Change  "), ("Logs", "f follow"),
        ("Inspect", ESCAPED),
    ):  # fmt: skip
        walk.tab(name, shows)
    walk.leave("Inspect")
    walk.sees("esc clears")  # a word in passing may be over it
    walk.leave("esc clears")


def processes(walk: Walk) -> None:
    """The tree, and all tabs of a process."""
    walk.view("3 Processes", "├─")
    walk.press("End", shows="1411")
    walk.press("Enter", shows=("Process  Alerts", ESCAPED))
    walk.tab("Alerts", "Connected")
    walk.tab("Events", "procexit")
    walk.leave("procexit")


def events(walk: Walk) -> None:
    """The events, filtered by a word that is in hostile text."""
    walk.view("4 Events", "✗ lost")
    walk.press("/", shows="words")
    walk.press(*"evil.example", "Enter", shows="evil.example   esc")
    walk.leave("evil.example   esc")


def rules(walk: Walk) -> None:
    """The rules and their dialogs, and one that is edited."""
    walk.view("5 Rules", "Connected", "O several")
    walk.press("O", shows="Switch several")
    walk.leave("Switch several")
    walk.press("R", shows="Rules read again")
    walk.press("End", "E", shows="Changed: Connected")
    walk.leave("Changed: Connected")
    walk.press("Home", "Enter", shows="● on")
    walk.leave("● on")


def everywhere(walk: Walk) -> None:
    """Another time, help, the palette, and what is copied."""
    walk.view("1 Alerts", "Connected")
    walk.press("T", shows="▕")
    walk.press(",", shows="as of ")
    walk.press("@", shows="Go to a time")
    walk.press(*"9999-12-31 23:59", "Enter", gone="as of ")
    walk.press("T", gone="▕")
    walk.press("?", shows="─ Keys ─")
    walk.leave("─ Keys ─")
    walk.press("C-p", shows="Search")
    walk.leave("Search")
    for key, copy in (("y", "Copied: new"), ("Y", 'Copied: {"output"'), ("C-y", "Copied: docker logs")):
        walk.press(key, shows=copy)
    walk.press("M", shows="marked")
    walk.press("y", shows="Copied 164 rows")
    walk.press("M", gone="*●")
    for key, ending in (("j", "jsonl"), ("c", "csv"), ("m", "md")):
        walk.press("w", shows="Write to a file")
        walk.press(key, shows=f"-alerts.{ending}")
    walk.press("b", shows="summary.md")
    for grouping in ("by rule", "by container", "each alert by itself"):
        walk.press("o", shows=grouping)

"""Walking through the screen of a recording in which everything bears a hostile name."""

from __future__ import annotations

import csv
import re
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from engine.scrub import is_clean
from tests.helpers.lab.tmux import Tmux
from tests.helpers.screen_layout import misplaced

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

    def menu(self, column: int, line: int, *, shows: str) -> None:
        """Press the right button of the mouse there."""
        self._terminal.write(f"\x1b[<2;{column};{line}M\x1b[<2;{column};{line}m")
        self._terminal.until_shown(shows)
        self._look()

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


def opened(folder: Path, size: tuple[int, int]) -> AbstractContextManager[Tmux]:
    """The screen, on the recording and the rules of this folder."""
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


def look_at_files(folder: Path) -> None:
    """Lists and bundles: their names are words, and nothing in them drives, runs or links."""
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    assert {name.suffix for name in files} >= {".jsonl", ".csv", ".md", ".zst", ".json", ".txt"}
    for name, path in files.items():
        assert re.fullmatch(r"[A-Za-z0-9._/-]+", str(name)), name
        if path.suffix != ".zst":
            assert all(map(is_clean, path.read_text(encoding="utf-8").splitlines())), name
    for table in folder.rglob("*.csv"):
        rows = list(csv.reader(table.read_text(encoding="utf-8").splitlines()))
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))], table
    for text in folder.rglob("*.md"):
        assert not re.search(r"(?<!\\)(<script|\[x\]|<https?:)", without_code(text.read_text(encoding="utf-8"))), text


def without_code(markdown: str) -> str:
    """What is left of Markdown without its fences and code spans."""
    fenced = re.sub(r"^(`{3,})\n.*?\n\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", fenced)

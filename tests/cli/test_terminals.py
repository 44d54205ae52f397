"""The screen on other real terminals: without colours, with 16 of them, on a light ground. On each are its signs."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

from tests.helpers.hostile_recording import write_recording, write_rules
from tests.helpers.hostile_walk import begin
from tests.helpers.lab.tmux import Tmux

MANY = "TERM=xterm-256color"
GREYS = {*range(232, 256), 0, 7, 8, 15, 16, 59, 102, 145, 188, 231}
"""Of 256 colours those that are none."""


def written_on(folder: Path, *environment: str) -> str:
    """What is written to a terminal while somebody acknowledges an alert, opens a dialog and switches a rule: what each
    key has done is told by a sign or a word."""
    recording, rules = write_recording(folder / "some.tiercel"), write_rules(folder / "some.yaml")
    program = [sys.executable, "-m", "tiercel", str(recording), "-r", str(rules), "-c", "none", "--config", "none"]
    with Tmux.open(folder, "env", "-u", "COLORTERM", *environment, *program, size=(80, 24)) as terminal:
        begin(terminal)
        for key, text in (
            ("Down", "W Warning"), ("a", " ✓  W "), ("s", "False positive"), ("Escape", "q quit"), ("5", "some.yaml:"),
        ):  # fmt: skip
            terminal.keys(key)
            terminal.until_shown(text)
        terminal.keys("q")
        terminal.until_shown("exit code 0")
        return terminal.written.decode()


def codes(written: str) -> set[str]:
    """Each number, or colour of several, by which a style was told."""
    return {code for sgr in re.findall(r"\x1b\[([\d;]+)m", written) for code in re.findall(r"[34]8;5;\d+|\d+", sgr)}


def grounds(written: str) -> list[int]:
    """Of 256 colours those behind the text, the most frequent first."""
    return [int(code) for code, _ in Counter(re.findall(r"48;5;(\d+)", written)).most_common()]


def test_without_colours_there_is_none(at_home: Path) -> None:
    told = codes(written_on(at_home, MANY, "NO_COLOR=1"))
    colours = {int(code.rpartition(";")[2]) for code in told if ";" in code}
    assert colours <= GREYS
    assert len(colours) > 2, "what is less is fainter, and the row of the cursor stands out"


def test_with_sixteen_colours_it_uses_no_others(at_home: Path) -> None:
    told = codes(written_on(at_home, "TERM=xterm"))
    assert told <= {*map(str, (0, 1, 4, 7, *range(30, 38), *range(40, 48), *range(90, 98), *range(100, 108)))}
    assert {"40", "100"} <= told, "the row of the cursor has another ground"


def test_dark_and_light_are_what_they_are_called(at_home: Path) -> None:
    dark = grounds(written_on(at_home, MANY))
    (at_home / "light").mkdir()
    light = grounds(written_on(at_home / "light", MANY, "TEXTUAL_THEME=tiercel-light"))
    assert dark[0] in {*range(232, 240), 16}
    assert light[0] in {*range(250, 256), 231, 15}

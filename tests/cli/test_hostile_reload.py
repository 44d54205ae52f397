"""Rule files that change under a running screen, and turn out to be wrong and hostile: said in a line, and inert."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.helpers.hostile_names import ALL, printable
from tests.helpers.hostile_recording import write_recording, write_rules
from tests.helpers.lab.tmux import Tmux
from tests.helpers.screen_layout import misplaced
from tests.helpers.terminal_bytes import foreign

SIZE = (80, 24)
BROKEN = {
    "a field": lambda text: text.replace("evt.type = connect", "evt.tpye = connect"),
    "no YAML": lambda text: text + "\n- rule: [" + printable(ALL),
    "a control character": lambda text: text + "\n- rule: \x1b]0;7331\x07",
}
"""What is wrong, and how it came to be."""


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_said_and_inert(at_home: Path, case: str) -> None:
    rules = write_rules(at_home / "hostile.yaml")
    program = [sys.executable, "-m", "tiercel", str(write_recording(at_home / "hostile.tiercel")), "-r", str(rules)]
    with Tmux.open(at_home, *program, "-c", "none", "--config", "none", size=SIZE) as terminal:
        terminal.until_shown("■ ended", "N Notice", patience=90)
        rules.write_text(BROKEN[case](rules.read_text(encoding="utf-8")), encoding="utf-8")
        terminal.keys("5")
        terminal.until_shown("O several")
        terminal.keys("R")
        terminal.until(lambda screen: "LOAD_ERR" in "".join(screen.split()), "what is wrong is said")
        terminal.until(lambda screen: not list(misplaced(screen, SIZE)), "all stands")
        terminal.keys("q")
        assert "exit code 0" in terminal.until_shown("exit code ")
        written = bytes(terminal.written)
    assert not list(foreign(written))

"""Somebody who is quick on the keys, on a real terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.helpers.hostile_recording import write_recording, write_rules
from tests.helpers.lab.tmux import Tmux


def test_esc_and_a_view_at_once_are_both(at_home: Path) -> None:
    """A terminal sends the same bytes for Alt and that key."""
    recording, rules = write_recording(at_home / "some.tiercel"), write_rules(at_home / "some.yaml")
    program = [sys.executable, "-m", "tiercel", str(recording), "-r", str(rules), "-c", "none", "--config", "none"]
    with Tmux.open(at_home, *program) as terminal:
        terminal.until_shown("■ ended", "2026-01-01 00:10:54.000")
        terminal.press("Down", shows="00:10:53.000")  # the newest takes a key only when it was seen for a moment
        terminal.press("Enter", shows=("Overview", "Why"))
        terminal.press("Escape", "2", shows=" Image ", gone="Overview  Why")
        terminal.press("/", shows="words")
        terminal.press("x", shows="/ x")
        terminal.press("Escape", "1", shows=" Rule ", gone="/ x")
        terminal.keys("q")
        assert "exit code 0" in terminal.until_shown("exit code ")

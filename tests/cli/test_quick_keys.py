"""Somebody who is quick on the keys, on a real terminal."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers.hostile_recording import write_recording, write_rules
from tests.helpers.lab.tmux import Tmux


def test_esc_and_a_view_at_once_are_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal sends the same bytes for Alt and that key."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    recording, rules = write_recording(tmp_path / "some.tiercel"), write_rules(tmp_path / "some.yaml")
    program = [sys.executable, "-m", "tiercel", str(recording), "-r", str(rules), "-c", "none", "--config", "none"]
    with Tmux.open(tmp_path, *program) as terminal:
        terminal.until_shown("■ ended", "Alerts 164")
        terminal.press("Enter", shows=("Overview", "Why"))
        terminal.press("Escape", "2", shows=" Image ", gone="Overview  Why")
        terminal.press("/", shows="words")
        terminal.press("x", shows="/ x")
        terminal.press("Escape", "1", shows=" Rule ", gone="/ x")
        terminal.keys("q")
        assert "exit code 0" in terminal.until_shown("exit code ")

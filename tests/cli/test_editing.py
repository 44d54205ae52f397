"""Editing a rule in a real terminal: the screen makes room for the editor, and says then what the change would do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from probes.options import DEMO
from tests.helpers.lab.tmux import Tmux

EDITOR = """\
#!/bin/sh
# What somebody does in an editor: looks, is busy for a while, changes the file.
cat "$1"
printf 'in the editor: '
read -r words
sed -i -e '/^    proc.n/d' -e "s/^  condition: .*/&\\n    $words and/" "$1"
"""


@pytest.fixture
def editor(tmp_path: Path) -> Path:
    path = tmp_path / "my editor"
    path.write_text(EDITOR)
    path.chmod(0o755)
    return path


def test_a_rule_is_edited_tried_and_edited_again(tmux: Path, editor: Path) -> None:
    program = (
        "env",
        f"EDITOR='{editor}'",
        sys.executable,
        "-m",
        "tiercel",
        str(DEMO),
        "-c",
        "none",
        "--config",
        "none",
    )
    with Tmux.open(tmux, *program) as terminal:
        terminal.until_shown("Sensitive file read", "ended")
        terminal.press("5", shows=("Hits", "Terminal shell in container"))
        terminal.press("/", shows="⏎ apply")
        terminal.write("Sensitive file read")
        terminal.press("Enter", shows="/ Sensitive file read   esc clears", gone="Terminal shell in container")
        terminal.press("E", shows=("- rule: Sensitive file read", "in the editor:"))
        assert "Hits" not in terminal.text()
        terminal.write("proc.nmae = nobody")
        terminal.keys("Enter")
        terminal.until_shown("Changed: Sensitive file read", "proc.nmae", "did you mean")
        terminal.press("e", shows="in the editor:")
        assert "in the editor: proc.nmae" not in terminal.text()  # nothing is left of the first time
        terminal.write("proc.name = nobody")
        terminal.keys("Enter")
        terminal.until_shown("Changed: Sensitive file read")
        terminal.until_shown("1 → 0 hits", "0 of 1 kept alert would be raised again", "a replay changes no rules")
        terminal.keys("Escape")
        terminal.until_shown("● ", "Hits")

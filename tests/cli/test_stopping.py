"""Stopped by a key in a real shell: the terminal is the shell's meanwhile, and the watch goes on."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from probes.options import DEMO
from tests.helpers.lab.tmux import Tmux

SIZES = [pytest.param((80, 24), id="80x24"), pytest.param((160, 50), id="160x50")]
PROGRAM = (sys.executable, "-m", "tiercel", str(DEMO), "--config", "none")


@pytest.mark.parametrize("size", SIZES)
def test_the_shell_has_the_terminal_and_fg_leads_back(tmux: Path, size: tuple[int, int]) -> None:
    with Tmux.open(tmux, "bash", "--norc", "-i", size=size) as terminal:
        before = shlex.quote(str(tmux / "before"))
        terminal.write(f"PS1='shell: '; stty -a >{before}; clear; {' '.join(PROGRAM)}")
        terminal.keys("Enter")
        terminal.until_shown("1 Alerts", "Container")
        for _ in range(2):
            terminal.press("C-z", shows=("Stopped", "shell:"), gone="1 Alerts")
            terminal.write(f"echo it is $((40 + 2)); stty -a | diff - {before} && echo as before: $((1 + 1))")
            terminal.keys("Enter")
            terminal.until_shown("it is 42", "as before: 2")
            terminal.write("fg")
            terminal.press("Enter", shows=("1 Alerts", "Container"), gone="it is 42")
            terminal.press("5", shows=("Hits", "Sensitive file read"))
            terminal.press("1", shows="Container", gone="Hits")
        terminal.press("q", shows="shell:", gone="1 Alerts")


def test_it_stops_where_somebody_types(tmux: Path) -> None:
    with Tmux.open(tmux, "bash", "--norc", "-i") as terminal:
        terminal.write(f"PS1='shell: '; clear; {' '.join(PROGRAM)}")
        terminal.keys("Enter")
        terminal.until_shown("1 Alerts", "Container")
        terminal.press("/", shows="⏎ apply")
        terminal.write("shell")
        terminal.press("C-z", shows=("Stopped", "shell:"), gone="⏎ apply")
        terminal.write("fg")
        terminal.press("Enter", shows=("/ shell", "⏎ apply"))
        terminal.write(" file")
        terminal.until_shown("/ shell file")

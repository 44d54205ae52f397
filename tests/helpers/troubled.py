"""Programs in trouble: how they are started, and what they leave of a terminal."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.helpers.lab.tmux import Tmux
from tests.helpers.program import TIERCEL, Marker, child


def fill(disk: Path) -> Path:
    """Take all that is left of it."""
    with contextlib.suppress(OSError), (disk / "full").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return disk / "full"


def options(marker: Marker, docker: str = "none") -> list[str]:
    """Of a sensor with the marker's rule and a store beside it."""
    folder = marker.rules.parent
    return ["--docker", docker, "-r", str(marker.rules), "--store", str(folder / "alerts.db")]


def screen(folder: Path, *arguments: str, **environment: str) -> contextlib.AbstractContextManager[Tmux]:
    """``tiercel`` on a terminal."""
    variables = [f"{name}={value}" for name, value in environment.items()]
    return Tmux.open(folder, "env", *variables, *TIERCEL, *arguments, size=(120, 30))


def front_end(terminal: Tmux) -> int:
    """The process that draws."""
    shell = int(terminal._tmux("display-message", "-p", "#{pane_pid}"))
    return child(shell, "tiercel")


def assert_restored(terminal: Tmux) -> None:
    """The terminal is as it was: its shell's screen, a cursor, no mouse, and it echoes what is typed."""
    flags = terminal._tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}")
    assert flags.split() == ["0", "1", "0"]
    terminal.write("echo $((6 * 7)) again")
    terminal.keys("Enter")
    terminal.until_shown("echo $((6 * 7)) again", "42 again")
    assert "Traceback" not in terminal.text()

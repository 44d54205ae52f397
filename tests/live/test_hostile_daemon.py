"""A sensor that asks a hostile daemon, and may respond: on a real terminal, with the real kernel."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.scrub import is_clean
from tests.helpers.containers import Cgroup
from tests.helpers.hostile_docker import HostileDocker
from tests.helpers.hostile_names import ALL, HOSTILE, printable
from tests.helpers.lab.tmux import Tmux
from tests.helpers.program import TIERCEL
from tests.helpers.screen_layout import misplaced
from tests.helpers.terminal_bytes import foreign

pytestmark = [pytest.mark.live, pytest.mark.asyncio]

TEXT = printable(ALL).replace(HOSTILE["path"], "")
SHOWN = "\\x1b]52"
SIZE = (80, 24)


@pytest.fixture
async def daemon(container: Cgroup, tmp_path: Path) -> AsyncIterator[HostileDocker]:
    """It answers for a container in which a process sleeps."""
    script = 'echo $$ > "$0" && exec sleep 1000'
    inside = subprocess.Popen(["/bin/sh", "-c", script, container.procs])
    made = HostileDocker(container.id, inside.pid, TEXT)
    try:
        async with made.serving(tmp_path / "docker.sock"):
            yield made
    finally:
        inside.kill()
        inside.wait()


async def test_nothing_that_it_says_drives_the_terminal(daemon: HostileDocker, tmp_path: Path) -> None:
    options = ["--respond", "--docker", f"unix://{tmp_path}/docker.sock", "--store", str(tmp_path / "alerts.db")]
    with Tmux.open(tmp_path, *TIERCEL, *options, "-c", "none", "--config", "none", size=SIZE) as terminal:
        await asyncio.to_thread(walk, terminal, daemon.container_id)
        written = bytes(terminal.written)
    assert not list(foreign(written))
    assert daemon.acts == ["pause"]
    log = (tmp_path / "responses.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["phase"] for line in log][-2:] == ["intent", "failed"]
    assert all(is_clean(line.decode()) for line in log)


def walk(terminal: Tmux, container_id: str) -> None:
    """The container, all its tabs, and a response that the daemon refuses in hostile words."""
    terminal.until_shown("● live", patience=90)
    terminal.keys("2")
    terminal.until_shown("E shell")
    terminal.keys("/", *"1b]52", "Enter")
    terminal.until_shown("esc clears", SHOWN)
    terminal.keys("Enter")
    terminal.until_shown("Inspect", SHOWN)
    for _ in range(6):
        before = terminal.text()
        terminal.keys("Tab")
        stands(terminal, before)
    terminal.keys("Escape")
    terminal.until_shown("6 Health")
    respond(terminal, container_id)
    terminal.keys("1", "q")
    terminal.until_shown("exit code 0")
    assert "Traceback" not in terminal.text()


def respond(terminal: Tmux, container_id: str) -> None:
    """Who cannot be named by what can be typed is confirmed by a number."""
    terminal.keys("F9")
    terminal.until_shown("Respond", "Pause", SHOWN)
    terminal.keys("Down", "Down")
    terminal.until_shown("docker pause")
    terminal.keys("Enter")
    terminal.until_shown(f"type {container_id[:12]} and press")
    terminal.paste(f"{TEXT.splitlines()[0]}".encode())
    terminal.until_shown(SHOWN)
    terminal.keys("Enter")
    terminal.until_shown("Nothing was done")
    terminal.keys("C-u")
    terminal.until_shown(f"type {container_id[:12]} and press")
    terminal.keys(*container_id[:12])
    terminal.until_shown(f"│  {container_id[:12]} ")
    terminal.keys("Enter")
    terminal.until_shown("Docker refuses")


def stands(terminal: Tmux, before: str) -> None:
    terminal.until(lambda screen: screen != before and not list(misplaced(screen, SIZE)), "another tab, and all stands")

"""The screen and the terminal it is drawn on."""

from __future__ import annotations

import os
import pty
import selectors
import signal
import subprocess
import sys

import pytest

from tests.helpers.patience import PATIENCE
from tui.terminal import Waiting


@pytest.mark.parametrize("before", ["", "trap '' HUP; "], ids=["as usual", "SIGHUP ignored"])
def test_a_screen_ends_with_its_terminal(before: str) -> None:
    ours, theirs = pty.openpty()
    command = ["sh", "-c", f"{before}exec {sys.executable} -m tiercel --demo"]
    environment = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as screen:
        os.close(theirs)
        drawn = b""
        while b"Alerts" not in drawn:
            drawn += os.read(ours, 1 << 16)
        os.close(ours)
        try:
            assert screen.wait(PATIENCE) == -signal.SIGHUP
        finally:
            screen.kill()


def test_behind_a_key_it_is_looked_again_soon_for_it_may_have_been_an_escape() -> None:
    reading, writing = os.pipe()
    waiting = Waiting()
    waiting.register(reading, selectors.EVENT_READ)
    os.write(writing, b"\x1b")
    assert [key.fd for key, _ in waiting.select(3600)] == [reading]
    assert os.read(reading, 10) == b"\x1b"
    assert waiting.select(3600) == []
    os.write(writing, b"[A")
    assert len(waiting.select(3600)) == 1
    waiting.close()
    os.close(reading)
    os.close(writing)

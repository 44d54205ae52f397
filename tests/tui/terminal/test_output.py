"""The screen and the terminal it is drawn on."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest

from tests.helpers.patience import PATIENCE


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

"""A sensor of our own: a child process at the other end of a socket, which ends when the socket closes."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.invocation import VARIABLE, command
from probes.options import Options, state_folder

PATIENCE = 5
"""Seconds the child has to end in good order; it ends by itself even if nobody waits for it."""


@contextlib.contextmanager
def private_sensor(options: Options) -> Iterator[tuple[socket.socket, Path]]:
    """The connected socket to a new sensor, and the file with what the sensor says meanwhile."""
    ours, theirs = socket.socketpair()
    log = state_folder() / "sensor.log"
    with theirs, log.open("ab") as said:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "tiercel", "private-sensor", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            env={**os.environ, VARIABLE: command()},
            start_new_session=True,  # Ctrl-C and the terminal's end are the front end's business
        )
    _hand_over(child, options)
    try:
        yield ours, log
    finally:
        ours.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=PATIENCE)


def _hand_over(child: subprocess.Popen[bytes], options: Options) -> None:
    """Through a pipe: an argument could be read by everybody, and a configured URL may hold a secret."""
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError), child.stdin:  # a child that has failed already says so itself
        child.stdin.write(msgspec.json.encode(options))

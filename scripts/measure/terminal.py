"""A program in a terminal of its own: keys go in, and what it draws is read as a terminal would."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyte

from scripts.measure.figure import UnmeasurableError

COLUMNS, LINES = 160, 50
PATIENCE = 60.0
"""Seconds until what does not come is given up."""
CHUNK = 1 << 16

_COLUMN = 4
"""Where the cursor's line is told from others."""


class Terminal:
    """``tiercel`` with some arguments, as somebody sees it. Times include those of reading what it draws."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.begun = time.perf_counter()
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tiercel", *arguments],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env=environment,
            start_new_session=True,
        )
        os.close(follower)
        self._leader = leader
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._leader, keys)

    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self._screen.display)

    def cursor(self) -> int:
        """The line that stands out; -1 while none does, or more than one, because not all is drawn yet."""
        colours = [self._screen.buffer[line][_COLUMN].bg for line in range(1, LINES - 1)]
        ordinary = statistics.mode(colours)
        lit = [line for line, colour in enumerate(colours, 1) if colour != ordinary]
        return lit[0] if len(lit) == 1 else -1

    def until(self, condition: Callable[[], object], what: str) -> float:
        """Read until something is so; seconds since the call."""
        began = time.perf_counter()
        while not condition():
            if time.perf_counter() - began > PATIENCE:
                raise UnmeasurableError(f"{what}: it did not come")
            self._read(0.01)
        return time.perf_counter() - began

    def settle(self, seconds: float) -> None:
        """Read what comes within some time."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._read(left)

    def resident(self) -> int:
        """Resident bytes of the program."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="utf-8").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def close(self) -> None:
        """End the program."""
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(UnmeasurableError):
            self.until(lambda: self.process.poll() is not None, "its end")
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._leader)

    def _read(self, seconds: float) -> None:
        if self.process.poll() is not None:
            raise UnmeasurableError(f"tiercel ended with {self.process.returncode}: {self.text().strip()[:300]}")
        if select.select([self._leader], [], [], seconds)[0]:
            with contextlib.suppress(OSError):  # it has closed its side
                self._stream.feed(os.read(self._leader, CHUNK))


@contextlib.contextmanager
def terminal(*arguments: str) -> Iterator[Terminal]:
    """A program to look at, ended afterwards."""
    running = Terminal(arguments)
    try:
        yield running
    finally:
        running.close()

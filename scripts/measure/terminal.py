"""A program in a terminal of its own: keys go in, and what it draws is read as a terminal would.

A process of its own notes when bytes come (:mod:`scripts.measure.noting`). What they draw is found out afterwards,
slowly, by a terminal written in Python: that takes longer than to draw it, and is no part of the time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import queue
import random
import signal
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyte

from scripts.measure import noting
from scripts.measure.figure import UnmeasurableError
from scripts.measure.noting import noted
from scripts.measure.processes import as_urgent

WIDE, NARROW = (160, 50), (80, 24)
"""Columns and lines."""
PATIENCE = 30.0
"""Seconds until what does not come is given up."""

_PAUSE = 0.05, 0.15
"""Seconds between what is there and the next key: like somebody's, at no fixed moment between two news."""
_SWITCH = 0.0005
"""Seconds after which the thread that reads gets its turn."""
_COLUMN = 4
"""Where the cursor's line is told from others."""


class Terminal:
    """``tiercel`` with some arguments, as somebody sees it. Times end when the bytes have come."""

    def __init__(self, arguments: Sequence[str], size: tuple[int, int] = WIDE) -> None:
        self.columns, self.lines = size
        self.begun = time.perf_counter()
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", self.lines, self.columns, 0, 0))
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
        as_urgent(self.process.pid)
        self._noting = subprocess.Popen(
            [sys.executable, "-IS", str(Path(noting.__file__)), str(leader)], stdout=subprocess.PIPE, pass_fds=[leader]
        )
        self._leader = leader
        self._screen = pyte.Screen(self.columns, self.lines)
        self._stream = pyte.ByteStream(self._screen)
        self._drawn: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        self._seen = self.begun
        """When the last of what was looked at came."""
        sys.setswitchinterval(_SWITCH)
        threading.Thread(target=self._note, daemon=True).start()

    def press(self, keys: bytes) -> float:
        """Type, when all that has come was looked at; when that was, before the program could answer."""
        while not self._drawn.empty():
            self._read(0)
        typed = time.perf_counter()
        os.write(self._leader, keys)
        return typed

    def pause(self) -> None:
        """Look at what comes, as somebody does between two keys."""
        self.settle(random.uniform(*_PAUSE))  # noqa: S311 - nothing is secret

    def asked(self, keys: bytes, condition: Callable[[], object], what: str, patience: float = PATIENCE) -> float:
        """Type, and read until something is so that was not; seconds from the keys to the bytes that made it so."""
        if condition():
            raise UnmeasurableError(f"{what}: it is there before it was asked for")
        return self.until(condition, what, patience, began=self.press(keys))

    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self._screen.display)

    def cursor(self) -> int:
        """The line that stands out; -1 while none does, or more than one, because not all is drawn yet."""
        colours = [self._screen.buffer[line][_COLUMN].bg for line in range(1, self.lines - 1)]
        ordinary = statistics.mode(colours)
        lit = [line for line, colour in enumerate(colours, 1) if colour != ordinary]
        return lit[0] if len(lit) == 1 else -1

    def until(
        self, condition: Callable[[], object], what: str, patience: float = PATIENCE, began: float = 0.0
    ) -> float:
        """Read until something is so; seconds from ``began``, else from the call, to the bytes that made it so."""
        began = began or time.perf_counter()
        while not condition():
            if (left := began + patience - time.perf_counter()) < 0:
                raise UnmeasurableError(f"{what}: it did not come; there is\n{self.text()}")
            self._read(min(left, 1.0))  # nothing is otherwise before something has come
        return max(0.0, self._seen - began)

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
        self._noting.wait()  # the program has closed its side

    def _note(self) -> None:
        assert self._noting.stdout is not None
        with self._noting.stdout as pipe:
            for piece in noted(pipe):
                self._drawn.put(piece)

    def _read(self, seconds: float) -> None:
        if self.process.poll() is not None:
            raise UnmeasurableError(f"tiercel ended with {self.process.returncode}: {self.text().strip()[:300]}")
        with contextlib.suppress(queue.Empty):
            self._seen, read = self._drawn.get(timeout=seconds)
            self._stream.feed(read)


@contextlib.contextmanager
def terminal(*arguments: str, size: tuple[int, int] = WIDE) -> Iterator[Terminal]:
    """A program to look at, ended afterwards."""
    running = Terminal(arguments, size)
    try:
        yield running
    finally:
        running.close()

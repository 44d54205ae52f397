"""Takes what a program draws as soon as it does, as a terminal would, and tells when that was.

``python noting.py FD`` reads the leader of a terminal, and writes to its output for each piece that has come when that
was (time.perf_counter(), the same in all processes), its length, and it. To draw with Python what has come takes longer
than a program takes to write it, and who draws would keep the next piece waiting.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import time
from collections.abc import Iterator
from typing import IO

HEAD = struct.Struct("=dI")
"""Before each piece."""
_CHUNK = 1 << 16


def note(leader: int, output: IO[bytes]) -> None:
    """Until the program has closed its side; ahead of whoever is busy with what came before."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    with contextlib.suppress(OSError):
        while piece := os.read(leader, _CHUNK):
            output.write(HEAD.pack(time.perf_counter(), len(piece)) + piece)
            output.flush()


def noted(pipe: IO[bytes]) -> Iterator[tuple[float, bytes]]:
    """What was noted, as it comes."""
    while len(head := pipe.read(HEAD.size)) == HEAD.size:
        at, length = HEAD.unpack(head)
        yield at, pipe.read(length)


if __name__ == "__main__":
    note(int(sys.argv[1]), sys.stdout.buffer)

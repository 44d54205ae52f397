"""What Docker sends of a container's logs, as lines: the frames of its two streams, or what a terminal showed.

Whatever a container writes is hostile. Its lines leave the sensor scrubbed, like all text; here they only become
readable: colours are left out and tabs are blanks. Memory is bounded, also for a line that never ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from probes.docker.api import exact_nanoseconds

LONGEST = 16 * 1024
"""Bytes of a line; the rest of it is left out."""
_HEADER = 8
_STDERR = 2
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ?")
Written = tuple[int, str, bool]
"""(time, text, whether it is of the standard error)."""


class LogParser:
    """Makes lines of the bytes of an answer. ``terminal``: the container has one, so there is one stream, unframed."""

    def __init__(self, *, terminal: bool) -> None:
        self._terminal = terminal
        self._waiting = bytearray()
        """Bytes of a frame's header that is not whole yet."""
        self._left = 0
        """Bytes of the current frame that have not come yet."""
        self._stream = 1
        self._begun: dict[int, bytearray] = {}
        """By stream: a line that has not ended."""

    def feed(self, data: bytes) -> Iterator[Written]:
        """The lines that end in what has come."""
        for stream, part in [(1, data)] if self._terminal else self._unframed(data):
            yield from self._lines(stream, part)

    def rest(self) -> Iterator[Written]:
        """The lines that have not ended: nothing more will come."""
        for stream, line in self._begun.items():
            if line:
                yield _written(bytes(line), stream)

    def _unframed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        while data:
            if not self._left:
                need = _HEADER - len(self._waiting)
                self._waiting += data[:need]
                data = data[need:]
                if len(self._waiting) < _HEADER:
                    return
                self._stream, self._left = self._waiting[0], int.from_bytes(self._waiting[4:], "big")
                self._waiting.clear()
            part, data = data[: self._left], data[self._left :]
            self._left -= len(part)
            if part:
                yield self._stream, part

    def _lines(self, stream: int, part: bytes) -> Iterator[Written]:
        begun = self._begun.setdefault(stream, bytearray())
        *ended, last = part.split(b"\n")
        for line in ended:
            begun += line[: LONGEST - len(begun)]
            yield _written(bytes(begun), stream)
            begun.clear()
        begun += last[: LONGEST - len(begun)]


def _written(line: bytes, stream: int) -> Written:
    stamp = _STAMP.match(line)
    time = exact_nanoseconds(stamp[1].decode()) if stamp else 0
    text = (line[stamp.end() :] if stamp else line).decode(errors="backslashreplace")
    return time, _COLOUR.sub("", text.removesuffix("\r")).expandtabs(), stream == _STDERR

"""The bytes of a capture, compressed by gzip or not, read piece by piece.

Nothing is read whole: the caller asks for as many bytes as it can use. What is wrong with the compression ends the
bytes like a cut does, and is told by :attr:`Stream.fault`.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import BinaryIO

from engine.errors import RecordingError

PIECE = 1 << 20
"""Bytes given at once, at most."""

_COMPRESSED = 1 << 18
"""Bytes of the file decompressed at once."""
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
"""zlib's word for a gzip member."""


class Stream:
    """The content of a capture; a context manager. Raises RecordingError for a file that cannot be opened or read."""

    def __init__(self, path: Path) -> None:
        self._file = _open(path)
        self.size = path.stat().st_size
        """Of the file, in bytes."""
        self.read_bytes = 0
        """How far the file was read: with ``size`` the progress."""
        self.fault = ""
        """What is wrong with the compression; "" as long as nothing is."""
        head = self._read(len(_GZIP))
        self.compressed = head == _GZIP
        self._raw = head
        self._unzip = zlib.decompressobj(_GZIP_WINDOW)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self) -> bytes:
        """The next piece, at most :data:`PIECE` bytes; b"" at the end."""
        if not self.compressed:
            head, self._raw = self._raw, b""
            return head + self._read(PIECE - len(head))
        try:
            return self._decompressed()
        except zlib.error as error:
            self.fault = f"its compression is damaged ({error})"
            return b""

    def _decompressed(self) -> bytes:
        while not self.fault:
            if self._unzip.eof and not self._next_member():
                return b""
            raw = self._unzip.unconsumed_tail or self._take()
            piece = self._unzip.decompress(raw, PIECE)
            if piece:
                return piece
            if not raw:
                self.fault = "its compression is cut off"
        return b""

    def _take(self) -> bytes:
        raw, self._raw = self._raw, b""
        return raw + self._read(_COMPRESSED)

    def _next_member(self) -> bool:
        """Begin with the next part of a file that was put together from several; padding with zeros may follow."""
        rest = (self._unzip.unused_data + self._take()).lstrip(b"\0")
        if not rest:
            return False
        self._raw, self._unzip = rest, zlib.decompressobj(_GZIP_WINDOW)
        return True

    def _read(self, size: int) -> bytes:
        try:
            piece = self._file.read(size)
        except OSError as error:
            raise RecordingError(f"it cannot be read: {error.strerror or error}") from error
        self.read_bytes += len(piece)
        return piece


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise RecordingError(f"it cannot be opened: {error.strerror or error}") from error

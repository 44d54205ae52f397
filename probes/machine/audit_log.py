"""The audit log of responses: a file of JSON lines that only grows, for its owner alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.errors import UsageError
from engine.response.audit import Record
from engine.scrub import scrub_json

NAME = "responses.jsonl"
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Record)


class AuditLog:
    """A file that is opened anew for each line: who moves it away, as logrotate does, gets the next lines elsewhere."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def place(self) -> str:
        """Its path."""
        return str(self._path)

    def check(self) -> None:
        """Raises UsageError when no line can be written to it."""
        try:
            os.close(self._open())
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(
                f"the audit log {self._path} cannot be written: {reason}", hint="without it nobody may respond"
            ) from None

    def write(self, record: Record) -> None:
        """Append a line in one piece, and wait until it is on the disk. Raises OSError."""
        line = scrub_json(_ENCODER.encode(record).decode()).encode() + b"\n"
        descriptor = self._open()
        try:
            if not self._is_ended():
                line = b"\n" + line
            written = os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if written != len(line):
            raise OSError(28, "no room for the whole line")

    def read(self) -> Iterator[Record]:
        """The lines that can be understood, the oldest first. Raises OSError."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        for line in content.splitlines():
            try:
                yield _DECODER.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue  # somebody's own note, or half a line of a full disk

    def _is_ended(self) -> bool:
        """Whether the last line is whole: a disk that was full may have cut it off."""
        with self._path.open("rb") as file:
            if not file.seek(0, os.SEEK_END):
                return True
            file.seek(-1, os.SEEK_END)
            return file.read() == b"\n"

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(self._path, flags, 0o600)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(22, "it is no file")
        return descriptor

"""A file of lines, JSON unless said otherwise, for a log shipper to follow."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from engine.alerts import Alert
from engine.errors import UsageError
from engine.sinks.blocking import BlockingCalls
from engine.sinks.delivery import DeliveryError
from engine.sinks.descriptors import write_all
from engine.sinks.falco_json import line
from engine.sinks.form import DEFAULT, Form


class FileSink:
    """Appends to a file, readable by its owner and group.

    A file that was moved or removed, as log rotation does, is noticed at the next batch: the path is opened anew.
    """

    def __init__(self, path: Path, form: Form = DEFAULT) -> None:
        self.name = f"file {path}"
        self._path = path
        self._form = form
        self._calls = BlockingCalls("sink-file")
        self._descriptor: int | None = None

    @classmethod
    def of(cls, argument: str, form: Form = DEFAULT) -> FileSink:
        """From a path."""
        if not argument:
            raise UsageError("a file output needs a path", hint="file=/var/log/tiercel.jsonl")
        return cls(Path(argument), form)

    async def write(self, alerts: Sequence[Alert]) -> None:
        """Append the alerts: all of them, or none. Raises DeliveryError."""
        lines = b"".join(line(alert, self._form, json=True) for alert in alerts)
        await self._calls.call(lambda: self._append(lines))

    async def close(self) -> None:
        """Close the file."""
        await self._calls.call(self._close)
        self._calls.stop()

    def _append(self, lines: bytes) -> None:
        try:
            descriptor = self._opened()
            before = os.fstat(descriptor).st_size
            try:
                write_all(descriptor, lines)
            except OSError:
                with contextlib.suppress(OSError):  # not a file, but a terminal or a pipe
                    os.ftruncate(descriptor, before)
                raise
        except OSError as error:
            what = f"cannot write {self._path}: {error.strerror}"
            raise DeliveryError(what, hint="free some space, or mend its rights") from error

    def _opened(self) -> int:
        if self._descriptor is not None and not self._is_in_place(self._descriptor):
            self._close()
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        return self._descriptor

    def _is_in_place(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return False

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

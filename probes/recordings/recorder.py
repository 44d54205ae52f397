"""Recordings: everything a sensor was told, and what it alerted on, in one file.

Because sources tell the engine plain data, a recording is nothing but these data in their order
(:mod:`probes.recordings.format` has the bytes), and a replay (:mod:`probes.recordings.replay`) runs through the same
code as the live kernel. Here is the writing; :mod:`probes.recordings.reader` reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import socket
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from engine.alerts import Alert
from engine.errors import RecordingError
from engine.events import Input, KernelEvent, Snapshot
from engine.reports import Report, log_report
from engine.scrub import scrub_struct
from probes.recordings import format as form
from probes.recordings.format import Header, IndexEntry

FLUSH_BYTES = 1 << 20
"""A chunk is written when it has grown to this size, before compression, …"""
FLUSH_SECONDS = 1.0
"""… or when this time has passed: so much is lost when the sensor is killed."""

_ARRAY32 = 0xDD
"""msgpack's sign for an array whose length follows in four big-endian bytes."""
_ARRAY_HEADER = 5


class Recorder:
    """Writes a recording; a context manager. The file is new and its owner's alone.

    In a running event loop a timer writes what waits, so that a quiet time does not hold data back. A write that fails
    is reported, and what comes later is counted in ``lost``: the sensor goes on. The file then ends with the last whole
    chunk, and :meth:`close` raises the error. ``header`` is given for a copy of another recording; without it the file
    tells of this machine and of now. Without ``keep_empty`` there is no file at the end if nobody was told of
    (:func:`tells_of_somebody`): a start that was interrupted leaves nothing.
    """

    def __init__(
        self,
        path: Path,
        *,
        hostname: str = "",
        header: Header | None = None,
        report: Report = log_report,
        flush_after: float = FLUSH_SECONDS,
        keep_empty: bool = True,
    ) -> None:
        self.report = report
        self.error: RecordingError | None = None
        """Why nothing is recorded any more."""
        self.lost = 0
        """Inputs and alerts that could not be recorded."""
        self.is_empty = not keep_empty
        """Nothing was recorded so far that is worth a file."""
        self._path = path
        self._flush_after = flush_after
        self._file = _create(path)
        self._offset = 0
        self._index: list[IndexEntry] = []
        self._pending = {kind: _Pending() for kind in (form.INPUTS, form.ALERTS)}
        self._timer: asyncio.TimerHandle | None = None
        self._append(form.pack_header(header or _header(hostname)))

    def write(self, inputs: Sequence[Input]) -> None:
        """Record a batch of inputs."""
        self.is_empty = self.is_empty and not tells_of_somebody(inputs)
        self._add(form.INPUTS, inputs)

    def write_alerts(self, alerts: Sequence[Alert]) -> None:
        """Record alerts. They are there for people and tools: a replay judges anew."""
        self._add(form.ALERTS, alerts)

    def flush(self) -> None:
        """Write what waits into the file."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for kind, pending in self._pending.items():
            if pending.count:
                self._write_chunk(kind, pending)
                pending.clear()

    def close(self) -> None:
        """Write the rest and the index, and wait until it is on the disk. Raises RecordingError if data are missing."""
        if not self._file.closed:
            self.flush()
            self._append(self._packed_index())
            if self.error is None:
                if self.is_empty:
                    self._path.unlink(missing_ok=True)
                os.fsync(self._file.fileno())
                self._file.close()
        if self.error is not None:
            raise self.error

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _add(self, kind: bytes, items: Sequence[Any]) -> None:
        if self._file.closed:
            self.lost += len(items)
            return
        pending = self._pending[kind]
        for item in items:
            if not pending.add(item):
                self.lost += 1
            if pending.size >= FLUSH_BYTES:
                self.flush()
        if self._timer is None and pending.count:
            self._timer = _later(self._flush_after, self.flush)

    def _write_chunk(self, kind: bytes, pending: _Pending) -> None:
        payload = zstandard.ZstdCompressor(level=3).compress(pending.content())
        entry = IndexEntry(self._offset, pending.time, kind.decode(), pending.count)
        if self._append(form.pack_chunk(kind, pending.time, pending.count, payload)):
            self._index.append(entry)
        else:
            self.lost += pending.count

    def _packed_index(self) -> bytes:
        payload = zstandard.ZstdCompressor(level=3).compress(msgspec.msgpack.encode(self._index))
        chunk = form.pack_chunk(form.INDEX, 0, len(self._index), payload)
        return chunk + form.TRAILER.pack(form.TRAILER_MAGIC, self._offset)

    def _append(self, data: bytes) -> bool:
        """Whether it was written."""
        if self._file.closed:
            return False
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            self._fail(error)
            return False
        self._offset += len(data)
        return True

    def _fail(self, error: OSError) -> None:
        """Leave a file that ends with its last whole chunk."""
        self.error = RecordingError(
            f"cannot record into {self._path} any further: {error.strerror}", hint="free some space and record anew"
        )
        with contextlib.suppress(OSError):
            self._file.truncate(self._offset)
        self._file.close()
        self.report(self.error.message, self.error.hint)


def tells_of_somebody(inputs: Sequence[Input]) -> bool:
    """Whether there is an event or a process among them: all else is there before anything is watched."""
    return any(isinstance(one, KernelEvent | Snapshot) for one in inputs)


def _later(delay: float, flush: Callable[[], None]) -> asyncio.TimerHandle | None:
    """A timer in the running loop; None where there is none."""
    try:
        return asyncio.get_running_loop().call_later(delay, flush)
    except RuntimeError:
        return None


class _Pending:
    """Items that were encoded but not written yet."""

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._buffer = bytearray()
        self.clear()

    @property
    def size(self) -> int:
        return len(self._buffer)

    def add(self, item: Any) -> bool:
        """Whether it is small enough to be read again."""
        before = len(self._buffer)
        try:
            self._encoder.encode_into(item, self._buffer, -1)
        except UnicodeEncodeError:  # a lone surrogate, as JSON from Docker can hold one
            del self._buffer[before:]
            self._encoder.encode_into(scrub_struct(item), self._buffer, -1)
        if len(self._buffer) > form.CONTENT_LIMIT - _ARRAY_HEADER:
            del self._buffer[before:]
            return False
        if not self.count:
            self.time = getattr(item, "time", 0)
        self.count += 1
        return True

    def content(self) -> bytes:
        """All items as one msgpack array."""
        return bytes((_ARRAY32, *self.count.to_bytes(4, "big"))) + self._buffer

    def clear(self) -> None:
        self._buffer.clear()
        self.count = 0
        self.time = 0


def _header(hostname: str) -> Header:
    try:
        ours = version("tiercel")
    except PackageNotFoundError:
        ours = ""
    return Header(
        tiercel=ours, hostname=hostname or socket.gethostname(), kernel=platform.release(), time=time.time_ns()
    )


def _create(path: Path) -> Any:
    try:
        return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb", buffering=0)
    except FileExistsError:
        raise RecordingError(f"{path} exists", hint="a recording is never overwritten: name another file") from None
    except OSError as error:
        raise RecordingError(f"cannot record into {path}: {error.strerror}") from error

"""Recordings: everything a sensor was told, and what it alerted on, in one file.

Because sources tell the engine plain data, a recording is nothing but these data in their order
(:mod:`probes.recording_format` has the bytes), and a replay (:mod:`probes.replay`) runs through the same code as
the live kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import zstandard

from engine.alerts import Alert
from engine.errors import RecordingError
from engine.events import Input
from engine.reports import Report, log_report
from engine.scrub import scrub_struct
from probes import recording_format as form
from probes.recording_format import Header, IndexEntry

FLUSH_BYTES = 1 << 20
"""A chunk is written when it has grown to this size, before compression, …"""
FLUSH_SECONDS = 1.0
"""… or when this time has passed: so much is lost when the sensor is killed."""

_ARRAY32 = 0xDD
"""msgpack's sign for an array whose length follows in four big-endian bytes."""


class Batch(msgspec.Struct):
    """What one chunk of a recording holds; one of the lists is empty."""

    inputs: list[Input] = []
    alerts: list[Alert] = []


class Recorder:
    """Writes a recording; a context manager. The file is new and its owner's alone.

    In a running event loop a timer writes what waits, so that a quiet time does not hold data back. A write that fails
    is reported, and what comes later is counted in ``lost``: the sensor goes on. The file then ends with the last whole
    chunk, and :meth:`close` raises the error.
    """

    def __init__(self, path: Path, *, hostname: str = "", report: Report = log_report) -> None:
        self.report = report
        self.error: RecordingError | None = None
        """Why nothing is recorded any more."""
        self.lost = 0
        """Inputs and alerts that could not be recorded."""
        self._path = path
        self._file = _create(path)
        self._offset = 0
        self._index: list[IndexEntry] = []
        self._pending = {kind: _Pending() for kind in (form.INPUTS, form.ALERTS)}
        self._timer: asyncio.TimerHandle | None = None
        self._append(form.pack_header(_header(hostname)))

    def write(self, inputs: Sequence[Input]) -> None:
        """Record a batch of inputs."""
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
            pending.add(item)
        if pending.size >= FLUSH_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = _later(self.flush)

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


def _later(flush: Callable[[], None]) -> asyncio.TimerHandle | None:
    """A timer in the running loop; None where there is none."""
    try:
        return asyncio.get_running_loop().call_later(FLUSH_SECONDS, flush)
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

    def add(self, item: Any) -> None:
        if not self.count:
            self.time = getattr(item, "time", 0)
        before = len(self._buffer)
        try:
            self._encoder.encode_into(item, self._buffer, -1)
        except UnicodeEncodeError:  # a lone surrogate, as JSON from Docker can hold one
            del self._buffer[before:]
            self._encoder.encode_into(scrub_struct(item), self._buffer, -1)
        self.count += 1

    def content(self) -> bytes:
        """All items as one msgpack array."""
        return bytes((_ARRAY32, *self.count.to_bytes(4, "big"))) + self._buffer

    def clear(self) -> None:
        self._buffer.clear()
        self.count = 0
        self.time = 0


def read(path: Path) -> Iterator[Batch]:
    """The batches of a recording in their order.

    What can be read is delivered first; then RecordingError tells that the file is cut off or damaged, where, and how
    much was read. It is raised at once for a file that is no recording or of a newer version.
    """
    inputs = alerts = 0
    with _open(path) as file:
        header = form.read_header(file)
        try:
            for batch in _batches(file, header):
                inputs += len(batch.inputs)
                alerts += len(batch.alerts)
                yield batch
        except RecordingError as error:
            read_so_far = f"{inputs} inputs and {alerts} alerts before that were read"
            raise RecordingError(f"{path}: {error.message}", hint=error.hint or read_so_far) from error


def read_header(path: Path) -> Header:
    """Where and when a recording was made. Raises RecordingError."""
    with _open(path) as file:
        return form.read_header(file)


def read_index(path: Path) -> list[IndexEntry]:
    """Where the chunks lie and what they hold: from the index, or by walking through a file that has none."""
    with _open(path) as file:
        form.read_header(file)
        start = file.tell()
        return _stored_index(file) or _walked_index(file, start)


_INPUTS: msgspec.msgpack.Decoder[list[Input]] = msgspec.msgpack.Decoder(list[Input])
_ALERTS = msgspec.msgpack.Decoder(list[Alert])
_INDEX = msgspec.msgpack.Decoder(list[IndexEntry])


def _batches(file: BinaryIO, header: Header) -> Iterator[Batch]:
    while (chunk := form.read_chunk(file)) is not None:
        if chunk.kind == form.INPUTS:
            yield Batch(inputs=form.unpack(chunk, _INPUTS))
        elif chunk.kind == form.ALERTS:
            yield Batch(alerts=form.unpack(chunk, _ALERTS))
        else:
            return
    raise RecordingError(f"the recording ends at byte {file.tell()} without an index: its recorder was killed")


def _stored_index(file: BinaryIO) -> list[IndexEntry]:
    """The index as it was written; empty when there is none or it is damaged."""
    try:
        file.seek(-form.TRAILER.size, os.SEEK_END)
        magic, offset = form.TRAILER.unpack(file.read(form.TRAILER.size))
        if magic != form.TRAILER_MAGIC:
            return []
        file.seek(offset)
        chunk = form.read_chunk(file)
        return form.unpack(chunk, _INDEX) if chunk and chunk.kind == form.INDEX else []
    except (OSError, OverflowError, RecordingError):
        return []


def _walked_index(file: BinaryIO, start: int) -> list[IndexEntry]:
    file.seek(start)
    entries: list[IndexEntry] = []
    try:
        while (chunk := form.read_chunk(file)) is not None and chunk.kind != form.INDEX:
            entries.append(IndexEntry(chunk.offset, chunk.time, chunk.kind.decode(), chunk.count))
    except RecordingError:
        pass  # read() says what is wrong with the rest
    return entries


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


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise RecordingError(f"cannot read {path}: {error.strerror}") from error

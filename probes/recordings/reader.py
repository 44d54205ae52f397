"""Reading recordings, whole or damaged: what can be read is delivered before the error tells what cannot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from engine.alerts import Alert
from engine.errors import RecordingError
from engine.events import Input
from probes.recordings import format as form
from probes.recordings.format import Header, IndexEntry


class Batch(msgspec.Struct):
    """What one chunk of a recording holds; one of the lists is empty."""

    inputs: list[Input] = []
    alerts: list[Alert] = []


def read(path: Path) -> Iterator[Batch]:
    """The batches of a recording in their order.

    What can be read is delivered first; then RecordingError tells that the file is cut off or damaged, where, and how
    much was read. It is raised at once for a file that is no recording or of a newer version.
    """
    inputs = alerts = 0
    try:
        with _open(path) as file:
            form.read_header(file)
            for batch in _batches(file):
                inputs += len(batch.inputs)
                alerts += len(batch.alerts)
                yield batch
    except RecordingError as error:
        read_so_far = f"{inputs} inputs and {alerts} alerts before that were read"
        raise RecordingError(f"{path}: {error.message}", hint=error.hint or read_so_far) from error
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from error


def read_header(path: Path) -> Header:
    """Where and when a recording was made. Raises RecordingError."""
    try:
        with _open(path) as file:
            return form.read_header(file)
    except RecordingError as error:
        raise RecordingError(f"{path}: {error.message}", hint=error.hint) from error


def read_index(path: Path) -> list[IndexEntry]:
    """Where the chunks lie and what they hold: from the index, or by walking through a file that has none."""
    with _open(path) as file:
        form.read_header(file)
        start = file.tell()
        return _stored_index(file) or _walked_index(file, start)


_INPUTS: msgspec.msgpack.Decoder[list[Input]] = msgspec.msgpack.Decoder(list[Input])
_ALERTS = msgspec.msgpack.Decoder(list[Alert])
_INDEX = msgspec.msgpack.Decoder(list[IndexEntry])


def _batches(file: BinaryIO) -> Iterator[Batch]:
    while (chunk := form.read_chunk(file)) is not None:
        if chunk.kind == form.INPUTS:
            yield Batch(inputs=form.unpack(chunk, _INPUTS))
        elif chunk.kind == form.ALERTS:
            yield Batch(alerts=form.unpack(chunk, _ALERTS))
        else:
            return
    raise RecordingError(
        f"the recording ends at byte {file.tell()} without an index: its recorder was killed, or is at work"
    )


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
    except (OSError, ValueError, RecordingError):  # an offset beyond all files is a ValueError
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


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise RecordingError(f"it cannot be opened: {error.strerror}") from error

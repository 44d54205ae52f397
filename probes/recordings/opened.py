"""Any file that holds what happened, whatever its form: a recording of ours, a capture of Falco's, JSON lines."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol

from engine.errors import RecordingError, UsageError, reason_of
from engine.events import Input, Loss
from engine.pushdown.filter import Filter
from probes.recordings import format as form
from probes.recordings.capture import Capture, is_scap, open_scap
from probes.recordings.format import Header
from probes.recordings.json_reader import Reader as JsonReader
from probes.recordings.json_reader import read_header as read_json_header
from probes.recordings.reader import Batch, read, read_header, read_index

SLICE = 1_000
"""Inputs of a batch."""


class Opened(Protocol):
    """A file that is read once, from its beginning to its end."""

    @property
    def header(self) -> Header:
        """Where and when it was made, as far as the file tells."""

    @property
    def progress(self) -> float:
        """How much of it was read, from 0 to 1."""

    @property
    def skipped(self) -> Counter[str]:
        """What of it we do not have, by its kind."""

    def __iter__(self) -> Iterator[Batch]:
        """What it holds, in order. Raises RecordingError behind what can be read."""


class Recording:
    """A recording of ours."""

    def __init__(self, path: Path) -> None:
        self.skipped: Counter[str] = Counter()
        self.header = read_header(path)
        self._path = path
        self._read = 0
        self._total = sum(entry.count for entry in read_index(path))

    @property
    def progress(self) -> float:
        """By the number of its items."""
        return self._read / self._total if self._total else 0.0

    def __iter__(self) -> Iterator[Batch]:
        for batch in read(self._path):
            yield batch
            self._read += len(batch.inputs) + len(batch.alerts)


class JsonLines:
    """Lines of JSON."""

    def __init__(self, path: Path) -> None:
        self.header = read_json_header(path)
        self._reader = JsonReader(path)

    @property
    def progress(self) -> float:
        """By bytes."""
        return self._reader.progress

    @property
    def skipped(self) -> Counter[str]:
        """Events of types that nobody knows."""
        return self._reader.skipped

    def __iter__(self) -> Iterator[Batch]:
        """Events of unknown types are told again at the end, as a loss: nobody has judged them."""
        try:
            yield from sliced(self._reader)
        except RecordingError:
            yield Batch(inputs=[*self._losses()])
            raise
        yield Batch(inputs=[*self._losses()])

    def _losses(self) -> Iterator[Loss]:
        for kind, count in self.skipped.items():
            yield Loss(time=self._reader.time, count=count, cause=f"events of the unknown type {kind}")


def sliced(inputs: JsonReader) -> Iterator[Batch]:
    """Inputs as batches; those before an error are not lost with it."""
    part: list[Input] = []
    try:
        for one in inputs:
            part.append(one)
            if len(part) >= SLICE:
                yield Batch(inputs=part)
                part = []
    except RecordingError:
        yield Batch(inputs=part)
        raise
    yield Batch(inputs=part)


SUFFIXES = (".tiercel", ".scap", ".scap.gz")
"""What the name of a recording in a folder ends in."""


def recordings_in(folder: Path) -> list[Path]:
    """The recordings of a folder in the order of their names. Raises UsageError when there is none."""
    found = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIXES) and path.is_file())
    if not found:
        raise UsageError(f"{folder}: there are no captures", hint=f"their names end in {', '.join(SUFFIXES)}")
    return found


class Folder:
    """The recordings of a folder, as Falco's capture feature leaves them: one after the other, the oldest first.

    Those that cannot be read (further) do not end it: at its end RecordingError names them. One file is open at a time.
    """

    def __init__(self, folder: Path) -> None:
        self.skipped: Counter[str] = Counter()
        self._faults: list[str] = []
        headers = dict(self._headers(folder))
        if not headers:
            raise RecordingError(self._faults[0], hint=f"and there is no other in {folder}")
        self._paths = sorted(headers, key=lambda path: headers[path].time)
        self.header = headers[self._paths[0]]
        self._event_types: Collection[str] | None = None
        self._filter: Filter | None = None
        self._open: Opened | None = None
        self._read = 0

    def _headers(self, folder: Path) -> Iterator[tuple[Path, Header]]:
        for path in recordings_in(folder):
            try:
                yield path, opened(path).header
            except RecordingError as error:
                self._faults.append(error.message)

    @property
    def progress(self) -> float:
        """By the number of files."""
        now = self._open.progress if self._open is not None else 0.0
        return min((self._read + now) / len(self._paths), 1.0)

    def select(self, event_types: Collection[str] | None, filter_: Filter | None = None) -> None:
        """From now on only these event types are needed, and with a filter only what it lets through."""
        self._event_types, self._filter = event_types, filter_
        if isinstance(self._open, Capture):
            self._open.select(event_types, filter_)

    def __iter__(self) -> Iterator[Batch]:
        for path in self._paths:
            try:
                self._open = opened(path)
                self.select(self._event_types, self._filter)
                yield from self._open
                self.skipped += self._open.skipped
            except RecordingError as error:
                self._faults.append(error.message)
            self._open = None
            self._read += 1
        if self._faults:
            raise RecordingError("; ".join(self._faults), hint="all others were read")


def is_recording(path: Path) -> bool:
    """Whether it is a recording of ours or a capture; lines of JSON are neither here. Raises RecordingError."""
    begin = _beginning(path)
    return begin.startswith(form.MAGIC) or is_scap(begin)


def opened(path: Path) -> Opened:
    """A file by what it begins with, not by its name; of a folder all recordings.

    Raises RecordingError for what is none of these, UsageError for a folder without any.
    """
    if path.is_dir():
        return Folder(path)
    begin = _beginning(path)
    if begin.startswith(form.MAGIC):
        return Recording(path)
    if is_scap(begin):
        return open_scap(path)
    if begin.lstrip().startswith(b"{"):
        return JsonLines(path)
    raise RecordingError(f"{path}: this is {'no recording' if begin else 'an empty file'}", hint=_KNOWN)


_KNOWN = "known are .tiercel, .scap and .scap.gz, and lines of JSON"


def _beginning(path: Path) -> bytes:
    """Of what is in it, if it is compressed."""
    try:
        with path.open("rb") as file:
            begin = file.read(64)
        if not begin.startswith(b"\x1f\x8b"):
            return begin
        with gzip.open(path) as content:
            return content.read(64)
    except (OSError, EOFError) as error:
        raise RecordingError(f"{path}: cannot be read: {reason_of(error)}") from error

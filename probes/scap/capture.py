"""A capture as something that happened: inputs in batches, as far as the file can be read.

:func:`open_scap` is what others use. The lists are read when it is opened, everything else as it is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import chain
from pathlib import Path

from engine.errors import RecordingError
from engine.events import Input, Loss
from engine.schema import BY_NAME
from probes.recordings.format import Header
from probes.recordings.reader import Batch
from probes.scap import blocks
from probes.scap.inputs import Converter
from probes.scap.lists import Listing
from probes.scap.reader import RawEvent, Reader, StateOnly
from probes.scap.values import MalformedError

SLICE = 1_000
"""Inputs of a batch, about."""


class Capture:
    """A capture that is read once, from its beginning to its end.

    ``event_types`` are those that the engine asks for, None for all it knows; :meth:`select` changes it underway.
    """

    def __init__(self, path: Path, event_types: Collection[str] | None = None) -> None:
        self._path = path
        self._reader = Reader(path)
        self._converter = Converter()
        self.select(event_types)
        self._items = iter(self._reader)
        self._first: RawEvent | None = None
        self._broken: RecordingError | None = None
        self._read_lists()

    def select(self, event_types: Collection[str] | None) -> None:
        """From now on only these event types are needed, and those that tell who does what."""
        self._judged = frozenset(BY_NAME if event_types is None else event_types) & BY_NAME.keys()
        self._reader.wanted = self._converter.wanted(self._judged)

    def _read_lists(self) -> None:
        """Raises RecordingError for what is no capture; one that is damaged in its lists says so when it is read."""
        try:
            for item in self._items:
                if isinstance(item, tuple):
                    self._first = item
                    return
                self._converter.list(item)
        except RecordingError as error:
            if not self._reader.begun:
                raise
            self._broken = error

    @property
    def header(self) -> Header:
        """Where and when it was made."""
        machine = self._converter.machine
        time = self._first[1] if self._first is not None else machine.boot
        return Header(hostname=machine.hostname.decode(errors="backslashreplace"), time=min(time, _LATEST))

    @property
    def progress(self) -> float:
        """How much of the file was read, from 0 to 1."""
        return self._reader.progress

    @property
    def events(self) -> int:
        """Events read so far, wanted or not."""
        return self._reader.counts.events

    @property
    def skipped(self) -> Counter[str]:
        """What could not be understood, by kind."""
        counts, found = self._reader.counts, Counter[str]()
        for number, count in counts.unknown_blocks.items():
            found[f"blocks of the unknown type {number:#x}"] = count
        for number, count in counts.unknown_events.items():
            found[f"events of the unknown type {number}"] = count
        if counts.malformed:
            found[f"malformed events, the first at byte {counts.first_malformed}"] = counts.malformed
        return found

    def __iter__(self) -> Iterator[Batch]:
        """What it holds, in order. Raises RecordingError behind what can be read."""
        part: list[Input] = []
        try:
            for one in self._inputs():
                part.append(one)
                if len(part) >= SLICE:
                    yield Batch(inputs=part)
                    part = []
        except RecordingError:
            yield Batch(inputs=[*part, *self._losses()])
            raise
        yield Batch(inputs=[*part, *self._losses()])

    def _inputs(self) -> Iterator[Input]:
        if self._first is None:
            yield from self._converter.lists_alone()
        if self._broken is not None:
            raise self._broken
        first: list[Listing | RawEvent] = [self._first] if self._first is not None else []
        for item in chain(first, self._items):
            if not isinstance(item, tuple):
                self._converter.list(item)
                continue
            try:
                is_quiet = isinstance(item, StateOnly)
                yield from self._converter.follow(item) if is_quiet else self._converter.convert(item, self._judged)
            except MalformedError:
                self._reader.note_malformed()

    def _losses(self) -> Iterator[Loss]:
        """What nobody can be told of, as what it is."""
        time = self._converter.time
        for kind, count in self.skipped.items():
            if not kind.startswith("blocks"):
                yield Loss(time=time, count=count, cause=kind)


_LATEST = (1 << 63) - 1
"""Nanoseconds since the epoch; later ones do not fit into what times are stored in."""


def open_scap(path: Path, event_types: Collection[str] | None = None) -> Capture:
    """A capture of Falco's, sysdig's or Stratoshark's. Raises RecordingError for what is none."""
    return Capture(path, event_types)


def is_scap(begin: bytes) -> bool:
    """Whether a file (or what is compressed in it) with this beginning is a capture."""
    return begin.startswith(blocks.SECTION_HEADER.to_bytes(4, "little"))

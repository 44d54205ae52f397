"""A capture as something that happened: inputs in batches, as far as the file can be read.

:func:`open_scap` is what others use. The lists are read when it is opened, everything else as it is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from engine.errors import RecordingError
from engine.events import Input, Loss
from engine.pushdown.filter import Filter
from engine.schema import BY_NAME, UNKNOWN
from probes.recordings.format import Header
from probes.recordings.reader import Batch
from probes.scap import blocks
from probes.scap.inputs import Converter
from probes.scap.lists import Listing, Piece
from probes.scap.reader import RawEvent, Reader, StateOnly
from probes.scap.table import TABLE
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

    def select(self, event_types: Collection[str] | None, filter_: Filter | None = None) -> None:
        """From now on only these event types are needed, and those that tell who does what; None is all that we judge,
        and those of unknown types.

        With the filter of the rules, opens on which none of them can fire are not told either.
        """
        judged = frozenset(event_types) if event_types is not None else frozenset({*BY_NAME, UNKNOWN})
        self._converter.select(judged, filter_)
        self._reader.wanted = self._converter.wanted(judged)

    def _read_lists(self) -> None:
        """Raises RecordingError for what is no capture; one that is damaged in its lists says so when it is read."""
        try:
            for item in self._items:
                if isinstance(item, tuple):
                    self._first = item
                    return
                self._converter.learn(item)
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
        """What it holds, in order. Raises RecordingError behind what can be read.

        Batches may be empty: so one comes soon, however long a file tells nothing that is asked for.
        """
        told: list[Input] = [] if self._first is not None else [*self._converter.lists_alone()]
        try:
            for item in self._all_items():
                self._take(item, told)
                if len(told) >= SLICE or isinstance(item, Piece):
                    yield Batch(inputs=told)
                    told = []
        except RecordingError:
            yield Batch(inputs=[*told, *self._losses()])
            raise
        yield Batch(inputs=[*told, *self._losses()])

    def _all_items(self) -> Iterator[Listing | RawEvent]:
        """The items, but for those that are followed at once because nothing is to be told of them."""
        if self._first is not None:
            yield self._first
        if self._broken is not None:
            raise self._broken
        converter = self._converter
        for item in self._items:
            if type(item) is tuple:
                follow = converter.quick.get(item[0])
                if follow is not None and follow(item):
                    continue
            yield item

    def _take(self, item: Listing | RawEvent, told: list[Input]) -> None:
        try:
            if type(item) is tuple:
                self._converter.convert(item, told)
            elif isinstance(item, StateOnly):
                self._converter.follow(item, told)
            elif not isinstance(item, tuple):
                self._converter.learn(item)
        except MalformedError:
            self._reader.note_malformed()

    def _losses(self) -> Iterator[Loss]:
        """What nobody can be told of, as what it is."""
        time = self._converter.time
        for kind, count in self.skipped.items():
            if not kind.startswith("blocks"):
                yield Loss(time=time, count=count, cause=kind)


EVERYTHING = frozenset({*(row.name for row in TABLE), UNKNOWN})
"""All types that a capture may hold, also those that no rule can ask for."""

_LATEST = (1 << 63) - 1
"""Nanoseconds since the epoch; later ones do not fit into what times are stored in."""


def open_scap(path: Path, event_types: Collection[str] | None = None) -> Capture:
    """A capture of Falco's, sysdig's or Stratoshark's. Raises RecordingError for what is none."""
    return Capture(path, event_types)


def is_scap(begin: bytes) -> bool:
    """Whether a file (or what is compressed in it) with this beginning is a capture."""
    return begin.startswith(blocks.SECTION_HEADER.to_bytes(4, "little"))

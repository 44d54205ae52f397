"""Reading a capture: its lists, then its events, in bounded memory and as far as it is whole.

What can be read is delivered first. Then :class:`engine.errors.RecordingError` tells where the damage is: the byte (of
the decompressed content) and the kind of block. What does not end the reading is counted: blocks and events of unknown
types (the events are delivered all the same), and events whose inside is wrong though their block is sound.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.errors import RecordingError
from engine.invocation import command
from probes.scap import blocks, lists
from probes.scap.blocks import BLOCKS, Block, Kind
from probes.scap.lists import Listing
from probes.scap.stream import Stream
from probes.scap.table import TABLE

LARGEST_BLOCK = 64 << 20
"""Bytes of a list or of a large event: what a hostile file can make a reader hold."""

RawEvent = tuple[int, int, int, int, bytes]
"""Number of its type, time (ns since the epoch), tid, number of parameters; their lengths and values."""


class StateOnly(tuple[int, int, int, int, bytes]):
    """An event that whoever reads the capture learns from and does not show."""


ALL = bytes([1]) * (1 << 16)
"""Every type of event is wanted."""

_BLOCK = struct.Struct(blocks.HEADER)
_TRAILER = struct.Struct("<I")
_EVENT = struct.Struct("<IIIHQQIHI")
"""The trailer of the block before, the header of this one, the cpu, and the header of the event."""
_PLAIN = 0x216
"""What nearly all blocks are: an event without flags."""
_HEAD = 10
"""Header of such a block, and its cpu."""
_AFTER_TRAILER = 4 + _HEAD + blocks.EVENT_HEADER_SIZE
_SHORTEST = _HEAD + blocks.EVENT_HEADER_SIZE + blocks.TRAILER_SIZE
_OLD_HEADER = struct.Struct("<QQIH")
_NEW_HEADER = struct.Struct(blocks.EVENT_HEADER)
_UNKNOWN = len(TABLE)
"""This and all higher numbers are of types that a newer version has added."""
_SHORTER_BY = 3
"""Old captures give notifications and infrastructure events three bytes too many."""
_OVERLONG = frozenset(row.number for row in TABLE if row.key in ("NOTIFICATION_E", "INFRASTRUCTURE_EVENT_E"))


class Counts(msgspec.Struct):
    """What a reader has met."""

    events: int = 0
    unknown_events: Counter[int] = msgspec.field(default_factory=Counter)
    """By the number of their type: from a newer version of the format."""
    unknown_blocks: Counter[int] = msgspec.field(default_factory=Counter)
    """By type."""
    malformed: int = 0
    """Events whose parameters do not fit into them."""
    first_malformed: int = -1
    """The byte where the first of them is."""


class Reader:
    """One pass over a capture; iterate over it once. ``wanted`` has a 1 for each number of an event type to deliver.

    It can be exchanged between two items. Yields :class:`probes.scap.lists.Listing` and :data:`RawEvent`.
    """

    def __init__(self, path: Path, wanted: bytes = ALL) -> None:
        self.wanted = wanted
        self.counts = Counts()
        self.begun = False
        """The file begins as a capture does."""
        self._path = path
        self._stream: Stream | None = None
        self._buffer = bytes(blocks.TRAILER_SIZE)
        self._at = blocks.TRAILER_SIZE
        """Where the next block begins in the buffer; the trailer of the one before is there, too."""
        self._before = -blocks.TRAILER_SIZE
        """Bytes of the content that are no longer in the buffer."""
        self._length = 0
        """Of the block before, whose trailer must repeat it."""

    @property
    def progress(self) -> float:
        """How much of the file was read, from 0 to 1."""
        stream = self._stream
        return stream.read_bytes / stream.size if stream and stream.size else 0.0

    def __iter__(self) -> Iterator[Listing | RawEvent]:
        try:
            with Stream(self._path) as self._stream:
                self._begin()
                yield from self._items()
        except RecordingError as error:
            read = f"{self.counts.events} events before that were read"
            raise RecordingError(f"{self._path}: {error.message}", hint=error.hint or read) from error

    # ── blocks ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _items(self) -> Iterator[Listing | RawEvent]:
        while True:
            yield from self._plain_events()
            self._check_last()
            if not self._need(blocks.HEADER_SIZE):
                return
            number, length = _BLOCK.unpack_from(self._buffer, self._at)
            block = BLOCKS.get(number)
            self._check_length(block, length)
            if block is None:
                self.counts.unknown_blocks[number] += 1
                self._skip(length)
                continue
            self._need_whole(block, length)
            body = self._buffer[self._at + blocks.HEADER_SIZE : self._at + length - blocks.TRAILER_SIZE]
            self._check_trailer(block, length)
            item = self._item(block, body)
            self._at += length
            self._length = length
            if item is not None:
                yield item

    def _plain_events(self) -> Iterator[Listing | RawEvent]:
        """The events in the buffer, as long as nothing else comes: nearly all there is, so all is spelt out here."""
        unpack, counts = _EVENT.unpack_from, self.counts
        while True:
            buffer, at, before, wanted, seen = self._buffer, self._at, self._length, self.wanted, counts.events
            end = len(buffer)
            last = end - _AFTER_TRAILER
            while at - 4 <= last:
                trailer, block, length, _cpu, time, tid, size, number, count = unpack(buffer, at - 4)
                stop = at + length
                if block != _PLAIN or trailer != before or stop > end or not _SHORTEST <= length <= 0x10000:
                    break
                seen += 1
                if wanted[number]:
                    if not 26 <= size <= length - 14:
                        self.note_malformed(self._before + at)
                    else:
                        if number >= _UNKNOWN:
                            counts.unknown_events[number] += 1
                        self._at, self._length, counts.events = stop, length, seen
                        yield number, time, tid, count, buffer[at + 36 : at + 10 + size]
                        wanted = self.wanted
                at, before = stop, length
            self._at, self._length, counts.events = at, before, seen
            if at + _SHORTEST < end or not self._refill():
                return
            yield lists.Piece()

    def _item(self, block: Block, body: bytes) -> Listing | RawEvent | None:
        if block.kind is Kind.SECTION:
            return self._section(body)
        if block.kind is Kind.EVENT:
            return self._event(block, body)
        try:
            return lists.parse(block, body)
        except (struct.error, ValueError) as error:
            raise self._damaged(f"{block.kind} is damaged ({error})") from error

    def _section(self, body: bytes) -> Listing | None:
        order, major, _minor, _length = struct.unpack_from(blocks.SECTION_BODY, body.ljust(16, b"\0"))
        if order == struct.unpack(">I", struct.pack("<I", blocks.BYTE_ORDER))[0]:
            raise self._damaged("section header is of a big-endian machine, which is not supported")
        if order != blocks.BYTE_ORDER:
            raise self._damaged("section header is damaged")
        if major > blocks.MAJOR:
            raise RecordingError(f"the capture is of version {major}, this Tiercel reads {blocks.MAJOR}")
        return lists.Section()

    # ── events that are not plain ───────────────────────────────────────────────────────────────────────────────────

    def _event(self, block: Block, body: bytes) -> RawEvent | None:
        start = 6 if block.flagged else 2
        header = _NEW_HEADER if block.counted else _OLD_HEADER
        if len(body) < start + header.size:
            raise self._damaged("event is shorter than its header")
        self.counts.events += 1
        time, tid, size, number, *rest = header.unpack_from(body, start)
        if number in _OVERLONG and not block.counted:
            size -= _SHORTER_BY
        if not header.size <= size <= len(body) - start:
            self.note_malformed(self._before + self._at)
            return None
        if not self.wanted[number]:
            return None
        if number >= _UNKNOWN:
            self.counts.unknown_events[number] += 1
        payload = body[start + header.size : start + size]
        count = rest[0] if rest else _count(number, payload)
        event = number, time, tid, count, payload
        return StateOnly(event) if block.flagged and body[2] & blocks.STATE_ONLY else event

    def note_malformed(self, at: int = -1) -> None:
        """Count an event whose inside is wrong; ``at`` is its block's byte, by default that before the next block."""
        self.counts.malformed += 1
        if self.counts.first_malformed < 0:
            self.counts.first_malformed = at if at >= 0 else self._before + self._at - self._length

    # ── bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self) -> None:
        """The first block must be a section header."""
        self._need(blocks.SMALLEST_BLOCK)
        if self._buffer[self._at : self._at + 4] != struct.pack("<I", blocks.SECTION_HEADER):
            raise RecordingError("this is not a capture", hint=f"{command('replay')} reads .scap and .tiercel files")
        self.begun = True

    def _refill(self) -> bool:
        """Put the next piece behind what was not used yet; the last trailer is kept. Whether there was any."""
        assert self._stream is not None
        piece = self._stream.read()
        kept = self._at - blocks.TRAILER_SIZE
        self._before += kept
        self._buffer = self._buffer[kept:] + piece
        self._at -= kept
        return bool(piece)

    def _need(self, size: int) -> bool:
        """Have so many bytes in the buffer; False at the end of the file, RecordingError where it is cut off."""
        while len(self._buffer) - self._at < size:
            if not self._refill():
                break
        left = len(self._buffer) - self._at
        assert self._stream is not None
        if left < size and (left or self._stream.fault):
            raise self._cut_off()
        return left >= size

    def _cut_off(self) -> RecordingError:
        end = self._before + len(self._buffer)
        if self._stream is not None and self._stream.fault:
            return RecordingError(f"{self._stream.fault} after {end} bytes of content")
        return RecordingError(f"the capture is cut off at byte {end}")

    def _need_whole(self, block: Block, length: int) -> None:
        try:
            whole = self._need(length)
        except RecordingError as error:
            raise RecordingError(f"{error.message}, in a block of kind '{block.kind}'") from error
        assert whole

    def _skip(self, length: int) -> None:
        """Go past a block, whatever its size, without holding it."""
        left = length
        while left > len(self._buffer) - self._at:
            left -= len(self._buffer) - self._at
            self._at = len(self._buffer)
            if not self._refill():
                raise RecordingError(f"{self._cut_off().message}, in an unknown block")
        self._at += left
        self._length = length

    def _check_length(self, block: Block | None, length: int) -> None:
        if length < blocks.SMALLEST_BLOCK:
            raise self._damaged(f"block has a length of {length}")
        if block is None:
            return
        limit = blocks.LARGEST_EVENT_BLOCK if block.kind is Kind.EVENT and not block.large else LARGEST_BLOCK
        if length > limit + _HEAD:
            raise self._damaged(f"{block.kind} is longer ({length}) than any can be")

    def _check_trailer(self, block: Block, length: int) -> None:
        (said,) = _TRAILER.unpack_from(self._buffer, self._at + length - blocks.TRAILER_SIZE)
        if said != length:
            raise self._damaged(f"{block.kind} says at its end that its length is {said}, at its beginning {length}")

    def _check_last(self) -> None:
        """The plain events do not look at the trailer of the last of them."""
        if self._length:
            (said,) = _TRAILER.unpack_from(self._buffer, self._at - blocks.TRAILER_SIZE)
            if said != self._length:
                start, self._at = self._length, self._at - self._length
                raise self._damaged(f"block says at its end that its length is {said}, at its beginning {start}")

    def _damaged(self, what: str) -> RecordingError:
        return RecordingError(f"damaged at byte {self._before + self._at}: the {what}")


def _count(number: int, payload: bytes) -> int:
    """How many parameters an event of an old block has: the only number of lengths that fits, counting down."""
    if number >= _UNKNOWN:
        return 0
    width = 4 if TABLE[number].is_large else 2
    for count in range(len(TABLE[number].params), 0, -1):
        if count * width > len(payload):
            continue
        lengths = struct.unpack_from(f"<{count}{'I' if width == 4 else 'H'}", payload)
        if count * width + sum(lengths) == len(payload):
            return count
    return 0

"""Reads a BPF ring buffer straight from its shared memory: no callback and no wakeup for each record.

The layout is the kernel's (kernel/bpf/ringbuf.c): a page with the consumer's position, a page with the producer's,
then the data. Each record begins with a 32-bit length, whose two top bits say "still being written" and "discarded",
and fills a multiple of 8 bytes.

The kernel offers the data twice in a row, so that no record wraps. Only a part of it is mapped at a time, since all
that is mapped counts as memory of the sensor; the next part is when its turn has come.
"""

from __future__ import annotations

import mmap
import os
import threading

WINDOW = 1 << 20
"""Bytes of the part in which the records that are mapped begin: some thousands."""
_LONGEST = 1 << 16
"""More than a record has: one that begins in the part may end behind it."""
_BUSY = 1 << 31
_DISCARD = 1 << 30
_HEADER = 8
_PAGE = mmap.PAGESIZE


class RingReader:
    """The consumer of one ring; there must be no other. Owns the descriptor.

    ``size`` is that of the data in bytes, a power of two.
    """

    lost = 0
    """The kernel side counts what found no room; nothing is lost on this side."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._mask = size - 1
        self._window = min(WINDOW, size)
        try:
            self._consumer_page = mmap.mmap(fd, _PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
            self._producer_page = mmap.mmap(fd, _PAGE, mmap.MAP_SHARED, mmap.PROT_READ, offset=_PAGE)
            self._map(0)
        except (OSError, ValueError):
            os.close(fd)
            raise
        self._consumer = memoryview(self._consumer_page).cast("Q")
        self._producer = memoryview(self._producer_page).cast("Q")
        self._barrier = threading.Lock()

    def drain(self, limit: int) -> list[bytes]:
        """At most ``limit`` records in their order, copied out; their room is free again on return."""
        position, end = self._consumer[0], self._producer[0]
        with self._barrier:  # acquire: the lengths must not be read before the producer's position (arm64)
            pass
        records: list[bytes] = []
        while position < end and len(records) < limit:
            until = min(end, self._show(position))
            position = self._take(position, until, limit, records)
            if position < until:  # still being written, or there are enough
                break
        with self._barrier:  # release: the room is given back only after the copies
            pass
        self._consumer[0] = position
        return records

    def rest(self) -> list[bytes]:
        """What is to be read at the end beside ``drain``: nothing, as there is one buffer only."""
        return []

    def _take(self, position: int, until: int, limit: int, records: list[bytes]) -> int:
        """Add what begins before ``until``, which must be mapped; gives the position behind it."""
        lengths, pages, shift = self._lengths, self._pages, (position & self._mask) - self._begin - position
        at, end, room = position + shift, until + shift, limit - len(records)
        while at < end and room:
            length = lengths[at >> 2]
            if length < _DISCARD:  # neither of the bits: almost all are so
                at += _HEADER
                records.append(pages[at : at + length])
                at += length + 7 & ~7
                room -= 1
            elif length & _BUSY:
                break
            else:
                at += ((length & ~_DISCARD) + _HEADER + 7) & ~7
        return at - shift

    def _show(self, position: int) -> int:
        """See to it that what begins at ``position`` is mapped; gives the position up to which it all is."""
        place = position & self._mask
        if not 0 <= place - self._begin < self._window:
            before, lengths = self._pages, self._lengths
            self._map(place - place % self._window)
            lengths.release()
            before.close()
        return position + self._begin + self._window - place

    def _map(self, begin: int) -> None:
        size = min(self._window + _LONGEST, 2 * (self._mask + 1) - begin)
        self._pages = mmap.mmap(self._fd, size, mmap.MAP_SHARED, mmap.PROT_READ, offset=2 * _PAGE + begin)
        self._lengths = memoryview(self._pages).cast("I")
        self._begin = begin

    @property
    def size(self) -> int:
        """Bytes that it can hold."""
        return self._mask + 1

    @property
    def consumed(self) -> int:
        """Bytes read since the ring was made."""
        return int(self._consumer[0])

    @property
    def pending(self) -> int:
        """Bytes not read yet."""
        return int(self._producer[0] - self._consumer[0])

    def close(self) -> None:
        """Unmap and give up the descriptor."""
        for view in (self._lengths, self._producer, self._consumer):
            view.release()
        for pages in (self._pages, self._producer_page, self._consumer_page):
            pages.close()
        os.close(self._fd)

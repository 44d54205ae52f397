"""Reads a BPF ring buffer straight from its shared memory: no callback and no wakeup for each record.

The layout is the kernel's (kernel/bpf/ringbuf.c): a page with the consumer's position, a page with the producer's,
then the data. Each record begins with a 32-bit length, whose two top bits say "still being written" and "discarded",
and fills a multiple of 8 bytes.

The kernel offers the data twice in a row, so that no record wraps. It is mapped once here, since all that is mapped
counts as memory of the sensor, and the two parts of a record that wraps are put together.
"""

from __future__ import annotations

import mmap
import os
import threading

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
        try:
            self._consumer_page = mmap.mmap(fd, _PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
            self._pages = mmap.mmap(fd, _PAGE + size, mmap.MAP_SHARED, mmap.PROT_READ, offset=_PAGE)
        except (OSError, ValueError):
            os.close(fd)
            raise
        self._consumer = memoryview(self._consumer_page).cast("Q")
        self._producer = memoryview(self._pages)[:_PAGE].cast("Q")
        self._lengths = memoryview(self._pages)[_PAGE:].cast("I")
        self._barrier = threading.Lock()

    def drain(self, limit: int) -> list[bytes]:
        """At most ``limit`` records in their order, copied out; their room is free again on return."""
        position, end = self._consumer[0], self._producer[0]
        with self._barrier:  # acquire: the lengths must not be read before the producer's position (arm64)
            pass
        lengths, pages, mask, first = self._lengths, self._pages, self._mask, _PAGE + _HEADER
        records: list[bytes] = []
        while position < end and len(records) < limit:
            offset = position & mask
            length = lengths[offset >> 2]
            if length < _DISCARD:  # neither of the bits: almost all are so
                start = offset + first
                record = pages[start : start + length]
                if len(record) < length:
                    record += pages[_PAGE : _PAGE + length - len(record)]
                records.append(record)
            elif length & _BUSY:
                break
            position += ((length & ~_DISCARD) + _HEADER + 7) & ~7
        with self._barrier:  # release: the room is given back only after the copies
            pass
        self._consumer[0] = position
        return records

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
        self._pages.close()
        self._consumer_page.close()
        os.close(self._fd)

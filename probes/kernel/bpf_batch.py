"""A map of the kernel read in parts: one call for hundreds of elements in place of two for each."""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterator
from itertools import islice

from probes.kernel.bpf_call import MAP_LOOKUP_BATCH, bpf_in_place
from probes.kernel.bpf_map import BpfMap

PART = 256
"""Elements at a time. A bucket of a hash map goes into one part, or the kernel refuses (ENOSPC); it has a few."""

_BATCH = struct.Struct("=QQQQIIQQ")
"""The part of union bpf_attr for batches: where it begins and goes on, keys, values, how many, map_fd, flags."""
_COUNT_AT = 32
_INDEX = struct.Struct("=I")
_UNKNOWN = {errno.EINVAL, errno.EPERM, errno.ENOSPC, 524}
"""Before Linux 5.6 there are no batches, and ENOTSUPP is said of maps that know none (until 5.13, those by CPU)."""

Part = list[tuple[bytes, bytes]]
"""Keys and values."""


def parts(table: BpfMap, size: int = PART) -> Iterator[Part]:
    """Everything in a hash map, so many elements at a time.

    What comes or goes meanwhile may be there or not, all else is there once; without batches an element may come twice.
    """
    try:
        yield from _batches(table, size)
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
        yield from _walk(table, size)


def first(array: BpfMap, number: int) -> list[bytes]:
    """The values of so many elements from the beginning of an array, which has them all."""
    try:
        return [value for _, value in next(_batches(array, number))]
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
        return [array.lookup(_INDEX.pack(index)) or b"" for index in range(number)]


def _batches(table: BpfMap, size: int) -> Iterator[Part]:
    keys = ctypes.create_string_buffer(table.key_size * size)
    values = ctypes.create_string_buffer(table.value_size * size)
    position = ctypes.create_string_buffer(max(table.key_size, 8))
    begin, more = 0, True
    while more:
        where = begin, ctypes.addressof(position), ctypes.addressof(keys), ctypes.addressof(values)
        count, more = _batch(_BATCH.pack(*where, size, table.fd, 0, 0))
        begin = ctypes.addressof(position)
        yield list(zip(_split(keys, table.key_size, count), _split(values, table.value_size, count), strict=True))


def _batch(attributes: bytes) -> tuple[int, bool]:
    """How many elements the kernel gave, and whether there may be more."""
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    more = True
    try:
        bpf_in_place(MAP_LOOKUP_BATCH, buffer)
    except FileNotFoundError:  # these were the last
        more = False
    (count,) = struct.unpack_from("=I", buffer, _COUNT_AT)
    return count, more


def _split(buffer: ctypes.Array[ctypes.c_char], size: int, count: int) -> list[bytes]:
    raw = buffer.raw
    return [raw[i : i + size] for i in range(0, count * size, size)]


def _walk(table: BpfMap, size: int) -> Iterator[Part]:
    own = BpfMap(table.fd, table.key_size, table.value_size)  # another thread may be using the buffers of the other
    walk = ((key, value) for key in list(own.keys()) if (value := own.lookup(key)) is not None)
    while part := list(islice(walk, size)):
        yield part

"""Tries of the smallest BPF objects, to learn what this kernel allows this process. Each is let go at once."""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Callable, Iterator

from probes.kernel.bpf_call import MAP_TYPE_PERF_EVENT_ARRAY, MAP_TYPE_RINGBUF, attach, create_map, load_program

RETURN_0 = struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0)
"""r0 = 0; exit"""


def creates_ring() -> bool:
    """Whether a ring buffer map (Linux 5.8) can be created."""
    return _succeeds(lambda: create_map(MAP_TYPE_RINGBUF, 0, 0, os.sysconf("SC_PAGE_SIZE")))


def creates_perf_array() -> bool:
    """Whether a perf event array can be created."""
    return _succeeds(lambda: create_map(MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 1))


def attaches_raw_tracepoint(name: str) -> bool:
    """Whether a program that does nothing loads and attaches to a raw tracepoint (Linux 4.17)."""
    with contextlib.suppress(OSError), _held(load_program(RETURN_0)) as program:
        return _succeeds(lambda: attach(name, program))
    return False


def knows_types(btf_id: int) -> bool:
    """Whether a program that may follow the arguments of a tracepoint, given by its type, loads and attaches."""
    with contextlib.suppress(OSError), _held(load_program(RETURN_0, btf_id=btf_id)) as program:
        return _succeeds(lambda: attach("", program))
    return False


def _succeeds(make: Callable[[], int]) -> bool:
    with contextlib.suppress(OSError), _held(make()):
        return True
    return False


@contextlib.contextmanager
def _held(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)

"""Tries of the smallest BPF objects, to learn what this kernel allows this process. Each is let go at once.

Straight bpf(2), without bcc: numbers and layouts are those of include/uapi/linux/bpf.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
from collections.abc import Iterator

SYS_BPF = {"x86_64": 321, "aarch64": 280}
"""The number of bpf(2) by architecture."""
MAP_CREATE, PROG_LOAD, RAW_TRACEPOINT_OPEN = 0, 5, 17
MAP_TYPE_PERF_EVENT_ARRAY, MAP_TYPE_RINGBUF = 4, 27
PROG_TYPE_RAW_TRACEPOINT = 17
RETURN_0 = struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0)
"""r0 = 0; exit"""


def creates_ring() -> bool:
    """Whether a ring buffer map (Linux 5.8) can be created."""
    return _succeeds(MAP_CREATE, struct.pack("=IIII", MAP_TYPE_RINGBUF, 0, 0, os.sysconf("SC_PAGE_SIZE")))


def creates_perf_array() -> bool:
    """Whether a perf event array can be created."""
    return _succeeds(MAP_CREATE, struct.pack("=IIII", MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 1))


def attaches_raw_tracepoint(name: str) -> bool:
    """Whether a program that does nothing loads and attaches to a raw tracepoint (Linux 4.17)."""
    code, license_, point = (ctypes.create_string_buffer(text) for text in (RETURN_0, b"GPL", name.encode()))
    load = struct.pack(
        "=IIQQ",
        PROG_TYPE_RAW_TRACEPOINT,
        len(RETURN_0) // 8,
        ctypes.addressof(code),
        ctypes.addressof(license_),
    )
    with contextlib.suppress(OSError), _bpf(PROG_LOAD, load) as program:
        return _succeeds(RAW_TRACEPOINT_OPEN, struct.pack("=QII", ctypes.addressof(point), program, 0))
    return False


def _succeeds(command: int, attributes: bytes) -> bool:
    with contextlib.suppress(OSError), _bpf(command, attributes):
        return True
    return False


@contextlib.contextmanager
def _bpf(command: int, attributes: bytes) -> Iterator[int]:
    """One bpf(2) call that yields a descriptor, closed at the end. Raises OSError with the kernel's reason."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = SYS_BPF.get(platform.machine())
    if number is None:
        raise OSError(f"no bpf(2) known for {platform.machine()}")
    padded = ctypes.create_string_buffer(attributes, 128)  # an attr that is longer than known must be zero behind
    descriptor = libc.syscall(number, command, padded, len(padded))
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    try:
        yield descriptor
    finally:
        os.close(descriptor)

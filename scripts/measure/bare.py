"""A program that does nothing on the raw tracepoint of all system calls: what no tracer of this kind can go below."""

from __future__ import annotations

import contextlib
import ctypes
import struct
from collections.abc import Iterator

from probes.kernel.bpf_trial import PROG_LOAD, PROG_TYPE_RAW_TRACEPOINT, RAW_TRACEPOINT_OPEN, RETURN_0, _bpf


@contextlib.contextmanager
def empty_tracepoint(name: str = "sys_exit") -> Iterator[None]:
    """Attach a program that returns at once to a raw tracepoint. Raises OSError with the kernel's reason."""
    code, license_, point = (ctypes.create_string_buffer(text) for text in (RETURN_0, b"GPL", name.encode()))
    instructions = len(RETURN_0) // 8
    addresses = ctypes.addressof(code), ctypes.addressof(license_)
    with _bpf(PROG_LOAD, struct.pack("=IIQQ", PROG_TYPE_RAW_TRACEPOINT, instructions, *addresses)) as program:
        opened = struct.pack("=QII", ctypes.addressof(point), program, 0)
        with _bpf(RAW_TRACEPOINT_OPEN, opened):
            yield

"""Real BPF objects for tests, by bpf(2) alone: maps, and a producer for a ring."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from probes.kernel.bpf_call import PROG_LOAD, bpf, create_map
from probes.kernel.bpf_map import BpfMap
from probes.kernel.syscalls import number_of

PROG_RUN = 10
HASH, ARRAY, PERCPU_ARRAY, RING = 1, 2, 6, 27
_PROGRAM_TYPE_SYSCALL = 31
_SLEEPABLE = 1 << 4
_MAP_LOOKUP, _RINGBUF_OUTPUT = 1, 130
_NO_WAKEUP = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _instruction(code: int, dst: int = 0, src: int = 0, offset: int = 0, value: int = 0) -> bytes:
    return struct.pack("<BBhi", code, src << 4 | dst, offset, value)


def _load_map(register: int, fd: int) -> bytes:
    pseudo_map_fd = 1
    return _instruction(0x18, register, pseudo_map_fd, value=fd) + _instruction(0)


def _program(staged: int, ring: int, length: int) -> bytes:
    """ring.output(staged[0], length): 0 when there was room."""
    key = _instruction(0x62, 10, offset=-4) + _instruction(0xBF, 2, 10) + _instruction(0x07, 2, value=-4)
    find = key + _load_map(1, staged) + _instruction(0x85, value=_MAP_LOOKUP) + _instruction(0x55, 0, offset=1)
    found = _instruction(0x95) + _instruction(0xBF, 2, 0) + _load_map(1, ring)
    sizes = _instruction(0xB7, 3, value=length) + _instruction(0xB7, 4, value=_NO_WAKEUP)
    return find + found + sizes + _instruction(0x85, value=_RINGBUF_OUTPUT) + _instruction(0x95)


class RingProducer:
    """A program of the kernel that writes records of one length to a ring; it says whether there was room."""

    def __init__(self, ring: int, length: int) -> None:
        self._staged = BpfMap(create_map(ARRAY, 4, length, 1), 4, length)
        code = ctypes.create_string_buffer(program := _program(self._staged.fd, ring, length))
        license_ = ctypes.create_string_buffer(b"GPL")
        addresses = ctypes.addressof(code), ctypes.addressof(license_)
        load = struct.pack("=IIQQ", _PROGRAM_TYPE_SYSCALL, len(program) // 8, *addresses)
        self._fd = bpf(PROG_LOAD, load + bytes(20) + struct.pack("=I", _SLEEPABLE))

    def write(self, record: bytes) -> bool:
        """Whether the record found room."""
        self._staged.update(bytes(4), record)
        buffer = ctypes.create_string_buffer(struct.pack("=II", self._fd, 0), 128)
        if _libc.syscall(number_of("bpf"), PROG_RUN, buffer, 128) < 0:
            raise OSError(ctypes.get_errno(), "BPF_PROG_RUN")
        (returned,) = struct.unpack_from("=i", buffer.raw, 4)
        return bool(returned == 0)

    def close(self) -> None:
        """Let the program go."""
        self._staged.close()
        os.close(self._fd)


@contextmanager
def unreadable(fd: int) -> Iterator[None]:
    """The kernel refuses everything that is asked of the map with this descriptor."""
    map_, other = os.dup(fd), os.open("/dev/null", os.O_RDWR)
    os.dup2(other, fd)
    os.close(other)
    try:
        yield
    finally:
        os.dup2(map_, fd)
        os.close(map_)

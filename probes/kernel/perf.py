"""Reads perf buffers, one for each CPU: the transport for kernels older than 5.8, which have no ring buffer.

Opened and mapped here by perf_event_open(2), so that no bcc is needed. The format is that of ``perf_event_open(2)``:
a control page with the positions, then the data, in which records wrap. What finds no room is counted by the BPF
program, whose output then fails; the kernel's own notes about it are skipped.

CPUs come and go. One that comes has no buffer yet; one that has been away has one that is dead for good, and what tells
so is that its time stands still. So once a second buffers are opened where they are missing.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import struct
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from probes.kernel.boot_time import BootTime
from probes.kernel.bpf_map import BpfMap
from probes.kernel.syscalls import number_of
from probes.kernel.wire import TIME

_ATTRIBUTES = struct.Struct("=IIQQQQQIIQ")
"""struct perf_event_attr, version 0: type, size, config, sample_period, sample_type, read_format, flags, watermark,
bp_type, config1."""
_SOFTWARE, _BPF_OUTPUT = 1, 10
_SAMPLE_RAW = 1 << 10
_TIME_ENABLED = 1
"""Tell with the count for how long it has counted."""
_WATERMARK = 1 << 14
"""Wake readers by filled bytes: never, as we look of our own accord."""
_CLOEXEC = 8
_ENABLE = 0x2400
_RECORD_SAMPLE = 9
_HEADER = struct.Struct("=IHHI")
"""type, misc, size of the record; size of the sample."""
_HEAD, _TAIL = 1024 // 8, 1032 // 8
"""Indexes of data_head and data_tail in the control page."""
_COUNTED = struct.Struct("=QQ")
"""The count, and the nanoseconds for which it was enabled."""
_CPU = struct.Struct("=I")
_PAGE = mmap.PAGESIZE

ONLINE = Path("/sys/devices/system/cpu/online")
LOOK_SECONDS = 1.0
"""Time between two looks at which CPUs there are."""

_libc = ctypes.CDLL(None, use_errno=True)


def _open_event(cpu: int) -> int:
    attributes = _ATTRIBUTES.pack(
        _SOFTWARE, _ATTRIBUTES.size, _BPF_OUTPUT, 1, _SAMPLE_RAW, _TIME_ENABLED, _WATERMARK, 0x7FFFFFFF, 0, 0
    )
    fd = int(_libc.syscall(number_of("perf_event_open"), attributes, -1, cpu, -1, _CLOEXEC))
    if fd < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"perf_event_open on CPU {cpu}: {os.strerror(code)}")
    return fd


class _CpuBuffer:
    """The buffer of one CPU; ``size`` is that of the data in bytes, a power of two."""

    def __init__(self, cpu: int, size: int) -> None:
        self.fd = _open_event(cpu)
        self._mask = size - 1
        try:
            self._map = mmap.mmap(self.fd, _PAGE + size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        except OSError:  # more than may be locked (perf_event_mlock_kb)
            os.close(self.fd)
            raise
        self._control = memoryview(self._map)[:_PAGE].cast("Q")
        self._data = memoryview(self._map)[_PAGE:]
        self._barrier = threading.Lock()
        self._enabled = 0

    def enable(self) -> None:
        """Begin."""
        fcntl.ioctl(self.fd, _ENABLE, 0)

    def is_alive(self) -> bool:
        """Whether its time has gone on since this was asked last: it does not after its CPU has gone."""
        _, now = _COUNTED.unpack(os.read(self.fd, _COUNTED.size))
        before, self._enabled = self._enabled, now
        return int(now) > before

    def drain(self, limit: int) -> list[bytes]:
        """At most ``limit`` records, copied out."""
        head, tail = self._control[_HEAD], self._control[_TAIL]
        with self._barrier:  # acquire: see probes.kernel.ring
            pass
        records: list[bytes] = []
        while tail < head and len(records) < limit:
            kind, _, size, length = _HEADER.unpack(self._read(tail, _HEADER.size))
            if kind == _RECORD_SAMPLE:
                records.append(self._read(tail + _HEADER.size, length))
            tail += size
        with self._barrier:
            pass
        self._control[_TAIL] = tail
        return records

    def _read(self, position: int, length: int) -> bytes:
        start = position & self._mask
        first = bytes(self._data[start : start + length])
        return first if len(first) == length else first + bytes(self._data[: length - len(first)])

    def close(self) -> None:
        for view in (self._control, self._data):
            view.release()
        self._map.close()
        os.close(self.fd)


class PerfReader:
    """All CPUs' buffers behind the interface of :class:`probes.kernel.ring.RingReader`; ``size`` bytes in all.

    ``events`` is the perf event array; its owner keeps it open as long as this. ``online`` lists the CPUs.
    ``boot_time`` is for records whose time is not that since boot.
    """

    def __init__(self, events: BpfMap, size: int, online: Path = ONLINE, *, boot_time: BootTime | None = None) -> None:
        self._events = events
        self._boot_time = boot_time
        self._online = online
        cpus = _numbers(online)
        self._each = max(1 << (size // len(cpus)).bit_length() - 1, 16 * _PAGE)
        self._buffers: dict[int, _CpuBuffer] = {}
        self._left: list[bytes] = []
        """What was in buffers that are gone, or was read when another could not be."""
        self._next_look = time.monotonic() + LOOK_SECONDS
        try:
            for cpu in cpus:
                self._open(cpu)
        except OSError:
            self.close()
            raise

    def drain(self, limit: int) -> list[bytes]:
        """About ``limit`` records, those of one call in the order of their time; fewer when all buffers are empty.

        Raises what the buffer of a CPU raises. What was read of the others is given with the next call, or as the rest.
        """
        if time.monotonic() >= self._next_look:
            self.follow_cpus()
        self._gather(limit)
        return self._given()

    def rest(self) -> list[bytes]:
        """What all buffers that can be read hold, for the end: another may fail."""
        for buffer in self._buffers.values():
            with suppress(Exception):
                self._left += buffer.drain(sys.maxsize)
        return self._given()

    def _given(self) -> list[bytes]:
        """What was read, in the order of its time."""
        # A perf sample is padded to 8 bytes: the record's own lengths say where it ends.
        records = sorted(self._left, key=TIME.unpack_from)
        records = self._boot_time.given(records) if self._boot_time is not None else records
        self._left = []
        return records

    def _gather(self, limit: int) -> None:
        """Read on until there are so many. Each buffer is asked at least once: one that fails does so each time."""
        found = bool(self._buffers)
        while found:
            before, failed = len(self._left), None
            each = max((limit - before) // len(self._buffers), 1)
            for buffer in self._buffers.values():
                try:
                    self._left += buffer.drain(each)
                except Exception as error:  # noqa: BLE001 - it must not keep the others from being read
                    failed = error
            if failed is not None:
                raise failed
            found = before < len(self._left) < limit

    def follow_cpus(self) -> None:
        """Open buffers for CPUs that have come, or were away."""
        self._next_look = time.monotonic() + LOOK_SECONDS
        for cpu in [cpu for cpu, buffer in self._buffers.items() if not buffer.is_alive()]:
            self._left += self._buffers[cpu].drain(sys.maxsize)
            self._close(cpu)
        for cpu in _numbers(self._online):
            if cpu not in self._buffers:
                with suppress(OSError):  # it has gone again; the next look finds it
                    self._open(cpu)

    def close(self) -> None:
        """Unmap and close everything; the programs have nowhere to write to any more. May be called again."""
        for cpu in list(self._buffers):
            self._close(cpu)

    def _open(self, cpu: int) -> None:
        buffer = _CpuBuffer(cpu, self._each)
        try:
            self._events.update(_CPU.pack(cpu), struct.pack("=I", buffer.fd))
        except OSError:
            buffer.close()
            raise
        self._buffers[cpu] = buffer
        buffer.enable()

    def _close(self, cpu: int) -> None:
        self._events.delete(_CPU.pack(cpu))  # the array would keep the buffer alive
        self._buffers.pop(cpu).close()


def _numbers(path: Path) -> list[int]:
    """The CPUs of a list such as ``0,2-7``."""
    ranges = [part.split("-") for part in path.read_text().strip().split(",") if part]
    return [cpu for ends in ranges for cpu in range(int(ends[0]), int(ends[-1]) + 1)]

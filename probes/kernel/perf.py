"""Reads perf buffers, one for each CPU: the transport for kernels older than 5.8, which have no ring buffer.

Opened and mapped here by perf_event_open(2), so that no bcc is needed. The format is that of ``perf_event_open(2)``:
a control page with the positions, then the data, in which records wrap. What finds no room is counted by the BPF
program, whose output then fails; the kernel's own notes about it are skipped.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import struct
import threading
from contextlib import ExitStack
from pathlib import Path

from probes.kernel.bpf_map import BpfMap, possible_cpus
from probes.kernel.syscalls import number_of

_ATTRIBUTES = struct.Struct("=IIQQQQQIIQ")
"""struct perf_event_attr, version 0: type, size, config, sample_period, sample_type, read_format, flags, watermark,
bp_type, config1."""
_SOFTWARE, _BPF_OUTPUT = 1, 10
_SAMPLE_RAW = 1 << 10
_WATERMARK = 1 << 14
"""Wake readers by filled bytes: never, as we look of our own accord."""
_CLOEXEC = 8
_ENABLE = 0x2400
_RECORD_SAMPLE = 9
_HEADER = struct.Struct("=IHHI")
"""type, misc, size of the record; size of the sample."""
_HEAD, _TAIL = 1024 // 8, 1032 // 8
"""Indexes of data_head and data_tail in the control page."""
_CPU = struct.Struct("=I")
_TIME = struct.Struct("=8xQ")
_PAGE = mmap.PAGESIZE

_libc = ctypes.CDLL(None, use_errno=True)


def _open_event(cpu: int) -> int:
    attributes = _ATTRIBUTES.pack(
        _SOFTWARE, _ATTRIBUTES.size, _BPF_OUTPUT, 1, _SAMPLE_RAW, 0, _WATERMARK, 0x7FFFFFFF, 0, 0
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

    ``events`` is the perf event array; its owner keeps it open as long as this.
    """

    def __init__(self, events: BpfMap, size: int) -> None:
        cpus = [cpu for cpu in range(possible_cpus()) if _is_online(cpu)]
        each = max(1 << (size // len(cpus)).bit_length() - 1, 16 * _PAGE)
        self._buffers: list[_CpuBuffer] = []
        with ExitStack() as stack:
            for cpu in cpus:
                self._buffers.append(buffer := _CpuBuffer(cpu, each))
                stack.callback(buffer.close)
                events.update(_CPU.pack(cpu), struct.pack("=I", buffer.fd))
                stack.callback(events.delete, _CPU.pack(cpu))  # the array would keep the buffer alive
                fcntl.ioctl(buffer.fd, _ENABLE, 0)
            self._cleanup = stack.pop_all()

    def drain(self, limit: int) -> list[bytes]:
        """About ``limit`` records, those of one call in the order of their time; fewer when all buffers are empty."""
        records: list[bytes] = []
        while len(records) < limit:
            each = max((limit - len(records)) // len(self._buffers), 1)
            found = [record for buffer in self._buffers for record in buffer.drain(each)]
            if not found:
                break
            records += found
        # A perf sample is padded to 8 bytes: the record's own lengths say where it ends.
        return sorted(records, key=_TIME.unpack_from)

    def close(self) -> None:
        """Unmap and close everything; the programs have nowhere to write to any more. May be called again."""
        self._cleanup.close()


def _is_online(cpu: int) -> bool:
    switch = Path(f"/sys/devices/system/cpu/cpu{cpu}/online")
    return not switch.exists() or switch.read_text().strip() == "1"  # without a switch it is always on

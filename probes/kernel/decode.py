"""Records of the kernel → :class:`engine.events.KernelEvent`, by the rows of the event table."""

from __future__ import annotations

import struct
import sys
from collections.abc import Mapping
from functools import lru_cache

from engine.events import HOST, Fd, KernelEvent, ProcessInfo
from engine.schema import EVENT_TYPES, NOT_CAPTURED, RET, EventType, Param, ParamType
from probes.kernel.paths import joined, text
from probes.kernel.told import LENGTHS, LENGTHS_AT, POINTERS, Args, Sections, Teller, layout, sections_of, told
from probes.kernel.wire import (
    FILE_MEMFD,
    FILE_OVERLAY_LOWER,
    FILE_OVERLAY_UPPER,
    FLAG_COMPAT,
    FLAG_EXECVEAT,
    FLAG_URING,
    RECORD,
    TASK_INFO,
    Kind,
    Section,
)
from probes.machine.cgroups import Key

TICK = 10_000_000
"""Nanoseconds of the clock tick in which /proc/PID/stat tells the start of a process. Starts are rounded down to it, so
that a process has the same identity in events and in the snapshot; no pid is used twice within a tick."""

_64_BITS = {ParamType.UINT64, ParamType.INT64}
_SIGNED_32 = {ParamType.FD, ParamType.DIRFD, ParamType.PID, ParamType.INT32, ParamType.ERRNO}
_HEAD = struct.Struct("=HHIQQQQQIIIIII16sq")
"""The fixed part up to the return value."""
_RETURNED = _HEAD.size - 8
"""Where the return value stands, with the registers behind it."""
_SYSCALL = int(Kind.SYSCALL)
_FIRST_REGISTER = struct.Struct("=Q")


class RowDecoder:
    """Reads the parameters of one kind of event."""

    def __init__(self, row: EventType) -> None:
        self.name = row.name
        numbers = {p.register: p for p in row.params if _is_number(p.type, p.register)}
        self._names = [numbers[register].name for register in _IN_RECORD if register in numbers]
        self._numbers = struct.Struct("=" + "".join(_format(numbers.get(register)) for register in _IN_RECORD))
        self._fd_name = row.fd if row.fd_register != NOT_CAPTURED else ""
        self._teller = Teller(row)

    def read(self, record: bytes) -> tuple[Args, dict[str, str], Fd | None]:
        """The parameters of a system call, what relative paths among them are relative to, and its descriptor."""
        args: Args = dict(zip(self._names, self._numbers.unpack_from(record, _RETURNED), strict=True))
        more, bases, tried, fields = told(self._teller, record)
        args |= more
        if not self._fd_name:
            return args, bases, None
        num = int(args[self._fd_name])
        return args, bases, Fd(num, *fields) if num >= 0 else Fd(name=tried)


@lru_cache(maxsize=4096)
def _comm(name: bytes) -> str:
    """The name of a thread: sixteen bytes, NUL included."""
    return text(name.split(b"\0", 1)[0])


def _is_number(kind: ParamType, register: int) -> bool:
    return register != NOT_CAPTURED and not kind.is_string and kind not in POINTERS


def _signed(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value & 0x80000000 else value


_IN_RECORD = (RET, 0, 1, 2, 3, 4, 5)
"""Registers in the order in which they stand in a record."""


def _format(param: Param | None) -> str:
    """How :mod:`struct` reads a register for a parameter: skipped without one, else the bits that count."""
    if param is None:
        return "8x"
    if param.type in _64_BITS:
        return "q" if param.type is ParamType.INT64 else "Q"
    half = "i" if param.type in _SIGNED_32 else "I"
    return f"{half}4x" if sys.byteorder == "little" else f"4x{half}"


class Decoder:
    """Decodes records.

    ``containers`` maps (hierarchy, cgroup) to container ids and is read at each record; ``offset`` is added to the time
    since boot to give the time since the epoch, in nanoseconds.
    """

    def __init__(self, containers: Mapping[Key, str], offset: int) -> None:
        self.offset = offset
        self._containers = containers
        self._rows = [RowDecoder(row) for row in EVENT_TYPES]

    def decode(self, record: bytes) -> KernelEvent:
        """The event of a record of kind SYSCALL, EXEC, FORK or EXIT."""
        (
            kind, number, flags, time, start, effective, permitted, cgroup, hierarchy, pid, tid, ppid, uid, gid, comm,
            ret,
        ) = _HEAD.unpack_from(record)  # fmt: skip
        row = self._rows[number]
        args, bases, fd = row.read(record) if kind == _SYSCALL else ({}, {}, None)
        event = KernelEvent(  # by position, which takes half the time
            time + self.offset, row.name, pid, tid, start - start % TICK, ppid, _comm(comm), uid, gid,
            effective, permitted, self._containers.get((hierarchy, cgroup), HOST), ret, args, fd, None,
            flags & FLAG_COMPAT != 0, flags & FLAG_URING != 0, bases, time,
        )  # fmt: skip
        if kind != _SYSCALL:
            self._process(event, kind, flags, record)
        return event

    def _process(self, event: KernelEvent, kind: int, flags: int, record: bytes) -> None:
        sections = sections_of(record[LENGTHS_AT:])
        if kind == Kind.EXIT:
            event.args = {"status": event.res or 0}
            event.res = None
            return
        event.process = process = self._process_info(event, sections)
        if kind == Kind.FORK:
            event.args = {"res": process.pid, "flags": _FIRST_REGISTER.unpack_from(record, _RETURNED + 8)[0]}
            return
        if flags & FLAG_EXECVEAT:
            event.type = "execveat"
        path = "pathname" if flags & FLAG_EXECVEAT else "filename"
        event.args = {"res": 0, path: text(sections[Section.NAME0][:-1])}
        _add_program(process, event, sections)

    def _process_info(self, event: KernelEvent, sections: Sections) -> ProcessInfo:
        (
            start, inheritable, cgroup, exe_ino, ctime, mtime, hierarchy, pid, vpid, ppid, loginuid, tty, sid, pgid,
            vpgid, pid_ns, mnt_ns, exe_flags, comm,
        ) = TASK_INFO.unpack(sections[Section.TASK])  # fmt: skip
        return ProcessInfo(
            pid=pid,
            start=start - start % TICK,
            ppid=ppid,
            vpid=vpid,
            comm=text(comm.split(b"\0", 1)[0]),
            uid=event.uid,
            gid=event.gid,
            loginuid=_signed(loginuid),
            tty=tty,
            sid=sid,
            pgid=pgid,
            vpgid=vpgid,
            cap_effective=event.cap_effective,
            cap_permitted=event.cap_permitted,
            cap_inheritable=inheritable,
            pid_ns=pid_ns,
            mnt_ns=mnt_ns,
            exe_ino=exe_ino,
            exe_ctime=ctime,
            exe_mtime=mtime,
            is_exe_upper_layer=bool(exe_flags & FILE_OVERLAY_UPPER),
            is_exe_lower_layer=bool(exe_flags & FILE_OVERLAY_LOWER),
            is_exe_from_memfd=bool(exe_flags & FILE_MEMFD),
            container_id=self._containers.get((hierarchy, cgroup), HOST),
            started=start + self.offset,
        )


def _add_program(process: ProcessInfo, event: KernelEvent, sections: Sections) -> None:
    """What an exec changes: the program, its arguments and its environment."""
    exe, *process.args = strings(sections[Section.ARGV]) or [""]
    process.exe = exe
    process.env = strings(sections[Section.ENV])
    process.exepath = joined(sections[Section.PATH])
    process.cwd = joined(sections[Section.BASE0])
    process.comm = event.comm


def strings(block: bytes) -> list[str]:
    """The NUL-terminated strings of a block; the last one may have been cut."""
    parts = text(block).split("\0")
    return parts[:-1] if parts[-1] == "" else parts


def split(record: bytes, lengths: list[int]) -> Sections:
    """The sections of a record, b"" for those that are absent."""
    return layout(LENGTHS.pack(*lengths)).unpack_from(record, RECORD.size)


def cgroup_of(record: bytes) -> tuple[Key, list[int]]:
    """The key of the cgroup a record speaks of, and the lengths of its sections."""
    fields = RECORD.unpack_from(record)
    return (fields[8], fields[7]), list(fields[22:])

"""Records of the kernel → :class:`engine.events.KernelEvent`, by the rows of the event table."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache

from msgspec.structs import replace

from engine.events import HOST, KernelEvent, ProcessInfo
from engine.schema import EVENT_TYPES
from probes.kernel.parameters import RETURNED, RowDecoder
from probes.kernel.paths import joined, text
from probes.kernel.told import LENGTHS, LENGTHS_AT, NOTHING, Sections, Told, layout, sections_of
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

_HEAD = struct.Struct("=HHIQ")
"""Kind, event, flags, time."""
_DOER = struct.Struct("=QQQQIIIIII16s")
"""Who it was: start, capabilities, cgroup, …"""
_DOER_AT = _HEAD.size
_RET = struct.Struct("=q")
_FIRST_REGISTER = struct.Struct("=Q")
_SYSCALL = int(Kind.SYSCALL)
_SHORT = 600
"""Bytes of a record up to which it is remembered: most come again, and long ones must not fill the memory."""
_REMEMBERED = 4096
"""Records, and threads, that are remembered; one takes about a kilobyte."""

Doer = tuple[int, int, int, int, str, int, int, int, int, str]
"""The fields of :class:`engine.events.KernelEvent` that say who it was, from ``pid`` to ``container_id``."""


@lru_cache(maxsize=4096)
def _comm(name: bytes) -> str:
    """The name of a thread: sixteen bytes, NUL included."""
    return text(name.split(b"\0", 1)[0])


def _signed(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value & 0x80000000 else value


class Decoder:
    """Decodes records.

    ``containers`` maps (hierarchy, cgroup) to container ids; whoever changes it calls :meth:`forget`. ``offset`` is
    added to the time since boot to give the time since the epoch, in nanoseconds.

    What the bytes of a record told is remembered: who it was, by one part, and what the sections say, by another.
    A thread that does the same again sends the same bytes but for the time; so the latest event with the same sections
    is often the same event, too. Events share what they hold, and nobody may change one.
    """

    def __init__(self, containers: Mapping[Key, str], offset: int) -> None:
        self.offset = offset
        self._containers = containers
        self._rows = [RowDecoder(row) for row in EVENT_TYPES]
        self._remembered = 0
        self._doers: dict[bytes, Doer] = {}

    @property
    def remembered(self) -> int:
        """How many things are remembered."""
        return len(self._doers) + sum(len(row.known) for row in self._rows)

    def forget(self) -> None:
        """Remember nothing: the containers are others, or it is too much."""
        self._remembered = 0
        self._doers.clear()
        for row in self._rows:
            row.known.clear()

    def decode(self, record: bytes) -> KernelEvent:
        """The event of a record of kind SYSCALL, EXEC, FORK or EXIT."""
        kind, number, flags, time = _HEAD.unpack_from(record)
        row = self._rows[number]
        told = row.known.get(record[LENGTHS_AT:])
        if told is not None and told.fixed == record[_DOER_AT:LENGTHS_AT] and told.flags == flags and kind == _SYSCALL:
            event: KernelEvent = replace(told.event, time=time + self.offset, since_boot=time)
            return event
        if kind != _SYSCALL:
            event = self._event(row, record, NOTHING, flags, time)
            self._process(event, kind, flags, record)
            return event
        told = told or self._tell(row, record)
        told.event = event = self._event(row, record, told, flags, time)
        told.fixed, told.flags = record[_DOER_AT:LENGTHS_AT], flags
        return event

    def _tell(self, row: RowDecoder, record: bytes) -> Told:
        told = row.tell(record)
        if len(record) < _SHORT:
            if self._remembered >= _REMEMBERED:
                self.forget()
            self._remembered += 1
            row.known[record[LENGTHS_AT:]] = told
        return told

    def _event(self, row: RowDecoder, record: bytes, told: Told, flags: int, time: int) -> KernelEvent:
        raw = record[_DOER_AT:RETURNED]
        pid, tid, start, ppid, comm, uid, gid, effective, permitted, container = self._doers.get(raw) or self._doer(raw)
        args = row.args(record, told)
        return KernelEvent(  # by position, which takes half the time
            time + self.offset, row.name, pid, tid, start, ppid, comm, uid, gid, effective, permitted, container,
            _RET.unpack_from(record, RETURNED)[0], args, row.fd(args, told), None,
            flags & FLAG_COMPAT != 0, flags & FLAG_URING != 0, told.bases, time,
        )  # fmt: skip

    def _doer(self, raw: bytes) -> Doer:
        start, effective, permitted, cgroup, hierarchy, pid, tid, ppid, uid, gid, comm = _DOER.unpack(raw)
        container = self._containers.get((hierarchy, cgroup), HOST)
        if len(self._doers) >= _REMEMBERED:
            self._doers.clear()
        doer = (pid, tid, start - start % TICK, ppid, _comm(comm), uid, gid, effective, permitted, container)
        self._doers[raw] = doer
        return doer

    def _process(self, event: KernelEvent, kind: int, flags: int, record: bytes) -> None:
        sections = sections_of(record[LENGTHS_AT:])
        if kind == Kind.EXIT:
            event.args = {"status": event.res or 0}
            event.res = None
            return
        event.process = process = self._process_info(event, sections)
        if kind == Kind.FORK:
            event.args = {"res": process.pid, "flags": _FIRST_REGISTER.unpack_from(record, RETURNED + 8)[0]}
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

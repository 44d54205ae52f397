"""Records of the kernel → :class:`engine.events.KernelEvent`, by the rows of the event table."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache

from msgspec.structs import replace

from engine.events import HOST, KernelEvent, ProcessInfo
from engine.schema import EVENT_TYPES
from probes.kernel.layouts import Layout, Layouts
from probes.kernel.wire import (
    DOER,
    DOER_AT,
    FILE_MEMFD,
    FILE_OVERLAY_LOWER,
    FILE_OVERLAY_UPPER,
    FLAG_COMPAT,
    FLAG_EXECVEAT,
    FLAG_URING,
    HEAD,
    HEAD_AT,
    LENGTHS,
    LENGTHS_AT,
    RECORD,
    REGISTERS,
    REGISTERS_AT,
    TASK_INFO,
    TIME,
    Kind,
    Section,
)
from probes.machine.cgroups import Key
from probes.machine.clocks import TICK
from probes.paths import joined, text

_TIME = TIME.unpack_from
_SYSCALL = int(Kind.SYSCALL)
_REMEMBERED = 4096
"""Records, and threads, that are remembered; one takes about a kilobyte."""
_SELDOM = 7
"""Bits of the time by which one record of eight is remembered: what comes often is soon among them. What comes only
once would cost half as much again if all were, since each would take other memory."""

Sections = tuple[bytes, ...]
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

    A thread that does the same again sends the same bytes but for the time; what some of them told is remembered.
    Events share what they hold, and nobody may change one.
    """

    def __init__(self, containers: Mapping[Key, str], offset: int) -> None:
        self.offset = offset
        self._containers = containers
        self._doers: dict[bytes, Doer] = {}
        self._told: dict[bytes, KernelEvent] = {}
        self._recall = self._told.get
        self._layouts = Layouts({"doers": self._doers, "doer": self._doer})

    @property
    def remembered(self) -> int:
        """How many things are remembered."""
        return len(self._doers) + len(self._told)

    def forget(self) -> None:
        """Remember nothing: the containers are others."""
        self._doers.clear()
        self._told.clear()

    def decode(self, record: bytes) -> KernelEvent:
        """The event of a record of kind SYSCALL, EXEC, FORK or EXIT."""
        (time,) = _TIME(record)
        same = record[HEAD_AT:]
        told = self._recall(same)
        if told is not None:
            event: KernelEvent = replace(told, time=time + self.offset, since_boot=time)
            return event
        head = record[HEAD_AT:DOER_AT]
        unpack, make, is_short = self._layouts.get(head) or self._layout(head)
        event = make(time + self.offset, time, unpack(record))
        if is_short and not time & _SELDOM:
            if len(self._told) >= _REMEMBERED:
                self._told.clear()
            self._told[same] = event
        return event

    def _layout(self, head: bytes) -> Layout:
        kind, *_ = HEAD.unpack(head)
        return self._layouts.learn(head) if kind == _SYSCALL else (bytes, self._of_task, False)

    def _of_task(self, wall: int, time: int, record: bytes) -> KernelEvent:
        kind, number, flags, *_ = HEAD.unpack_from(record, HEAD_AT)
        ret, *registers = REGISTERS.unpack_from(record, REGISTERS_AT)
        raw = record[DOER_AT:REGISTERS_AT]
        doer = self._doers.get(raw) or self._doer(raw)
        event = KernelEvent(wall, EVENT_TYPES[number].name, *doer, res=ret, since_boot=time)
        event.compat, event.io_uring = flags & FLAG_COMPAT != 0, flags & FLAG_URING != 0
        self._process(event, kind, flags, registers[0], record)
        return event

    def _doer(self, raw: bytes) -> Doer:
        start, effective, permitted, cgroup, hierarchy, pid, tid, ppid, uid, gid, comm = DOER.unpack(raw)
        container = self._containers.get((hierarchy, cgroup), HOST)
        if len(self._doers) >= _REMEMBERED:
            self._doers.clear()
        doer = (pid, tid, start - start % TICK, ppid, _comm(comm), uid, gid, effective, permitted, container)
        self._doers[raw] = doer
        return doer

    def _process(self, event: KernelEvent, kind: int, flags: int, register: int, record: bytes) -> None:
        sections = sections_of(record)
        if kind == Kind.EXIT:
            event.args = {"status": event.res or 0}
            event.res = None
            return
        event.process = process = self._process_info(event, sections)
        if kind == Kind.FORK:
            event.args = {"res": process.pid, "flags": register}
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


def sections_of(record: bytes) -> Sections:
    """The sections of a record, b"" for those that are absent. Raises struct.error when they are cut."""
    lengths = LENGTHS.unpack_from(record, LENGTHS_AT)
    return struct.unpack_from("=" + "".join(f"{length}s" for length in lengths), record, RECORD.size)


def cgroup_of(record: bytes) -> Key:
    """The key of the cgroup a record speaks of."""
    _, _, _, cgroup, hierarchy, *_ = DOER.unpack_from(record, DOER_AT)
    return hierarchy, cgroup

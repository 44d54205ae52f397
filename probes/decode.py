"""Records of the kernel → :class:`engine.events.KernelEvent`, by the rows of the event table."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from engine.events import HOST, Fd, KernelEvent, ProcessInfo
from engine.schema import EVENT_TYPES, NOT_CAPTURED, RET, EventType, ParamType
from probes.addresses import Address, parse_sockaddr
from probes.cgroups import Key
from probes.descriptors import file_fd, socket_fd
from probes.paths import absolute, joined, text
from probes.wire import (
    FILE_MEMFD,
    FILE_OVERLAY_LOWER,
    FILE_OVERLAY_UPPER,
    FLAG_COMPAT,
    FLAG_EXECVEAT,
    RECORD,
    TASK_INFO,
    Kind,
    Section,
)

TICK = 10_000_000
"""Nanoseconds of the clock tick in which /proc/PID/stat tells the start of a process. Starts are rounded down to it, so
that a process has the same identity in events and in the snapshot; no pid is used twice within a tick."""

_64_BITS = {ParamType.UINT64, ParamType.INT64}
_SIGNED_32 = {ParamType.FD, ParamType.DIRFD, ParamType.PID, ParamType.INT32, ParamType.ERRNO}
_IS_SERVER = {"connect": False, "sendto": False, "accept": True, "accept4": True, "listen": True}
"""What a call says about the side its process is on."""
_OPEN_HOW = struct.Struct("=QQQ")

Sections = list[bytes]
Registers = tuple[int, ...]
"""The six argument registers and the return value, so that RET (-1) is an index too."""
_ABSENT: Sections = [b""] * len(Section)
Args = dict[str, int | str]


class RowDecoder:
    """Reads the parameters of one kind of event."""

    def __init__(self, row: EventType) -> None:
        self.name = row.name
        self.strings = [(p.name, p.type is not ParamType.CHARBUF) for p in row.strings]
        self.numbers = [(p.name, p.register, *_width(p.type)) for p in row.params if _is_number(p.type, p.register)]
        self.sockaddr = next((p.name for p in row.params if p.type is ParamType.SOCKADDR), "")
        self.how = next((p.name for p in row.params if p.type is ParamType.OPEN_HOW), "")
        self.has_fd = row.fd_register != NOT_CAPTURED
        self.fd_register = row.fd_register
        self.opens_path = row.fd_register == RET and any(is_path for _, is_path in self.strings)
        self.is_server = _IS_SERVER.get(row.name)

    def args(self, registers: Registers, sections: Sections) -> tuple[Args, dict[str, str], str]:
        """The parameters, what relative paths among them are relative to, and the path of an open, made absolute."""
        args: Args = {}
        for name, register, mask, sign in self.numbers:
            value = registers[register] & mask
            args[name] = value - ((value & sign) << 1)
        bases: dict[str, str] = {}
        tried = ""
        for i, (name, is_path) in enumerate(self.strings):
            if not sections[i]:
                continue
            args[name] = given = text(sections[i][:-1])
            if is_path:
                if base := joined(sections[Section.BASE0 + i]) if sections[Section.BASE0 + i] else "":
                    bases[name] = base
                tried = absolute(given, base) if self.opens_path else ""
        return args, bases, tried

    def fd(self, registers: Registers, sections: Sections, tried: str, peer: Address | None) -> Fd | None:
        """The event's descriptor."""
        num = _signed(registers[self.fd_register])
        if num < 0:
            return Fd(name=tried)
        if sections[Section.FILE]:
            return file_fd(num, sections[Section.FILE], sections[Section.PATH], tried)
        if sections[Section.SOCKET]:
            return socket_fd(num, sections[Section.SOCKET], sections[Section.PATH], peer, self.is_server)
        return Fd(num=num, name=tried)


def _is_number(kind: ParamType, register: int) -> bool:
    return register != NOT_CAPTURED and not kind.is_string and kind not in (ParamType.SOCKADDR, ParamType.OPEN_HOW)


def _signed(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value & 0x80000000 else value


def _width(kind: ParamType) -> tuple[int, int]:
    """The bits of a register that count for this type, and its sign bit, 0 for none."""
    if kind in _64_BITS:
        return (1 << 64) - 1, 1 << 63 if kind is ParamType.INT64 else 0
    return (1 << 32) - 1, 1 << 31 if kind in _SIGNED_32 else 0


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
            ret, *rest,
        ) = RECORD.unpack_from(record)  # fmt: skip
        registers, sections = (*rest[:6], ret), split(record, rest[6:])
        row = self._rows[number]
        event = KernelEvent(
            time=time + self.offset,
            type=row.name,
            pid=pid,
            tid=tid,
            start=start - start % TICK,
            ppid=ppid,
            comm=text(comm.split(b"\0", 1)[0]),
            uid=uid,
            gid=gid,
            cap_effective=effective,
            cap_permitted=permitted,
            container_id=self._containers.get((hierarchy, cgroup), HOST),
            res=ret,
            compat=bool(flags & FLAG_COMPAT),
            since_boot=time,
        )
        if kind == Kind.SYSCALL:
            self._syscall(event, row, registers, sections)
        else:
            self._process(event, kind, flags, sections)
        return event

    def _syscall(self, event: KernelEvent, row: RowDecoder, registers: Registers, sections: Sections) -> None:
        event.args, event.bases, tried = row.args(registers, sections)
        peer = None
        if row.sockaddr and (peer := parse_sockaddr(sections[Section.SOCKADDR])):
            event.args[row.sockaddr] = peer.text
        if row.how and len(sections[Section.HOW]) == _OPEN_HOW.size:
            flags, mode, resolve = _OPEN_HOW.unpack(sections[Section.HOW])
            event.args |= {row.how: flags, "mode": mode, "resolve": resolve}
        if row.has_fd:
            event.fd = row.fd(registers, sections, tried, peer)

    def _process(self, event: KernelEvent, kind: int, flags: int, sections: Sections) -> None:
        if kind == Kind.EXIT:
            event.args = {"status": event.res or 0}
            event.res = None
            return
        event.process = process = self._process_info(event, sections)
        if kind == Kind.FORK:
            event.args = {"res": process.pid}
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
    position, sections = RECORD.size, _ABSENT.copy()
    for i, length in enumerate(lengths):
        if length:
            sections[i] = record[position : position + length]
            position += length
    return sections


def cgroup_of(record: bytes) -> tuple[Key, list[int]]:
    """The key of the cgroup a record speaks of, and the lengths of its sections."""
    fields = RECORD.unpack_from(record)
    return (fields[8], fields[7]), list(fields[22:])

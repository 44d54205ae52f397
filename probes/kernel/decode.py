"""Records of the kernel → :class:`engine.events.KernelEvent`, by the rows of the event table."""

from __future__ import annotations

import struct
import sys
from collections.abc import Mapping
from functools import lru_cache

from engine.events import HOST, Fd, KernelEvent, ProcessInfo
from engine.schema import EVENT_TYPES, NOT_CAPTURED, RET, EventType, Param, ParamType
from probes.kernel.addresses import Address, parse_sockaddr
from probes.kernel.descriptors import file_fd, socket_fd
from probes.kernel.paths import absolute, joined, text
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
_IS_SERVER = {"connect": False, "accept": True, "accept4": True, "listen": True}
"""What a call says about the side its process is on, …"""
_IS_SERVER_TO_PEER = {
    **dict.fromkeys(("sendto", "sendmsg", "sendmmsg"), False),
    **dict.fromkeys(("recvfrom", "recvmsg", "recvmmsg"), True),
}
"""… and one that tells the address of each datagram: who sends first is the client."""
_OPEN_HOW = struct.Struct("=QQQ")
_HEAD = struct.Struct("=HHIQQQQQIIIIII16sq")
"""The fixed part up to the return value."""
_LENGTHS = struct.Struct(f"={len(Section)}H")
_RETURNED, _LENGTHS_AT = _HEAD.size - 8, RECORD.size - _LENGTHS.size
"""Where the return value stands, with the registers behind it, and the lengths of the sections."""
_SOCKADDR = int(Section.SOCKADDR)
_FILE, _PATH, _SOCKET, _BASE0 = int(Section.FILE), int(Section.PATH), int(Section.SOCKET), int(Section.BASE0)
_SYSCALL = int(Kind.SYSCALL)
_FIRST_REGISTER = struct.Struct("=Q")
_SHORT = 256
"""Bytes up to which decoded text is remembered: most texts come again, and long ones must not fill the memory."""

Sections = tuple[bytes, ...]
Args = dict[str, int | str]


class RowDecoder:
    """Reads the parameters of one kind of event."""

    def __init__(self, row: EventType) -> None:
        self.name = row.name
        self.strings = [(p.name, p.type is not ParamType.CHARBUF) for p in row.strings]
        numbers = {p.register: p for p in row.params if _is_number(p.type, p.register)}
        self._names = [numbers[register].name for register in _IN_RECORD if register in numbers]
        self._numbers = struct.Struct("=" + "".join(_format(numbers.get(register)) for register in _IN_RECORD))
        self.sockaddr = next((p.name for p in row.params if p.type is ParamType.SOCKADDR), "")
        self.payload = next((p.name for p in row.params if p.type in _PAYLOADS), "")
        self.how = next((p.name for p in row.params if p.type is ParamType.OPEN_HOW), "")
        self.fd_name = row.fd if row.fd_register != NOT_CAPTURED else ""
        self.opens_path = row.fd_register == RET and any(is_path for _, is_path in self.strings)
        self.is_server = _IS_SERVER.get(row.name)
        self.is_server_to_peer = _IS_SERVER_TO_PEER.get(row.name, self.is_server)

    def args(self, record: bytes, sections: Sections) -> tuple[Args, dict[str, str], str]:
        """The parameters, what relative paths among them are relative to, and the path of an open, made absolute."""
        args: Args = dict(zip(self._names, self._numbers.unpack_from(record, _RETURNED), strict=True))
        bases: dict[str, str] = {}
        tried = ""
        for i, (name, is_path) in enumerate(self.strings):
            if not sections[i]:
                continue
            given, base, whole = _path(sections[i], sections[_BASE0 + i])
            args[name] = given
            if is_path:
                if base:
                    bases[name] = base
                tried = whole if self.opens_path else ""
        return args, bases, tried

    def fd(self, num: int, sections: Sections, tried: str, peer: Address | None) -> Fd:
        """The event's descriptor."""
        if num < 0:
            return Fd(name=tried)
        if sections[_FILE]:
            return file_fd(num, sections[_FILE], sections[_PATH], tried)
        if sections[_SOCKET]:
            is_server = self.is_server if peer is None else self.is_server_to_peer
            return socket_fd(num, sections[_SOCKET], sections[_PATH], peer, is_server)
        # Closed again by another thread, or kept in a table of io_uring: opened all the same.
        return Fd(num=num, type="file" if tried else "", name=tried)


def _read_path(name: bytes, base: bytes) -> tuple[str, str, str]:
    """A path as given, what it is relative to, and both as one."""
    given, folder = text(name[:-1]), joined(base) if base else ""
    return given, folder, absolute(given, folder)


_read_again = lru_cache(maxsize=4096)(_read_path)


def _path(name: bytes, base: bytes) -> tuple[str, str, str]:
    return _read_again(name, base) if len(name) + len(base) < _SHORT else _read_path(name, base)


@lru_cache(maxsize=4096)
def _comm(name: bytes) -> str:
    """The name of a thread: sixteen bytes, NUL included."""
    return text(name.split(b"\0", 1)[0])


_PAYLOADS = (ParamType.BYTES, ParamType.MESSAGE)
_POINTERS = (ParamType.SOCKADDR, ParamType.OPEN_HOW, *_PAYLOADS)


def _is_number(kind: ParamType, register: int) -> bool:
    return register != NOT_CAPTURED and not kind.is_string and kind not in _POINTERS


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
        sections = _layout(record[_LENGTHS_AT : RECORD.size]).unpack_from(record, RECORD.size)
        row = self._rows[number]
        container_id = self._containers.get((hierarchy, cgroup), HOST)
        event = KernelEvent(  # by position, which takes half the time
            time + self.offset, row.name, pid, tid, start - start % TICK, ppid, _comm(comm), uid, gid,
            effective, permitted, container_id, ret,
        )  # fmt: skip
        event.since_boot = time
        event.compat = bool(flags & FLAG_COMPAT)
        event.io_uring = bool(flags & FLAG_URING)
        if kind == _SYSCALL:
            self._syscall(event, row, record, sections)
        else:
            self._process(event, kind, flags, record, sections)
        return event

    def _syscall(self, event: KernelEvent, row: RowDecoder, record: bytes, sections: Sections) -> None:
        event.args, event.bases, tried = row.args(record, sections)
        peer = None
        if sections[_SOCKADDR] and (peer := parse_sockaddr(sections[_SOCKADDR])) and row.sockaddr:
            event.args[row.sockaddr] = peer.text
        if row.payload and sections[Section.PAYLOAD]:
            event.args[row.payload] = sections[Section.PAYLOAD].decode("latin-1")
        if row.how and len(sections[Section.HOW]) == _OPEN_HOW.size:
            flags, mode, resolve = _OPEN_HOW.unpack(sections[Section.HOW])
            event.args |= {row.how: flags, "mode": mode, "resolve": resolve}
        if row.fd_name:
            event.fd = row.fd(int(event.args[row.fd_name]), sections, tried, peer)

    def _process(self, event: KernelEvent, kind: int, flags: int, record: bytes, sections: Sections) -> None:
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
    return _layout(_LENGTHS.pack(*lengths)).unpack_from(record, RECORD.size)


@lru_cache(maxsize=2048)
def _layout(lengths: bytes) -> struct.Struct:
    """How the sections of a record follow one another; b"" is read for those that are absent."""
    return struct.Struct("=" + "".join(f"{length}s" for length in _LENGTHS.unpack(lengths)))


def cgroup_of(record: bytes) -> tuple[Key, list[int]]:
    """The key of the cgroup a record speaks of, and the lengths of its sections."""
    fields = RECORD.unpack_from(record)
    return (fields[8], fields[7]), list(fields[22:])

"""What the record of a system call tells, read section by section: the slow and plain way.

The functions that the sensor uses (``probes/kernel/written.py``) are held to this.
"""

from __future__ import annotations

import os
import posixpath
import stat
import struct
import sys
from collections.abc import Mapping
from typing import NamedTuple

from engine.events import HOST, Fd, KernelEvent
from engine.schema import EVENT_TYPES, NOT_CAPTURED, RET, EventType, Param, ParamType
from probes.addresses import Address, parse_sockaddr
from probes.descriptor_types import PLACELESS
from probes.kernel.decode import sections_of
from probes.kernel.descriptors import socket_fd
from probes.kernel.wire import (
    DOER,
    DOER_AT,
    FILE_CREATED,
    FILE_INFO,
    FILE_OVERLAY_LOWER,
    FILE_OVERLAY_UPPER,
    FILE_PIDFD,
    FLAG_COMPAT,
    FLAG_URING,
    HEAD,
    HEAD_AT,
    REGISTERS,
    REGISTERS_AT,
    TIME,
    Section,
)
from probes.machine.cgroups import Key
from probes.machine.clocks import TICK

PAYLOADS = (ParamType.BYTES, ParamType.MESSAGE)
POINTERS = (ParamType.SOCKADDR, ParamType.OPEN_HOW, *PAYLOADS)
FORMATS = {
    **dict.fromkeys((ParamType.FD, ParamType.DIRFD, ParamType.PID, ParamType.INT32, ParamType.ERRNO), "i"),
    ParamType.INT64: "q",
    ParamType.UINT64: "Q",
}
CLIENT_OR_SERVER = {"connect": False, "accept": True, "accept4": True, "listen": True}
TO_PEER = {
    **dict.fromkeys(("sendto", "sendmsg", "sendmmsg"), False),
    **dict.fromkeys(("recvfrom", "recvmsg", "recvmmsg"), True),
}


def plain_event(record: bytes, containers: Mapping[Key, str], offset: int) -> KernelEvent:
    """The event of a system call's record."""
    (time,) = TIME.unpack_from(record)
    _, number, flags, *_ = HEAD.unpack_from(record, HEAD_AT)
    row, sections = EVENT_TYPES[number], sections_of(record)
    start, effective, permitted, cgroup, hierarchy, pid, tid, ppid, uid, gid, comm = DOER.unpack_from(record, DOER_AT)
    told = _told(row, record, sections)
    return KernelEvent(
        time=time + offset,
        type=row.name,
        pid=pid,
        tid=tid,
        start=start - start % TICK,
        ppid=ppid,
        comm=_text(comm.partition(b"\0")[0]),
        uid=uid,
        gid=gid,
        cap_effective=effective,
        cap_permitted=permitted,
        container_id=containers.get((hierarchy, cgroup), HOST),
        res=REGISTERS.unpack_from(record, REGISTERS_AT)[0],
        args=told.args,
        fd=_fd(row, sections, told),
        compat=bool(flags & FLAG_COMPAT),
        io_uring=bool(flags & FLAG_URING),
        bases=told.bases,
        since_boot=time,
    )


class _Told(NamedTuple):
    args: dict[str, int | str]
    bases: dict[str, str]
    tried: str
    peer: Address | None


def _told(row: EventType, record: bytes, sections: tuple[bytes, ...]) -> _Told:
    registers = dict(enumerate(REGISTERS.unpack_from(record, REGISTERS_AT), start=RET))
    numbers = [p for p in row.params if _is_number(p)]
    args: dict[str, int | str] = {p.name: _narrowed(registers[p.register], p.type) for p in numbers}
    bases, tried = _paths(row, sections, args)
    peer = parse_sockaddr(sections[Section.SOCKADDR])
    if peer and (name := _name_of(row, ParamType.SOCKADDR)):
        args[name] = peer.text
    if sections[Section.PAYLOAD] and (name := _name_of(row, *PAYLOADS)):
        args[name] = sections[Section.PAYLOAD].decode("latin-1")
    if len(sections[Section.HOW]) == 24 and (name := _name_of(row, ParamType.OPEN_HOW)):
        args[name], args["mode"], args["resolve"] = struct.unpack("=QQQ", sections[Section.HOW])
    return _Told(args, bases, tried, peer)


def _paths(row: EventType, sections: tuple[bytes, ...], args: dict[str, int | str]) -> tuple[dict[str, str], str]:
    bases: dict[str, str] = {}
    tried = ""
    for at, param in enumerate(row.strings):
        if not sections[at]:
            continue
        args[param.name] = given = _text(sections[at][:-1])
        if param.type is ParamType.CHARBUF:
            continue
        if base := _joined(sections[Section.BASE0 + at]):
            bases[param.name] = base
        tried = _absolute(given, base) if row.fd_register == RET else ""
    return bases, tried


def _is_number(param: Param) -> bool:
    return param.register != NOT_CAPTURED and not param.type.is_string and param.type not in POINTERS


def _narrowed(value: int, kind: ParamType) -> int:
    """What of a register counts for a parameter."""
    form = FORMATS.get(kind, "I")
    raw = (value & (1 << 64) - 1).to_bytes(8, sys.byteorder)
    half = raw[:4] if sys.byteorder == "little" else raw[4:]
    (number,) = struct.unpack(f"={form}", raw if form in "qQ" else half)
    return int(number)


def _name_of(row: EventType, *kinds: ParamType) -> str:
    return next((param.name for param in row.params if param.type in kinds), "")


def _fd(row: EventType, sections: tuple[bytes, ...], told: _Told) -> Fd | None:
    if not row.fd or row.fd_register == NOT_CAPTURED:
        return None
    num = int(told.args[row.fd])
    if num < 0:
        return Fd(name=told.tried)
    if sections[Section.FILE]:
        return _file(num, sections, told.tried)
    if sections[Section.SOCKET]:
        side = CLIENT_OR_SERVER.get(row.name)
        is_server = side if told.peer is None else TO_PEER.get(row.name, side)
        info, path = sections[Section.SOCKET], sections[Section.PATH]
        return socket_fd(num, info, path, told.peer, is_server, connects=row.name == "connect")
    return Fd(num=num, type="file" if told.tried else "", name=told.tried)


def _file(num: int, sections: tuple[bytes, ...], tried: str) -> Fd:
    ino, dev, flags, mode, _ = FILE_INFO.unpack(sections[Section.FILE])
    path = "[pidfd]" if flags & FILE_PIDFD else _joined(sections[Section.PATH])
    is_lost = not tried.startswith("/") and ".." in tried.split("/")
    return Fd(
        num=num,
        type=_type(mode, path, tried),
        name=path if path and is_lost else tried or path,
        path=path,
        created=bool(flags & FILE_CREATED),
        upper_layer=bool(flags & FILE_OVERLAY_UPPER),
        lower_layer=bool(flags & FILE_OVERLAY_LOWER),
        dev=os.makedev(dev >> 20, dev & 0xFFFFF),
        ino=ino,
    )


def _type(mode: int, path: str, tried: str) -> str:
    if stat.S_ISDIR(mode):
        return "directory"
    if tried or path.startswith("/"):
        return "file"
    if stat.S_ISFIFO(mode):
        return "pipe"
    return "memfd" if path.startswith("memfd:") else PLACELESS.get(path, "file")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _joined(names: bytes) -> str:
    """A path from its names, leaf first; one that does not end at the root, which has no name, is not known."""
    found = _text(names).split("\0")[:-1]
    if len(found) == 1:
        return found[0]
    return "/".join(reversed(found)) if found and not found[-1] else ""


def _absolute(path: str, base: str) -> str:
    if not path.startswith("/") and not base:
        return path
    whole = path if path.startswith("/") else f"{base}/{path}"
    is_plain = "//" not in whole and "/." not in whole and not whole.endswith("/")
    return whole if is_plain else "/" + posixpath.normpath(whole).lstrip("/")

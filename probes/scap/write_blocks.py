"""The blocks of a capture that is written: the lists in front, and the block around each event.

The layouts are the tables that the reader has (:mod:`probes.scap.blocks`), in the versions of scap 1.2, which readers
know since 2020: entries of lists begin with their length, and readers pass over what they do not know of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Interface, IPv6Interface

import msgspec

from engine.events import Fd, ProcessInfo
from probes.scap import blocks as form
from probes.scap.blocks import FdType
from probes.scap.write_values import cgroups, port_number, raw_ip, texts, to_bytes

MACHINE, PROCESSES, FDS, INTERFACES, USERS = 0x201, 0x215, 0x218, 0x219, 0x220
EVENT, FLAGGED_EVENT, LARGE_EVENT = 0x216, 0x217, 0x221

LONGEST_TEXT = 0xFFFF
"""Bytes of the longest text of a list: its length has 16 bits."""
_LONGEST_NAME = 1023
"""Bytes of the longest path or name that readers take."""

_64_BITS = 0xFFFF_FFFF_FFFF_FFFF
_32_BITS = 0xFFFF_FFFF


class Machine(msgspec.Struct, frozen=True):
    """The machine a capture is from."""

    hostname: str = ""
    cpus: int = 1
    memory: int = 0
    """Bytes."""
    max_pid: int = 0
    booted: int = 0
    """Nanoseconds since the epoch."""


class Interface(msgspec.Struct, frozen=True):
    """A network interface with one of its addresses, which tells local from remote."""

    name: str
    address: IPv4Interface | IPv6Interface


def block(number: int, body: bytes) -> bytes:
    """A block of this type."""
    padding = -len(body) % 4
    size = form.HEADER_SIZE + len(body) + padding + form.TRAILER_SIZE
    return b"".join((struct.pack(form.HEADER, number, size), body, bytes(padding), struct.pack("<I", size)))


def section() -> bytes:
    """The beginning of the file."""
    return block(form.SECTION_HEADER, struct.pack(form.SECTION_BODY, form.BYTE_ORDER, form.MAJOR, form.MINOR, _64_BITS))


def machine(info: Machine) -> bytes:
    """What machine it is from."""
    numbers = (info.cpus, info.memory, info.max_pid, to_bytes(info.hostname)[:127], info.booted, 0, 0, 0)
    return block(MACHINE, struct.pack(form.MACHINE, *numbers))


def interfaces(found: Iterable[Interface]) -> bytes:
    """The addresses of the machine, IPv4 first."""
    ordered = sorted(found, key=lambda each: each.address.version)
    return block(INTERFACES, b"".join(map(_interface, ordered)))


def users(names: Mapping[int, str], groups: Mapping[int, str]) -> bytes:
    """The host's users and groups, by number; their homes and shells are not known."""
    entries = [_user(number, name) for number, name in names.items()]
    entries += [_group(number, name) for number, name in groups.items()]
    return block(USERS, b"".join(_measured(entries)))


def processes(found: Iterable[ProcessInfo]) -> bytes:
    """The processes that live when the capture begins."""
    return block(PROCESSES, b"".join(_measured(map(_process, found))))


def descriptors(pid: int, fds: Iterable[Fd]) -> bytes:
    """What a process of the list has open."""
    return block(FDS, struct.pack("<q", pid) + b"".join(_measured(map(_fd, fds))))


def event(
    number: int, time: int, tid: int, params: list[bytes], *, large: bool = False, state_only: bool = False
) -> bytes:
    """An event. ``params`` are shorter than 64 KiB each and together, except of types that are ``large``."""
    lengths = struct.pack(f"<{len(params)}{'I' if large else 'H'}", *map(len, params))
    content = lengths + b"".join(params)
    size = form.EVENT_HEADER_SIZE + len(content)
    head = struct.pack(form.EVENT_HEADER, time & _64_BITS, tid & _64_BITS, size, number, len(params))
    if state_only:
        return block(FLAGGED_EVENT, struct.pack("<HI", 0, form.STATE_ONLY) + head + content)
    return block(LARGE_EVENT if large else EVENT, struct.pack("<H", 0) + head + content)


# ── entries of lists ────────────────────────────────────────────────────────────────────────────────────────────────


def _measured(bodies: Iterable[bytes]) -> Iterator[bytes]:
    """Each behind its length, which counts itself."""
    for body in bodies:
        yield struct.pack("<I", len(body) + 4) + body


def _text(value: bytes, longest: int = LONGEST_TEXT) -> bytes:
    """Behind its length; what is too long is cut."""
    return struct.pack("<H", min(len(value), longest)) + value[:longest]


def _name(value: str) -> bytes:
    return _text(to_bytes(value), _LONGEST_NAME)


_INTERFACE = {4: 1, 6: 2}
"""IP version → type of the entry."""


def _interface(found: Interface) -> bytes:
    kind = _INTERFACE[found.address.version]
    name, network = to_bytes(found.name), found.address.network
    addresses = (found.address.packed, network.netmask.packed, network.broadcast_address.packed)
    body = struct.pack(form.INTERFACE_HEAD, kind, len(name)) + struct.pack(form.INTERFACES[kind], *addresses, 0) + name
    return struct.pack("<I", len(body)) + body


def _user(number: int, name: str) -> bytes:
    numbers = bytes((form.USER,)) + struct.pack(form.USER_NUMBERS, number & _32_BITS, 0)
    return numbers + _name(name) + b"".join(map(_name, [""] * (len(form.USER_TEXTS) - 1)))


def _group(number: int, name: str) -> bytes:
    return bytes((form.GROUP,)) + struct.pack(form.GROUP_NUMBERS, number & _32_BITS) + _name(name)


def _process(info: ProcessInfo) -> bytes:
    values = _process_values(info)
    return b"".join(map(_packed, *zip(*_process_fields(values), strict=True)))


def _process_fields(values: Mapping[str, int | bytes]) -> Iterator[tuple[str, int | bytes]]:
    """Type and value of each field; what is not known is 0."""
    for field in (*form.PROCESS, *form.PROCESS_APPENDED):
        yield field.type, values.get(field.name, b"" if field.type == form.TEXT else 0)


def _packed(kind: str, value: int | bytes) -> bytes:
    """Numbers that a hostile recording makes too large lose what is too much."""
    if isinstance(value, bytes):
        return _text(value)
    size = struct.calcsize(f"<{kind}")
    return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def _process_values(info: ProcessInfo) -> dict[str, int | bytes]:
    named = {name: to_bytes(getattr(info, name))[:_LONGEST_NAME] for name in ("comm", "exe", "exepath", "cwd")}
    same = ("pid", "sid", "vpgid", "pgid", "uid", "gid", "tty", "cap_inheritable", "cap_permitted", "cap_effective")
    return {
        **named,
        **{name: getattr(info, name) for name in (*same, "exe_ino")},
        "tid": info.pid,
        "ptid": info.ppid,
        "vtid": info.vpid or info.pid,
        "vpid": info.vpid or info.pid,
        "args": texts(info.args),
        "env": texts(info.env),
        "cgroups": cgroups(info),
        "root": b"/",
        "loginuid": info.loginuid & _32_BITS,
        "exe_writable": info.is_exe_writable,
        "pidns_init_start_ts": info.pidns_start,
        "exe_upper_layer": info.is_exe_upper_layer,
        "exe_lower_layer": info.is_exe_lower_layer,
        "exe_from_memfd": info.is_exe_from_memfd,
        "exe_ino_ctime": info.exe_ctime,
        "exe_ino_mtime": info.exe_mtime,
    }


# ── descriptors ─────────────────────────────────────────────────────────────────────────────────────────────────────

_NEWEST_FD_TYPE = 16
"""Readers of 2022 refuse a file with types beyond; they are written as :attr:`FdType.UNSUPPORTED`, with their name."""
_NUMBERS = {layout.type: number for number, layout in form.FD_LAYOUTS.items() if number <= _NEWEST_FD_TYPE}
_FILE = 16
_SOCKETS = {"ipv4": (3, 5), "ipv6": (4, 6)}
"""``fd.type`` → types of the entry: a connection, and a socket that has only this end."""
_PROTOCOLS = {name: number for number, name in form.PROTOCOLS.items()}


def _fd(fd: Fd) -> bytes:
    number, body = _fd_body(fd)
    return struct.pack(form.FD_HEAD, fd.num, fd.ino & _64_BITS, number) + body


def _fd_body(fd: Fd) -> tuple[int, bytes]:
    """Type of the entry, and what follows its head."""
    if fd.type == FdType.FILE:
        return _FILE, struct.pack("<I", 0) + _name(fd.name) + struct.pack("<I", fd.dev & _32_BITS)
    if fd.type == FdType.UNIX:
        return _NUMBERS[FdType.UNIX], bytes(16) + _name(fd.name)
    if fd.type in _SOCKETS:
        return _socket(fd)
    return _NUMBERS.get(FdType(fd.type) if fd.type in set(FdType) else FdType.UNSUPPORTED, 10), _name(fd.name)


def _socket(fd: Fd) -> tuple[int, bytes]:
    connection, lone = _SOCKETS[fd.type]
    protocol = bytes((_PROTOCOLS.get(fd.l4proto, 0),))
    local, remote = raw_ip(fd.type, fd.local_ip), raw_ip(fd.type, fd.remote_ip)
    local_port, remote_port = port_number(fd.local_port), port_number(fd.remote_port)
    if not fd.connected:
        return lone, local + local_port + protocol
    if fd.is_server:
        return connection, remote + local + remote_port + local_port + protocol
    return connection, local + remote + local_port + remote_port + protocol

"""The lists at the beginning of a capture: the machine, its processes, their descriptors, users and interfaces.

Text is bytes as they are in the file; whoever makes inputs of them decodes it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import msgspec

from probes.scap import blocks
from probes.scap.blocks import FD_LAYOUTS, Block, FdType, Kind, ListField


class Section(msgspec.Struct):
    """A part of a file begins: what was known before is void."""


class Machine(msgspec.Struct):
    """Where the capture was made."""

    processors: int = 0
    hostname: bytes = b""
    boot: int = 0
    """When it was started, nanoseconds since the epoch; 0 if not known."""


class ListedThread(msgspec.Struct, kw_only=True):
    """A thread of the process list; names are those of :data:`probes.scap.blocks.PROCESS`."""

    tid: int
    pid: int
    ptid: int
    comm: bytes
    exe: bytes
    args: bytes
    cwd: bytes
    fdlimit: int
    flags: int
    uid: int
    gid: int
    sid: int = -1
    vpgid: int = -1
    pgid: int = -1
    exepath: bytes = b""
    vmsize_kb: int = 0
    vmrss_kb: int = 0
    vmswap_kb: int = 0
    pfmajor: int = 0
    pfminor: int = 0
    env: bytes = b""
    vtid: int = -1
    vpid: int = -1
    cgroups: bytes = b""
    root: bytes = b""
    pidns_init_start_ts: int = 0
    tty: int = 0
    loginuid: int = 0xFFFFFFFF
    exe_writable: int = 0
    cap_inheritable: int = 0
    cap_permitted: int = 0
    cap_effective: int = 0
    exe_upper_layer: int = 0
    exe_ino: int = 0
    exe_ino_ctime: int = 0
    exe_ino_mtime: int = 0
    exe_from_memfd: int = 0
    exe_lower_layer: int = 0


class ListedFd(msgspec.Struct):
    """A descriptor of the fd list."""

    number: int
    ino: int
    type: FdType | None
    """None for a type that is not known."""
    name: bytes = b""
    numbers: tuple[int | bytes, ...] = ()
    """As :data:`probes.scap.blocks.FD_LAYOUTS` says for the type; the device of a file last."""
    listens: bool = False


class Processes(msgspec.Struct):
    """The threads that live when the capture begins."""

    threads: list[ListedThread]


class Fds(msgspec.Struct):
    """The open descriptors of a thread."""

    tid: int
    fds: list[ListedFd]


class Interfaces(msgspec.Struct):
    """The machine's own addresses: packed, 4 or 16 bytes."""

    addresses: list[tuple[bytes, bytes, bytes]]
    """(name, address, netmask)."""


class UserNames(msgspec.Struct):
    """The machine's users and groups."""

    users: dict[int, bytes]
    groups: dict[int, bytes]


class Piece(msgspec.Struct):
    """Another piece of the file was read: a moment to breathe, also where there is nothing to be told for long."""


Listing = Piece | Section | Machine | Processes | Fds | Interfaces | UserNames


def parse(block: Block, body: bytes) -> Listing:
    """A list from its block. Raises struct.error or ValueError for one whose inside is wrong."""
    return _PARSERS[block.kind](block, body)


def _machine(_block: Block, body: bytes) -> Listing:
    processors, _memory, _pids, hostname, boot, *_rest = struct.unpack_from(blocks.MACHINE, body)
    return Machine(processors, hostname.partition(b"\0")[0], boot)


# ── processes ───────────────────────────────────────────────────────────────────────────────────────────────────────


class _Cursor:
    """A place in a block's body that moves on with what is read."""

    def __init__(self, body: bytes, at: int = 0) -> None:
        self.body = body
        self.at = at

    def numbers(self, form: str) -> tuple[int | bytes, ...]:
        values = struct.unpack_from(form, self.body, self.at)
        self.at += struct.calcsize(form)
        return values

    def number(self, form: str) -> int:
        (value,) = self.numbers(form)
        assert isinstance(value, int)
        return value

    def text(self) -> bytes:
        length = self.number("<H")
        if self.at + length > len(self.body):
            raise ValueError("a text is cut off")
        found = self.body[self.at : self.at + length]
        self.at += length
        return found

    def field(self, field: ListField) -> int | bytes:
        return self.text() if field.type == blocks.TEXT else self.number(f"<{field.type}")


def _entries(body: bytes, at: int, *, counted: bool, inclusive: bool = True) -> Iterator[tuple[_Cursor, int]]:
    """A cursor at each entry, and where the entry ends (-1 where entries do not say how long they are).

    Less than four bytes at the end are padding.
    """
    cursor = _Cursor(body, at)
    while len(body) - cursor.at >= 4:
        start = cursor.at
        end = -1
        if counted:
            end = cursor.number("<I") + (start if inclusive else cursor.at)
            if not cursor.at <= end <= len(body):
                raise ValueError("an entry is longer than the list")
        yield cursor, end
        if counted:
            if cursor.at > end:
                raise ValueError("an entry is shorter than what is in it")
            cursor.at = end


def _processes(block: Block, body: bytes) -> Listing:
    counted = block.version >= 9
    return Processes([_thread(cursor, end, block) for cursor, end in _entries(body, 0, counted=counted)])


def _thread(cursor: _Cursor, end: int, block: Block) -> ListedThread:
    values = {field.name: cursor.field(field) for field in blocks.PROCESS if field.since <= block.version}
    interleaved = end - cursor.at > blocks.BEFORE_INTERLEAVED
    for field in blocks.PROCESS_APPENDED:
        if field.name in blocks.INTERLEAVED and not interleaved:
            continue
        if cursor.at + struct.calcsize(f"<{field.type}") > end:
            break
        values[field.name] = cursor.field(field)
    return msgspec.convert(values, ListedThread)


# ── descriptors, interfaces, users ──────────────────────────────────────────────────────────────────────────────────


def _fds(block: Block, body: bytes) -> Listing:
    (tid,) = struct.unpack_from("<q", body)
    return Fds(tid, [_fd(cursor, end) for cursor, end in _entries(body, 8, counted=block.version >= 2)])


def _fd(cursor: _Cursor, end: int) -> ListedFd:
    number, ino, kind = struct.unpack_from(blocks.FD_HEAD, cursor.body, cursor.at)
    cursor.at += struct.calcsize(blocks.FD_HEAD)
    layout = FD_LAYOUTS.get(kind)
    if layout is None:
        return ListedFd(number, ino, None)
    numbers = cursor.numbers(layout.numbers) if layout.numbers else ()
    name = cursor.text() if layout.named else b""
    if layout.after and cursor.at + struct.calcsize(layout.after) <= end:
        numbers += cursor.numbers(layout.after)
    return ListedFd(number, ino, layout.type, name, numbers, listens=kind in blocks.LISTENING)


def _interfaces(block: Block, body: bytes) -> Listing:
    found = []
    for cursor, _end in _entries(body, 0, counted=block.version >= 2, inclusive=False):
        kind, length = cursor.number("<H"), cursor.number("<H")
        if kind not in blocks.INTERFACES:
            raise ValueError(f"an interface is of the unknown type {kind}")
        address, netmask, *_rest = cursor.numbers(blocks.INTERFACES[kind])
        assert isinstance(address, bytes) and isinstance(netmask, bytes)
        found.append((cursor.body[cursor.at : cursor.at + length], address, netmask))
        cursor.at += length
    return Interfaces(found)


def _users(block: Block, body: bytes) -> Listing:
    found = UserNames({}, {})
    for cursor, _end in _entries(body, 0, counted=block.version >= 2):
        if cursor.number("<B") == blocks.USER:
            uid, _gid = cursor.number("<I"), cursor.number("<I")
            found.users[uid], *_texts = [cursor.text() for _ in blocks.USER_TEXTS]
        else:
            gid = cursor.number("<I")
            found.groups[gid] = cursor.text()
    return found


_PARSERS: dict[Kind, Callable[[Block, bytes], Listing]] = {
    Kind.MACHINE: _machine,
    Kind.PROCESSES: _processes,
    Kind.FDS: _fds,
    Kind.INTERFACES: _interfaces,
    Kind.USERS: _users,
}

"""What the sections of a system call's record tell: paths, addresses, payload, and what its descriptor stands for.

It is the same for the same bytes, whatever stands in the registers. Programs open the same files again and again, so
short sections are read once and what they told is remembered: that is most of the work on an event that comes often.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from engine.events import Fd, KernelEvent
from engine.schema import NOT_CAPTURED, RET, EventType, ParamType
from probes.kernel.addresses import Address, parse_sockaddr
from probes.kernel.descriptors import file_fd, socket_fd
from probes.kernel.paths import absolute, joined, text
from probes.kernel.wire import RECORD, Section

LENGTHS = struct.Struct(f"={len(Section)}H")
LENGTHS_AT = RECORD.size - LENGTHS.size
"""Where the lengths of the sections stand in a record, with the sections behind them."""

_PAYLOADS = (ParamType.BYTES, ParamType.MESSAGE)
POINTERS = (ParamType.SOCKADDR, ParamType.OPEN_HOW, *_PAYLOADS)
"""Parameters whose register says only where they are."""
_IS_SERVER = {"connect": False, "accept": True, "accept4": True, "listen": True}
"""What a call says about the side its process is on, …"""
_IS_SERVER_TO_PEER = {
    **dict.fromkeys(("sendto", "sendmsg", "sendmmsg"), False),
    **dict.fromkeys(("recvfrom", "recvmsg", "recvmmsg"), True),
}
"""… and one that tells the address of each datagram: who sends first is the client."""
_OPEN_HOW = struct.Struct("=QQQ")
_SOCKADDR, _HOW, _PAYLOAD = int(Section.SOCKADDR), int(Section.HOW), int(Section.PAYLOAD)
_FILE, _PATH, _SOCKET, _BASE0 = int(Section.FILE), int(Section.PATH), int(Section.SOCKET), int(Section.BASE0)
Sections = tuple[bytes, ...]
Args = dict[str, int | str]


class Told:
    """What sections tell, for all events with the same sections, and the latest of these events.

    What else told that event are the bytes of its record between the time and the lengths of the sections (``fixed``)
    and its ``flags``.
    """

    __slots__ = ("args", "bases", "event", "fd", "fixed", "flags", "tried")
    event: KernelEvent

    def __init__(self, args: Args, bases: dict[str, str], tried: str, fd: Fd) -> None:
        self.args = args
        """The parameters that stand in sections."""
        self.bases = bases
        """By parameter, what a relative path is relative to."""
        self.tried = tried
        """The path of an open, made absolute; "" for another call."""
        self.fd = fd
        """The descriptor, but for its number, if there is one."""
        self.fixed = b""
        self.flags = 0


NOTHING = Told({}, {}, "", Fd())


class Teller:
    """Reads the sections of one kind of system call."""

    def __init__(self, row: EventType) -> None:
        self._strings = [(p.name, p.type is not ParamType.CHARBUF) for p in row.strings]
        self._sockaddr = _name_of(row, ParamType.SOCKADDR)
        self._payload = _name_of(row, *_PAYLOADS)
        self._how = _name_of(row, ParamType.OPEN_HOW)
        self._has_fd = bool(row.fd) and row.fd_register != NOT_CAPTURED
        self._opens_path = row.fd_register == RET and any(is_path for _, is_path in self._strings)
        self._connects = row.name == "connect"
        self._is_server = _IS_SERVER.get(row.name)
        self._is_server_to_peer = _IS_SERVER_TO_PEER.get(row.name, self._is_server)

    def tell(self, sections: Sections) -> Told:
        """What ``sections`` tell."""
        args, bases, tried = self._paths(sections)
        peer = parse_sockaddr(sections[_SOCKADDR]) if sections[_SOCKADDR] else None
        if peer and self._sockaddr:
            args[self._sockaddr] = peer.text
        if self._payload and sections[_PAYLOAD]:
            args[self._payload] = sections[_PAYLOAD].decode("latin-1")
        if self._how and len(sections[_HOW]) == _OPEN_HOW.size:
            args[self._how], args["mode"], args["resolve"] = _OPEN_HOW.unpack(sections[_HOW])
        return Told(args, bases, tried, self._fd(sections, tried, peer) if self._has_fd else NOTHING.fd)

    def _paths(self, sections: Sections) -> tuple[Args, dict[str, str], str]:
        args: Args = {}
        bases: dict[str, str] = {}
        tried = ""
        for i, (name, is_path) in enumerate(self._strings):
            if not sections[i]:
                continue
            args[name] = given = text(sections[i][:-1])
            if not is_path:
                continue
            if base := joined(sections[_BASE0 + i]):
                bases[name] = base
            tried = absolute(given, base) if self._opens_path else ""
        return args, bases, tried

    def _fd(self, sections: Sections, tried: str, peer: Address | None) -> Fd:
        if sections[_FILE]:
            return file_fd(0, sections[_FILE], sections[_PATH], tried)
        if sections[_SOCKET]:
            is_server = self._is_server if peer is None else self._is_server_to_peer
            return socket_fd(0, sections[_SOCKET], sections[_PATH], peer, is_server, connects=self._connects)
        # Closed again by another thread, or kept in a table of io_uring: opened all the same.
        return Fd(num=0, type="file" if tried else "", name=tried)


def _name_of(row: EventType, *kinds: ParamType) -> str:
    return next((param.name for param in row.params if param.type in kinds), "")


@lru_cache(maxsize=2048)
def layout(lengths: bytes) -> struct.Struct:
    """How the sections of a record follow one another; b"" is read for those that are absent."""
    return struct.Struct("=" + "".join(f"{length}s" for length in LENGTHS.unpack(lengths)))


def sections_of(tail: bytes) -> Sections:
    """The sections in the bytes of a record from :data:`LENGTHS_AT` on. Raises struct.error when they are cut."""
    return layout(tail[: LENGTHS.size]).unpack_from(tail, LENGTHS.size)

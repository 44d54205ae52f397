"""Who is at the other end of a front end's connection, as the kernel knows it.

It is a variable of the context, which every task of a connection inherits: of all that is answered, only responses ask
for it, and they stand far behind the socket.
"""

from __future__ import annotations

import asyncio
import pwd
import socket
import struct
from contextvars import ContextVar
from dataclasses import dataclass

from engine.response.audit import Who


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that connected, and its user."""

    uid: int
    pid: int


_UNKNOWN = Peer(-1, 0)
_PEER: ContextVar[Peer] = ContextVar("peer", default=_UNKNOWN)


def note_peer(writer: asyncio.StreamWriter) -> Peer:
    """Who is at the other end of this stream (unix(7), SO_PEERCRED): what is answered from here on is asked by them."""
    connected = writer.get_extra_info("socket")
    credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _gid = struct.unpack("3i", credentials)
    peer = Peer(uid, pid)
    _PEER.set(peer)
    return peer


def who_asks(says: str = "") -> Who:
    """Who asks what is answered now; ``says`` is the name that they give themselves."""
    peer = _PEER.get()
    return Who(peer.uid, _name_of(peer.uid), peer.pid, says[:_LONGEST])


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError, ValueError):
        return ""


_LONGEST = 64
"""Characters of a name that is taken down."""

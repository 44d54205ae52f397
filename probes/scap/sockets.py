"""Addresses and connections as a capture has them, and the descriptors made of them.

A connection in a capture runs from the client to the server, whoever tells of it. Which end is the local one is
found as Falco finds it: the client's, if its address is the machine's own (or the container's, where that is known).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass

import msgspec

from engine.events import Fd
from probes.scap.blocks import PROTOCOLS, FdType
from probes.scap.lists import ListedFd
from probes.scap.values import Value, address, text

AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
_SOCK_STREAM, _SOCK_DGRAM, _SOCK_RAW = 1, 2, 3
_BY_PROTOCOL = {6: "tcp", 17: "udp", 1: "icmp", 255: "raw"}
_BY_TYPE = {_SOCK_STREAM: "tcp", _SOCK_DGRAM: "udp"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a socket is: an address and port, or a path."""

    ip: str = ""
    port: int = 0
    path: str = ""

    @property
    def type(self) -> str:
        """``fd.type``."""
        return "unix" if not self.ip else "ipv6" if ":" in self.ip else "ipv4"

    def __str__(self) -> str:
        return f"{self.ip}:{self.port}" if self.ip else self.path


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection from a client to a server; of Unix sockets there is a name."""

    client: Address
    server: Address
    name: str

    @property
    def type(self) -> str:
        """``fd.type``."""
        return self.server.type

    def turned(self) -> Connection:
        """The other way round."""
        name = self.name if self.type == "unix" else f"{self.server}->{self.client}"
        return Connection(self.server, self.client, name)


def parse_address(value: Value | None) -> Address | None:
    """A SOCKADDR; None where there is none."""
    if not isinstance(value, bytes) or not value:
        return None
    family, rest = value[0], value[1:]
    for known, size in ((AF_INET, 4), (AF_INET6, 16)):
        if family == known and len(rest) >= size + 2:
            return Address(address(rest[:size]), *struct.unpack_from("<H", rest, size))
    return Address(path=text(rest)) if family == AF_UNIX else None


def parse_tuple(value: Value | None) -> Connection | None:
    """A SOCKTUPLE; None where there is none."""
    if not isinstance(value, bytes) or not value:
        return None
    family, rest = value[0], value[1:]
    for known, size in ((AF_INET, 4), (AF_INET6, 16)):
        if family == known and len(rest) >= 2 * size + 4:
            return _internet(*struct.unpack_from(f"<{size}sH{size}sH", rest))
    if family == AF_UNIX and len(rest) >= 16:
        source, destination = struct.unpack_from("<QQ", rest)
        path = text(rest[16:])
        return Connection(Address(), Address(path=path), f"{source:x}->{destination:x} {path}")
    return None


def _internet(client: bytes, client_port: int, server: bytes, server_port: int) -> Connection:
    ends = Address(address(client), client_port), Address(address(server), server_port)
    return Connection(*ends, f"{ends[0]}->{ends[1]}")


def protocol_of(kind: int, protocol: int) -> str:
    """``fd.l4proto`` of a new socket, from the arguments of socket(2)."""
    if kind == _SOCK_RAW and protocol in _BY_PROTOCOL:
        return "raw"
    return _BY_PROTOCOL.get(protocol, "") if protocol else _BY_TYPE.get(kind & 0xFF, "")


IsLocal = Callable[[str], bool]
"""Whether an address is one of the machine's own."""


def connected(fd: Fd, tuple_: Connection, is_local: IsLocal, *, is_server: bool | None) -> Fd:
    """A descriptor of the same socket, now connected. ``is_server``: whether this side accepted."""
    if tuple_.type == "unix":
        return msgspec.structs.replace(fd, type="unix", name=tuple_.name, is_server=is_server, connected=True)
    client_is_local = is_local(tuple_.client.ip)
    local, remote = (tuple_.client, tuple_.server) if client_is_local else (tuple_.server, tuple_.client)
    return msgspec.structs.replace(
        fd,
        type=tuple_.type,
        name=tuple_.name,
        local_ip=local.ip,
        local_port=local.port,
        remote_ip=remote.ip,
        remote_port=remote.port,
        is_server=None if is_server is None else not client_is_local,
        connected=True,
    )


def bound(fd: Fd, at: Address) -> Fd:
    """A descriptor of the same socket, now with an address of its own; with a port it is taken for a server's."""
    if not at.ip or not at.port:
        return msgspec.structs.replace(fd, name=str(at))
    return msgspec.structs.replace(
        fd, type=at.type, name=str(at), local_ip=at.ip, local_port=at.port, remote_ip="", remote_port=0, is_server=True
    )


def listed(entry: ListedFd, is_local: IsLocal, served: Collection[object]) -> Fd:
    """A socket of the fd list. What has one of the ``served`` ports on its own side was accepted, as Falco takes it."""
    fd = Fd(num=entry.number, type=str(entry.type), name=text(entry.name), ino=entry.ino)
    if entry.type is FdType.UNIX:
        fd.is_server = bool(fd.name)
        return fd
    *ends, protocol = entry.numbers
    fd.l4proto = PROTOCOLS.get(protocol, "") if isinstance(protocol, int) else ""
    if entry.listens:
        ip, port = ends
        assert isinstance(ip, bytes) and isinstance(port, int)
        return bound(fd, Address(address(ip), port))
    client, server, client_port, server_port = ends
    assert isinstance(client, bytes) and isinstance(server, bytes)
    assert isinstance(client_port, int) and isinstance(server_port, int)
    if client_port in served:  # the list has the machine's own end first
        accepted = _internet(server, server_port, client, client_port)
        return connected(fd, accepted, is_local, is_server=True)
    return connected(fd, _internet(client, client_port, server, server_port), is_local, is_server=False)

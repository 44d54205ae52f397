"""Socket addresses: from the kernel's bytes to text."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

AF_UNIX = 1
AF_INET = 2
AF_INET6 = 10
_MAPPED = b"\0" * 10 + b"\xff\xff"
"""What begins an IPv4 address written as IPv6."""


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint: ``type`` is Falco's ``fd.type``; ``text`` is ``ip:port``, or the path of a Unix socket."""

    type: str
    ip: str = ""
    port: int = 0
    path: str = ""

    @property
    def text(self) -> str:
        """As ``evt.arg.addr`` shows it."""
        return self.path if self.type == "unix" else f"{self.ip}:{self.port}"


def ip_text(family: int, raw: bytes) -> tuple[str, str]:
    """(Falco's type, text) of the 16 bytes in which we carry an address. IPv4 within IPv6 counts as IPv4."""
    if family == AF_INET:
        return "ipv4", socket.inet_ntop(socket.AF_INET, raw[:4])
    if raw.startswith(_MAPPED):
        return "ipv4", socket.inet_ntop(socket.AF_INET, raw[12:])
    return "ipv6", socket.inet_ntop(socket.AF_INET6, raw)


def unix_path(raw: bytes) -> str:
    """A path, or ``@name`` of the abstract kind."""
    if raw.startswith(b"\0"):
        return "@" + raw[1:].decode("utf-8", "backslashreplace").rstrip("\0")
    return raw.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def parse_sockaddr(raw: bytes) -> Address | None:
    """A struct sockaddr as a program passes it; None for other families and for what is too short."""
    if len(raw) < 2:
        return None
    (family,) = struct.unpack_from("=H", raw)
    if family == AF_UNIX:
        return Address("unix", path=unix_path(raw[2:]))
    if family == AF_INET and len(raw) >= 8:
        return Address(*ip_text(AF_INET, raw[4:8]), port=int.from_bytes(raw[2:4], "big"))
    if family == AF_INET6 and len(raw) >= 24:
        return Address(*ip_text(AF_INET6, raw[8:24]), port=int.from_bytes(raw[2:4], "big"))
    return None

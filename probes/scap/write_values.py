"""Values as the bytes of a capture: texts, lists of them, addresses, the cgroup that names a container."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable

from engine.events import HOST, Fd, ProcessInfo

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
"""Linux's numbers, on every machine."""
_FAMILIES = {"ipv4": AF_INET, "ipv6": AF_INET6}


def to_bytes(text: str) -> bytes:
    """Text as it was in the kernel: what was no UTF-8 there stands as ``\\xNN`` in ours."""
    raw = text.encode("utf-8", "replace").replace(b"\0", b"")
    if "\\x" not in text:
        return raw
    return _ESCAPED_BYTES.sub(lambda match: bytes((int(match[1], 16),)), raw)


_ESCAPED_BYTES = re.compile(rb"\\x([89a-f][0-9a-f])")
"""Only bytes beyond ASCII were escaped; other text of this form was there as it stands."""


def text(value: str) -> bytes:
    """A text parameter."""
    return to_bytes(value) + b"\0"


def texts(values: Iterable[str]) -> bytes:
    """Several texts in one value."""
    return b"".join(map(text, values))


_CGROUPS = {"docker": "/docker/{}", "podman": "/libpod-{}.scope", "cri-o": "/crio-{}.scope"}
_CGROUP = "/cri-containerd-{}.scope"


def cgroups(process: ProcessInfo, runtime: str = "docker") -> bytes:
    """The cgroups of a process, made from its container's id in the runtime's way: readers know a container by them."""
    path = "/" if process.container_id == HOST else _CGROUPS.get(runtime, _CGROUP).format(process.container_id)
    return text(f"cpuset={path}")


# ── sockets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def raw_ip(family: str, ip: str) -> bytes:
    """An address of an ``fd.type``, in the order of the network; zeros for what is none."""
    number, size = (socket.AF_INET, 4) if family == "ipv4" else (socket.AF_INET6, 16)
    try:
        return socket.inet_pton(number, ip.partition("%")[0])
    except (OSError, ValueError):
        return bytes(size)


def port_number(port: int) -> bytes:
    """A port; little-endian, unlike the address."""
    return (port & 0xFFFF).to_bytes(2, "little")


def sockaddr(family: str, ip: str, port: int) -> bytes:
    """An address with a port."""
    return bytes((_FAMILIES[family],)) + raw_ip(family, ip) + port_number(port)


def unix_sockaddr(path: str) -> bytes:
    """The path of a Unix socket."""
    return bytes((AF_UNIX,)) + text(path)


def socktuple(fd: Fd) -> bytes:
    """Both ends of a socket, the client's first; empty for what is no connection."""
    if fd.type == "unix":
        return bytes((AF_UNIX,)) + bytes(16) + text(fd.name)
    if fd.type not in _FAMILIES or not fd.local_ip:
        return b""
    local = raw_ip(fd.type, fd.local_ip) + port_number(fd.local_port)
    remote = raw_ip(fd.type, fd.remote_ip) + port_number(fd.remote_port)
    ends = remote + local if fd.is_server else local + remote
    return bytes((_FAMILIES[fd.type],)) + ends

"""What a descriptor stands for: :class:`engine.events.Fd` from the kernel's sections."""

from __future__ import annotations

import struct
from functools import lru_cache

from engine.events import Fd
from probes.addresses import AF_INET, AF_INET6, AF_UNIX, Address, ip_text, unix_path
from probes.descriptor_types import PLACELESS
from probes.kernel.wire import (
    FILE_CREATED,
    FILE_INFO,
    FILE_OVERLAY_LOWER,
    FILE_OVERLAY_UPPER,
    FILE_PIDFD,
    SOCKET_INFO,
)
from probes.paths import joined

_S_IFMT = 0o170000
_SORTS = {0o040000: "directory", 0o010000: "pipe"}
"""The types of files that have their name by the mode."""
_INO, _ABOUT = struct.Struct("=Q16s"), struct.Struct(FILE_INFO.format.replace("Q", ""))
"""The number of a file's inode, which is another for each, and what many files have in common."""
_SOCK_STREAM, _SOCK_DGRAM, _SOCK_RAW = 1, 2, 3
_ESTABLISHED = 1
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp"}
_AF_NETLINK = 16
_FAMILIES = {AF_UNIX: "unix", AF_INET: "ipv4", AF_INET6: "ipv6", _AF_NETLINK: "netlink"}


def file_fd(num: int, info: bytes, names: bytes, tried: str) -> Fd:
    """A file; ``tried`` is the path by which it was opened just now, "" when it was opened earlier."""
    ino, about = _INO.unpack(info)
    sort, is_pidfd, created, upper, lower, dev = _about(about)
    path = "[pidfd]" if is_pidfd else joined(names)
    kind = sort if sort == "directory" else "file" if tried or path[:1] == "/" else sort or _placeless(path)
    name = path if path and tried[:1] != "/" and _is_lost(tried) else tried or path
    return Fd(  # by position, which takes a third of the time
        num, kind, name, path, "", "", 0, "", 0, None, False, created, upper, lower, dev, ino
    )


@lru_cache(maxsize=1024)
def _about(about: bytes) -> tuple[str, bool, bool, bool, bool, int]:
    """What many files have in common: the type as far as the mode tells it; whether it is a pidfd, was created, lies in
    an upper layer, in a lower one; the device."""
    dev, flags, mode, _ = _ABOUT.unpack(about)
    return (
        _SORTS.get(mode & _S_IFMT, ""),
        flags & FILE_PIDFD != 0,
        flags & FILE_CREATED != 0,
        flags & FILE_OVERLAY_UPPER != 0,
        flags & FILE_OVERLAY_LOWER != 0,
        _user_dev(dev),
    )


def _is_lost(tried: str) -> bool:
    """Whether a relative path leads upwards from a folder that nobody knows, so that only the kernel knows where to."""
    return ".." in tried.split("/")


def _placeless(path: str) -> str:
    return "memfd" if path.startswith("memfd:") else PLACELESS.get(path, "file")


def _user_dev(dev: int) -> int:
    """The kernel's dev_t (20 bits for the minor number) as stat(2) shows it."""
    major, minor = dev >> 20, dev & 0xFFFFF
    return (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12)


def socket_fd(
    num: int, info: bytes, path: bytes, peer: Address | None, is_server: bool | None, *, connects: bool = False
) -> Fd:
    """A socket; ``peer`` is the address given to connect or sendto, ``is_server`` what the call says of the role.

    Where a call ``connects``, the kernel's own idea of the other end goes before the address that was given: a thread
    may have written over it, and a path may be a link.
    """
    family, kind, protocol, state, lport, rport, local, remote = SOCKET_INFO.unpack(info)
    if family not in (AF_INET, AF_INET6):
        return Fd(
            num=num,
            type=_FAMILIES.get(family, ""),
            name=peer.path if peer and peer.path else unix_path(path),
            path=unix_path(path) if path and connects else "",
            is_server=is_server,
            connected=state == _ESTABLISHED,
        )
    kind_text, local_ip = ip_text(family, local)
    remote_type, remote_ip = ip_text(family, remote)
    if peer and peer.ip and not (connects and rport):
        remote_type, remote_ip, rport = peer.type, peer.ip, peer.port
    if is_server is None and state == _ESTABLISHED:
        is_server = lport < rport  # the usual guess: services have the lower ports
    fd = Fd(
        num=num,
        type="ipv4" if "ipv4" in (kind_text, remote_type) else "ipv6",
        l4proto="raw" if kind == _SOCK_RAW and protocol not in _PROTOCOLS else _PROTOCOLS.get(protocol, ""),
        local_ip=local_ip,
        local_port=lport,
        remote_ip=remote_ip,
        remote_port=rport,
        is_server=is_server,
        connected=state == _ESTABLISHED,
    )
    fd.name = socket_name(fd)
    return fd


def socket_name(fd: Fd) -> str:
    """``client->server``; the local end alone while there is no other; "" for a socket without an address."""
    local, remote = f"{fd.local_ip}:{fd.local_port}", f"{fd.remote_ip}:{fd.remote_port}"
    if not fd.remote_port:
        return local if fd.local_port else ""
    return f"{remote}->{local}" if fd.is_server else f"{local}->{remote}"

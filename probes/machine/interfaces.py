"""The addresses of this machine's network interfaces: they tell what is local."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from pathlib import Path

_IF_INET6 = Path("/proc/net/if_inet6")
_ADDRESS, _NETMASK = 0x8915, 0x891B
"""SIOCGIFADDR, SIOCGIFNETMASK (ioctl_list(2))."""
_REQUEST = struct.Struct("=16s24x")
_AT = slice(20, 24)
"""Where the IPv4 address stands in the answer (netdevice(7))."""

Interface = tuple[str, IPv4Interface | IPv6Interface]


def read_interfaces() -> list[Interface]:
    """Each interface with each of its addresses; of several IPv4 addresses the first."""
    return [*_ipv4(), *_ipv6()]


def _ipv4() -> Iterator[Interface]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):  # an interface without an address
                address = _ask(any_socket, _ADDRESS, name)
                yield name, IPv4Interface(f"{address}/{_ask(any_socket, _NETMASK, name)}")


def _ask(any_socket: socket.socket, question: int, name: str) -> str:
    answer = fcntl.ioctl(any_socket, question, _REQUEST.pack(name.encode()))
    return socket.inet_ntoa(answer[_AT])


def _ipv6() -> Iterator[Interface]:
    with contextlib.suppress(OSError):
        for line in _IF_INET6.read_text().splitlines():
            address, _, prefix, _, _, name = line.split()
            found = ip_interface(f"{socket.inet_ntop(socket.AF_INET6, bytes.fromhex(address))}/{int(prefix, 16)}")
            yield name, found

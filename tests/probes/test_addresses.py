"""Socket addresses as programs pass them."""

from __future__ import annotations

import socket
import struct

import pytest

from probes.addresses import Address, parse_sockaddr, unix_path

V6 = struct.pack("=H", 10) + struct.pack(">HI", 443, 0)


@pytest.mark.parametrize(
    ("raw", "address", "shown"),
    [
        (
            struct.pack("=H", 2) + struct.pack(">H4s8x", 80, bytes([10, 1, 2, 3])),
            Address("ipv4", "10.1.2.3", 80),
            "10.1.2.3:80",
        ),
        (V6 + socket.inet_pton(socket.AF_INET6, "fe80::1") + b"\0" * 4, Address("ipv6", "fe80::1", 443), "fe80::1:443"),
        (V6 + socket.inet_pton(socket.AF_INET6, "::ffff:1.2.3.4"), Address("ipv4", "1.2.3.4", 443), "1.2.3.4:443"),
        (struct.pack("=H", 1) + b"/run/docker.sock\0\0", Address("unix", path="/run/docker.sock"), "/run/docker.sock"),
        (struct.pack("=H", 1) + b"\0name", Address("unix", path="@name"), "@name"),
    ],
)
def test_an_address(raw: bytes, address: Address, shown: str) -> None:
    assert parse_sockaddr(raw) == address
    assert address.text == shown


@pytest.mark.parametrize("raw", [b"", b"\2", struct.pack("=H", 2) + b"\0\x50", struct.pack("=H", 16) + b"\0" * 10, V6])
def test_what_is_too_short_or_of_another_family_is_none(raw: bytes) -> None:
    assert parse_sockaddr(raw) is None


def test_a_unix_path_may_be_anything() -> None:
    assert unix_path(b"/tmp/\xff\x1b") == "/tmp/\\xff\x1b"

"""Literals: the text of a condition turned into values that can be compared with a field's."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from engine.lang.quoting import event_text, raw_bytes
from engine.lang.types import FieldType, Group

MAX_BYTES = 255
_INTEGER = re.compile(r"[ \t\r\n\v\f]*[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Network:
    """An IP network: the family's width in bits, the prefix and its mask as numbers."""

    width: int
    prefix: int
    mask: int

    def holds(self, address: str) -> bool:
        """Whether the address (text) lies in the network; an address of the other family does not."""
        width, number = address_number(address)
        return width == self.width and number & self.mask == self.prefix


@lru_cache(maxsize=4096)
def address_number(text: str) -> tuple[int, int]:
    """The width (32 or 128; 0 for what is no address) and the number of an address."""
    family, width = (socket.AF_INET6, 128) if ":" in text else (socket.AF_INET, 32)
    try:
        return width, int.from_bytes(socket.inet_pton(family, text))
    except OSError:
        return 0, 0


def convert(text: str, kind: FieldType) -> object:
    """The value a literal has for a field of this type. Raises ValueError with Falco's words."""
    return _CONVERTERS[kind.group](text, kind)


def _number(text: str, kind: FieldType) -> int:
    if kind is FieldType.PORT and not text[:1].isdigit():
        return _service(text)
    if not _INTEGER.fullmatch(text) or len(text) > MAX_BYTES:
        raise ValueError(f"{text[:MAX_BYTES]} is not a valid number")
    bits, signed = kind.bits
    value = int(text) & ((1 << bits) - 1)
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def _service(name: str) -> int:
    """A port by its service; Falco reads empty text as 0."""
    if not name:
        return 0
    try:
        return socket.getservbyname(name)
    except OSError:
        raise ValueError(f"unrecognized protocol {name}") from None


def _bool(text: str, _kind: FieldType) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"filter error: unrecognized boolean value {text}")
    return text == "true"


def _string(text: str, _kind: FieldType) -> str:
    if "\0" in text:
        raise ValueError("filter error: filter value cannot contain a NUL byte (\\x00)")
    if (used := len(raw_bytes(text))) > MAX_BYTES:
        raise ValueError(f"filter parameter too long (used={used + 1}, available={MAX_BYTES + 1})")
    return event_text(text)


def _bytes(text: str, _kind: FieldType) -> bytes:
    value = raw_bytes(text)
    if len(value) > MAX_BYTES:
        raise ValueError("filter parameter too long (byte buf)")
    return value


def hexadecimal(text: str) -> bytes:
    """The operand of ``bcontains`` and ``bstartswith``. Raises ValueError."""
    try:
        if " " in text:
            raise ValueError
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError("filter error: bcontains and bstartswith operator support hex strings only") from None


def _address(text: str, _kind: FieldType) -> str:
    version, family = (4, socket.AF_INET) if "." in text else (6, socket.AF_INET6)
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, text))
    except OSError:
        raise ValueError(f"unrecognized IPv{version} address {text}") from None


def _network(text: str, _kind: FieldType) -> Network:
    address, slash, length = text.partition("/")
    width, number = address_number(address)
    lowest = 0 if width == 32 else 1
    if not (slash and width and length.isascii() and length.isdigit() and lowest <= int(length) <= width):
        raise ValueError(f"unrecognized IP network {text}")
    mask = ((1 << int(length)) - 1) << (width - int(length))
    return Network(width, number & mask, mask)


def _other(_text: str, kind: FieldType) -> object:
    raise ValueError(f"filter error: values of type '{kind}' cannot be compared")


_CONVERTERS: dict[Group, Callable[[str, FieldType], object]] = {
    Group.NUMBER: _number,
    Group.BOOL: _bool,
    Group.STRING: _string,
    Group.BYTES: _bytes,
    Group.ADDRESS: _address,
    Group.NETWORK: _network,
    Group.OTHER: _other,
}

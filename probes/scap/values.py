"""The parameters of an event: from its bytes to numbers, texts and bytes.

The lengths of the values stand before them. Events of one type with equal lengths are alike, so their layout is looked
up by the lengths as they are in the file, and all values are read at once.
"""

from __future__ import annotations

import struct
from ipaddress import ip_address

from probes.scap.table import SIGNED, TABLE, TEXTS, VARIABLE, Param

Value = int | bytes
"""A number, or the bytes of what is none; :data:`ABSENT` where the file has nothing."""

ABSENT = b""
"""No value: it was not known, or the event is of a version without this parameter."""

_LAYOUTS: dict[tuple[int, bytes], struct.Struct] = {}
_MOST_LAYOUTS = 50_000
_INTEGERS = {1: "b", 2: "h", 4: "i", 8: "q"}
_NAMES = [tuple(param.name for param in row.params) for row in TABLE]
_WIDTHS = [4 if row.is_large else 2 for row in TABLE]


class MalformedError(ValueError):
    """The parameters of an event do not fit into it."""


def parameters(number: int, count: int, payload: bytes) -> dict[str, Value]:
    """The values by the names of the parameters. Raises MalformedError.

    Those that the row has and the event has not are missing; those that a newer version appended are left out.
    """
    size = count * _WIDTHS[number]
    layout = _LAYOUTS.get((number, payload[:size])) or _learn(number, count, payload[:size])
    try:
        return dict(zip(_NAMES[number], layout.unpack_from(payload, size), strict=False))
    except struct.error as error:
        raise MalformedError("parameters are longer than their event") from error


def layout_of(number: int, lengths: bytes) -> struct.Struct | None:
    """How events of this type with these lengths of parameters are laid out; None if none has been met yet."""
    return _LAYOUTS.get((number, lengths))


def _learn(number: int, count: int, head: bytes) -> struct.Struct:
    width = _WIDTHS[number]
    if len(head) != count * width:
        raise MalformedError("lengths of parameters are longer than their event")
    lengths = struct.unpack(f"<{count}{'I' if width == 4 else 'H'}", head)
    params = TABLE[number].params
    try:
        layout = struct.Struct("<" + "".join(map(_form, params, lengths)))
    except struct.error as error:
        raise MalformedError("a parameter is longer than any can be") from error
    if len(_LAYOUTS) >= _MOST_LAYOUTS:
        _LAYOUTS.clear()
    _LAYOUTS[number, head] = layout
    return layout


def _form(param: Param, length: int) -> str:
    if length <= param.size != VARIABLE and (letter := _INTEGERS.get(length)):
        return letter if param.type in SIGNED else letter.upper()
    if param.size != VARIABLE and length and param.type not in ("IPV6ADDR", "DOUBLE"):
        raise MalformedError(f"{param.name} has {length} bytes")
    return f"{length}s"


# ── what values mean ────────────────────────────────────────────────────────────────────────────────────────────────


def number(value: Value | None, default: int = 0) -> int:
    """A number, or the default where there is none."""
    return value if isinstance(value, int) else default


def text(value: Value | None) -> str:
    """Bytes up to their zero; what is no UTF-8 stands as ``\\xNN``."""
    return value.partition(b"\0")[0].decode(errors="backslashreplace") if isinstance(value, bytes) else ""


def texts(value: Value | None) -> list[str]:
    """Texts that each end with a zero."""
    if not isinstance(value, bytes) or not value:
        return []
    return value.removesuffix(b"\0").decode(errors="backslashreplace").split("\0")


def is_text(param: Param) -> bool:
    """Whether its value is bytes that end with a zero."""
    return param.type in TEXTS


def address(packed: bytes) -> str:
    """An address of 4 or 16 bytes; one of IPv4 that was mapped into IPv6 is written as such."""
    found = ip_address(packed)
    return str(getattr(found, "ipv4_mapped", None) or found)

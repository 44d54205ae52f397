"""Surroundings as bytes: names once, then rows of values, compressed.

Compressed by zlib, which every interpreter has: zstandard would save little of the size, and cost an idle sensor a
part of its memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from engine.flight.slices import Kept
from engine.protocol import EventRow, ExecRow, ProcessRow

_Row = TypeVar("_Row", bound=msgspec.Struct)
_TABLES: dict[str, type[msgspec.Struct]] = {"rows": EventRow, "processes": ProcessRow, "execs": ExecRow}
_SINGLE = ("container", "starter", "left_out")


def pack(kept: Kept) -> bytes:
    """The bytes that :func:`unpack` reads, also in later versions: rows may get fields with defaults."""
    tables = {name: _table(getattr(kept, name)) for name in _TABLES}
    plain = tables | {name: getattr(kept, name) for name in _SINGLE}
    return zlib.compress(msgspec.msgpack.encode(plain), 6)


def unpack(body: bytes) -> Kept | None:
    """What was packed; None for bytes that are none of ours."""
    try:
        plain: dict[str, Any] = msgspec.msgpack.decode(zlib.decompress(body))
        found: dict[str, Any] = {name: _rows(plain[name], kind) for name, kind in _TABLES.items()}
        return msgspec.convert({name: plain[name] for name in _SINGLE} | found, Kept)
    except (zlib.error, msgspec.MsgspecError, KeyError, TypeError, ValueError):
        return None


def _table(rows: Sequence[msgspec.Struct]) -> list[Any]:
    return [rows[0].__struct_fields__, *map(msgspec.structs.astuple, rows)] if rows else []


def _rows(table: Sequence[Sequence[Any]], kind: type[_Row]) -> list[_Row]:
    return [msgspec.convert(dict(zip(table[0], row, strict=True)), kind) for row in table[1:]]

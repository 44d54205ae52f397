"""Replies made in slices: those with a hundred thousand rows take seconds, and events do not wait."""

from __future__ import annotations

import asyncio
import struct
from typing import TypeVar

import msgspec

from engine.protocol import Around, Containers, Figures, Processes, Reply, Top
from engine.scrub import scrub_struct
from engine.service.frames import encode, to_frame, to_frame_of

_Row = TypeVar("_Row", bound=msgspec.Struct)

SLICE = 100
"""Rows scrubbed and encoded between two breaths: a millisecond or two."""
_LONG = (Containers, Processes, Figures, Top)
"""Replies of any number of rows, and nothing else; all others are pages."""
_ROWS = b"\xa4rows"
_NO_ROWS = _ROWS + b"\x90"
"""As they stand in the message; no other text in it could hold this."""
_ARRAY, _LENGTH = 0xDD, struct.Struct(">BI")
"""The header of an array in msgpack, with its length."""


async def frame_of(reply: Reply) -> list[bytes]:
    """The frame of a reply in pieces, with all its text scrubbed.

    When it may have many rows others go on meanwhile, and it has none any more at the end: to give back all at once
    what they held would take long.
    """
    if isinstance(reply, Around):
        return [to_frame(await _scrubbed(reply))]
    if not isinstance(reply, _LONG):
        return [to_frame(scrub_struct(reply))]
    rows, count, pieces = reply.rows, len(reply.rows), []
    rows.reverse()
    while rows:
        pieces.append(b"".join(encode(scrub_struct(row)) for row in reversed(rows[-SLICE:])))
        del rows[-SLICE:]
        await asyncio.sleep(0)
    head, _, tail = encode(reply).partition(_NO_ROWS)
    return to_frame_of([head + _ROWS + _LENGTH.pack(_ARRAY, count), *pieces, tail])


async def _scrubbed(reply: Around) -> Around:
    """A page of two lists."""
    rest = scrub_struct(msgspec.structs.replace(reply, rows=[], processes=[]))
    rest.rows, rest.processes = await _scrubbed_rows(reply.rows), await _scrubbed_rows(reply.processes)
    return rest


async def _scrubbed_rows(rows: list[_Row]) -> list[_Row]:
    clean: list[_Row] = []
    for begin in range(0, len(rows), SLICE):
        clean += map(scrub_struct, rows[begin : begin + SLICE])
        await asyncio.sleep(0)
    return clean

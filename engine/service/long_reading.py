"""Replies read in slices, as :mod:`engine.service.long_replies` makes them: a screen answers keys meanwhile."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from engine.protocol import Answer, Containers, Processes, Reply, Top
from engine.protocol.inside import ProcessFigure
from engine.protocol.rows import ContainerRow, ProcessRow
from engine.service.frames import decode, to_reply
from engine.sliced import breathe

LONG = 64 << 10
"""Bytes of a reply from which on it is read in slices."""
SLICE = 500
"""Rows read between two breaths: a millisecond or two."""
_Row = TypeVar("_Row", bound=msgspec.Struct)


class _Containers(Answer, tag="containers"):
    """As :class:`~engine.protocol.Containers`, with rows that are not looked at yet."""

    rows: list[msgspec.Raw]


class _Processes(Answer, tag="processes"):
    """As :class:`~engine.protocol.Processes`."""

    rows: list[msgspec.Raw]
    token: int = 0
    is_part: bool = False
    places: list[int] = msgspec.field(default_factory=list)
    gone: list[tuple[int, int]] = msgspec.field(default_factory=list)


class _Top(Answer, tag="top"):
    """As :class:`~engine.protocol.Top`."""

    rows: list[msgspec.Raw]


_Long = _Containers | _Processes | _Top
_UNREAD: msgspec.msgpack.Decoder[_Long] = msgspec.msgpack.Decoder(_Long)
_CONTAINERS, _PROCESSES = msgspec.msgpack.Decoder(ContainerRow), msgspec.msgpack.Decoder(ProcessRow)
_FIGURES = msgspec.msgpack.Decoder(ProcessFigure)


async def reply_of(body: bytes) -> Reply:
    """What a sensor says; of many rows in slices, with others between them. Raises ProtocolError."""
    unread = _unread(body) if len(body) > LONG else None
    if unread is None:
        return to_reply(body)
    if isinstance(unread, _Containers):
        return Containers(id=unread.id, rows=await _rows(_CONTAINERS, unread.rows))
    if isinstance(unread, _Top):
        return Top(id=unread.id, rows=await _rows(_FIGURES, unread.rows))
    rows = await _rows(_PROCESSES, unread.rows)
    return Processes(rows, unread.token, unread.is_part, unread.places, unread.gone, id=unread.id)


def _unread(body: bytes) -> _Long | None:
    try:
        return _UNREAD.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None  # another kind of reply, or none: whoever reads it as a whole says what is wrong


async def _rows(decoder: msgspec.msgpack.Decoder[_Row], unread: list[Any]) -> list[_Row]:
    rows: list[_Row] = []
    for begin in range(0, len(unread), SLICE):
        rows += [decode(decoder, row) for row in unread[begin : begin + SLICE]]
        await breathe()
    return rows

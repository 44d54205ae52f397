"""Frames on the sensor's socket: a 4-byte little-endian length, then one msgpack map.

Both ends distrust each other: a frame that is too long, cut off or not of our protocol is a ProtocolError, and the
connection ends there.
"""

from __future__ import annotations

import asyncio
import struct
from typing import TypeVar

import msgspec

from engine.errors import ProtocolError
from engine.protocol import Reply, Request

T = TypeVar("T")

REQUEST_LIMIT = 1 << 20
"""Bytes of the longest request a sensor reads."""
REPLY_LIMIT = 64 << 20
"""Bytes of the longest reply a front end reads."""

_HEADER = struct.Struct("<I")
_ENCODER = msgspec.msgpack.Encoder()
_REQUESTS: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_REPLIES: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def to_frame(message: Request | Reply) -> bytes:
    """The message as it goes onto the socket."""
    return b"".join(to_frame_of([encode(message)]))


def to_frame_of(body: list[bytes]) -> list[bytes]:
    """The frame of a message whose parts are these, in pieces."""
    return [_HEADER.pack(sum(map(len, body))), *body]


def encode(value: msgspec.Struct) -> bytes:
    """A message, or a part of one, in msgpack."""
    return _ENCODER.encode(value)


def to_request(body: bytes) -> Request:
    """What a front end asks. Raises ProtocolError."""
    return decode(_REQUESTS, body)


def to_reply(body: bytes) -> Reply:
    """What a sensor says. Raises ProtocolError."""
    return decode(_REPLIES, body)


def decode(decoder: msgspec.msgpack.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """What the other end wrote. Raises ProtocolError."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, MemoryError) as error:
        raise ProtocolError(
            f"a message could not be understood: {error}", hint="use the same version of Tiercel at both ends"
        ) from error


class FrameReader:
    """Takes frames off a stream. A cancelled :meth:`read` loses nothing: the next one goes on where it stopped."""

    def __init__(self, stream: asyncio.StreamReader, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._length: int | None = None

    async def read(self) -> bytes | None:
        """The next frame's body, None at the end of the stream.

        Raises ProtocolError when the stream ends inside a frame or a frame is longer than the limit.
        """
        if self._length is None:
            header = await self._take(_HEADER.size)
            if not header:
                return None
            self._length = self._checked(_HEADER.unpack(header)[0])
        body = await self._take(self._length)
        if len(body) < self._length:
            raise ProtocolError("the connection ended inside a message")
        self._length = None
        return body

    async def _take(self, size: int) -> bytes:
        """Exactly so many bytes, or none at the end of the stream."""
        try:
            return await self._stream.readexactly(size)
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise ProtocolError("the connection ended inside a message") from error
            return b""

    def _checked(self, length: int) -> int:
        if length > self._limit:
            raise ProtocolError(
                f"a message of {length} bytes is longer than the {self._limit} allowed",
                hint="is this the socket of a Tiercel sensor?",
            )
        return length

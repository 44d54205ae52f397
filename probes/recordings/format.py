"""The bytes of a ``.tiercel`` recording.

::

    file    = magic  length crc header   chunk…   [index-chunk  trailer]
    magic   = "TIERCEL\\0"
    header  = msgpack map (Header), after its length and CRC-32 (both 4 bytes)
    chunk   = kind(1) size(4) time(8) count(4) crc(4) payload     all little-endian; the CRC-32 covers all but itself
    payload = one zstd frame of a msgpack array: inputs (kind I), alerts (A) or index entries (X)
    trailer = "TCLINDEX"  offset of the index chunk (8)

A recorder that was killed leaves no index; its chunks can still be read one after the other.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO, TypeVar

import msgspec
import zstandard

from engine.errors import RecordingError
from engine.invocation import command

T = TypeVar("T")

VERSION = 1
"""Raised when an older reader could misunderstand."""

MAGIC = b"TIERCEL\0"
INPUTS = b"I"
ALERTS = b"A"
INDEX = b"X"

CHUNK_LIMIT = 16 << 20
"""Bytes of the longest payload, as it is in the file."""
CONTENT_LIMIT = 64 << 20
"""Bytes of the longest payload when decompressed: what a hostile file can make a reader hold."""
HEADER_LIMIT = 64 << 10

CHUNK = struct.Struct("<cIqI")
"""Kind, size of the payload, time of its first item (nanoseconds since the epoch), number of items; the CRC follows."""
CRC = struct.Struct("<I")
LENGTH_CRC = struct.Struct("<II")
TRAILER = struct.Struct("<8sQ")
TRAILER_MAGIC = b"TCLINDEX"


class Header(msgspec.Struct, kw_only=True):
    """Where and when a recording was made."""

    version: int = VERSION
    tiercel: str = ""
    """The version of Tiercel that recorded."""
    hostname: str = ""
    kernel: str = ""
    """``uname -r``."""
    time: int = 0
    """When it began, nanoseconds since the epoch."""


class IndexEntry(msgspec.Struct, array_like=True):
    """Where a chunk lies and what it holds."""

    offset: int
    time: int
    kind: str
    count: int


class Chunk(msgspec.Struct):
    """A chunk as it is in the file, checked but not yet decompressed."""

    offset: int
    kind: bytes
    time: int
    count: int
    payload: bytes


def pack_header(header: Header) -> bytes:
    """The beginning of the file."""
    body = msgspec.msgpack.encode(header)
    return MAGIC + LENGTH_CRC.pack(len(body), zlib.crc32(body)) + body


def pack_chunk(kind: bytes, time: int, count: int, payload: bytes) -> bytes:
    """A chunk with a compressed payload."""
    head = CHUNK.pack(kind, len(payload), time, count)
    return head + CRC.pack(zlib.crc32(payload, zlib.crc32(head))) + payload


def read_header(file: BinaryIO) -> Header:
    """Read and check the beginning. Raises RecordingError for a file that is not a recording or of a newer version."""
    if file.read(len(MAGIC)) != MAGIC:
        raise RecordingError(
            "this is not a recording of Tiercel", hint=f"recordings are made by {command('record FILE')}"
        )
    length, crc = LENGTH_CRC.unpack(_exactly(file, LENGTH_CRC.size))
    if length > HEADER_LIMIT:
        raise RecordingError("the recording's header is damaged")
    body = _exactly(file, length)
    if zlib.crc32(body) != crc:
        raise RecordingError("the recording's header is damaged")
    _check_version(decode(msgspec.msgpack.Decoder(dict[str, object]), body).get("version"))
    return decode(msgspec.msgpack.Decoder(Header), body)


def _check_version(version: object) -> None:
    if not isinstance(version, int) or version < 1:
        raise RecordingError("the recording's header is damaged")
    if version > VERSION:
        raise RecordingError(
            f"the recording is of version {version}, this Tiercel reads up to {VERSION}", hint="update Tiercel"
        )


def read_chunk(file: BinaryIO) -> Chunk | None:
    """The next chunk, None at the end of the file. Raises RecordingError for one that is cut off or damaged."""
    offset = file.tell()
    head = file.read(CHUNK.size)
    if not head:
        return None
    if len(head) < CHUNK.size:
        raise RecordingError(f"the recording is cut off at byte {offset}")
    kind, size, time, count = CHUNK.unpack(head)
    if kind not in (INPUTS, ALERTS, INDEX) or size > CHUNK_LIMIT:
        raise RecordingError(f"the recording is damaged at byte {offset}")
    (crc,) = CRC.unpack(_exactly(file, CRC.size))
    payload = _exactly(file, size)
    if zlib.crc32(payload, zlib.crc32(head)) != crc:
        raise RecordingError(f"the recording is damaged at byte {offset}")
    return Chunk(offset, kind, time, count, payload)


def unpack(chunk: Chunk, decoder: msgspec.msgpack.Decoder[list[T]]) -> list[T]:
    """The items of a chunk. Raises RecordingError; never takes more memory than the limits above allow."""
    try:
        size = zstandard.frame_content_size(chunk.payload)
        if size > CONTENT_LIMIT:
            raise RecordingError(f"the recording's chunk at byte {chunk.offset} is too large")
        content = zstandard.ZstdDecompressor(max_window_size=CONTENT_LIMIT).decompress(
            chunk.payload, max_output_size=CONTENT_LIMIT
        )
    except zstandard.ZstdError as error:
        raise RecordingError(f"the recording is damaged at byte {chunk.offset}: {error}") from error
    return decode(decoder, content)


def decode(decoder: msgspec.msgpack.Decoder[T], content: bytes) -> T:
    """Decode msgpack. Raises RecordingError."""
    try:
        return decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RecordingError(
            f"the recording holds something unknown: {error}", hint="was it made by a newer Tiercel?"
        ) from error


def _exactly(file: BinaryIO, size: int) -> bytes:
    offset = file.tell()
    data = file.read(size)
    if len(data) < size:
        raise RecordingError(f"the recording is cut off at byte {offset + len(data)}")
    return data

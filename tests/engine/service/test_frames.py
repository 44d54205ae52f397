"""Frames: whole messages out of a stream of bytes, whatever the stream does."""

from __future__ import annotations

import asyncio
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ProtocolError
from engine.protocol import Done, Hello, ListStacks, Stacks
from engine.service.frames import FrameReader, to_frame, to_reply, to_request

LIMIT = 4096


def reader_of(data: bytes) -> FrameReader:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    return FrameReader(stream, LIMIT)


async def test_messages_arrive_whole_and_in_order() -> None:
    frames = reader_of(to_frame(Hello(id=1)) + to_frame(ListStacks(id=2, filter="web")))
    bodies = [await frames.read(), await frames.read()]
    assert [to_request(body) for body in bodies if body] == [Hello(id=1), ListStacks(id=2, filter="web")]
    assert await frames.read() is None


async def test_a_cancelled_read_loses_nothing_at_any_byte() -> None:
    frame = to_frame(Done(id=3, detail="x" * 50))
    stream = asyncio.StreamReader()
    frames = FrameReader(stream, LIMIT)
    for position in range(len(frame) - 1):
        stream.feed_data(frame[position : position + 1])
        reading = asyncio.create_task(frames.read())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    stream.feed_data(frame[-1:])
    body = await frames.read()
    assert body is not None
    assert to_reply(body) == Done(id=3, detail="x" * 50)


@pytest.mark.parametrize("cut", range(1, len(to_frame(Hello(id=1)))))
async def test_an_end_inside_a_frame_is_an_error(cut: int) -> None:
    with pytest.raises(ProtocolError, match="ended inside a message"):
        await reader_of(to_frame(Hello(id=1))[:cut]).read()


async def test_a_frame_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(ProtocolError, match="longer than"):
        await reader_of(struct.pack("<I", LIMIT + 1)).read()
    with pytest.raises(ProtocolError, match="longer than"):
        await reader_of(b"GET / HTTP/1.1\r\n").read()


@given(st.binary(max_size=200))
def test_alien_bytes_are_a_protocol_error(data: bytes) -> None:
    for decode in (to_request, to_reply):
        try:
            decode(data)
        except ProtocolError as error:
            assert error.hint


@pytest.mark.parametrize(
    "body",
    [
        b"\x91" * 100_000,
        b"\xdd\xff\xff\xff\xff",
        b"\x81\xa4type\xa7unknown",
        b"\x82\xa4type\xa5hello\xa2id\xa2\xff\xff",
        b"\x82\xa4type\xa6stacks\xa6filter\xa2\xff\xff",
    ],
    ids=["deep", "endless", "unknown", "wrong type", "not UTF-8"],
)
def test_hostile_bodies_are_a_protocol_error(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        to_request(body)


def test_replies_are_told_apart_by_their_type() -> None:
    stacks = Stacks(id=9, total=0, alerts=0, newest=0, rows=[])
    assert to_reply(to_frame(stacks)[4:]) == stacks

"""Replies read in slices against those read at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ProtocolError
from engine.protocol import Done, Reply
from engine.service.frames import encode, to_reply
from engine.service.long_reading import LONG, SLICE, reply_of
from tests.engine.service.test_long_replies import containers, processes, top


@given(st.integers(0, 3 * SLICE + 1), st.sampled_from([processes, containers, top]))
@settings(deadline=None, max_examples=30)
def test_in_slices_it_is_what_it_is_at_once(count: int, make: Callable[[int], Reply]) -> None:
    body = encode(make(count))
    assert asyncio.run(reply_of(body)) == to_reply(body)


async def test_others_go_on_meanwhile() -> None:
    body = encode(processes(10 * SLICE))
    assert len(body) > LONG
    reading, turns = asyncio.ensure_future(reply_of(body)), 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


async def test_another_long_reply_is_read_as_it_is() -> None:
    done = Done(id=3, detail="x" * LONG)
    assert await reply_of(encode(done)) == done


@pytest.mark.parametrize("spoil", [lambda body: body[:-1], lambda body: body.replace(b"\xa4root", b"\x01root")])
async def test_what_cannot_be_understood_is_a_protocol_error(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ProtocolError):
        await reply_of(spoil(encode(processes(3 * SLICE))))

"""Replies made in slices against those made at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import ContainerInfo
from engine.protocol import (
    ContainerFigure,
    ContainerRow,
    Containers,
    Done,
    Figures,
    Processes,
    ProcessFigure,
    ProcessRow,
    Reply,
    Top,
)
from engine.scrub import scrub_struct
from engine.service.frames import to_frame, to_reply
from engine.service.long_replies import SLICE, frame_of
from tests.helpers.world import T0, WEB

NAMES = ("sh", "a\x1b[31m", "ü" * 40, "x" * 300, "")


def processes(count: int) -> Processes:
    rows = [
        ProcessRow(n, n, n // 2, n % 7, NAMES[n % len(NAMES)], f"run {n}", "/bin/x", "root", 0, 0, n, WEB, "web", T0)
        for n in range(count)
    ]
    return Processes(id=7, rows=rows)


def containers(count: int) -> Containers:
    info = ContainerInfo(id=WEB, time=T0, name="web\x07")
    return Containers(id=8, rows=[ContainerRow(info=info, processes=n, alerts={"Warning\n": n}) for n in range(count)])


def figures(count: int) -> Figures:
    return Figures(id=9, rows=[ContainerFigure(f"{n:064x}\x07", cpu=n / 7 if n % 3 else None) for n in range(count)])


def top(count: int) -> Top:
    return Top(id=10, rows=[ProcessFigure(n, n, None, n) for n in range(count)])


@given(st.integers(0, 3 * SLICE + 1), st.sampled_from([processes, containers, figures, top]))
@settings(deadline=None)
def test_in_slices_it_is_what_it_is_at_once(count: int, make: Callable[[int], Reply]) -> None:
    """But for the form of the array's length, of which msgpack has three."""
    pieces = asyncio.run(frame_of(make(count)))
    assert to_reply(b"".join(pieces)[4:]) == to_reply(to_frame(scrub_struct(make(count)))[4:])
    assert int.from_bytes(pieces[0], "little") == sum(map(len, pieces[1:]))


@pytest.mark.parametrize("make", [processes, containers, figures, top])
async def test_others_go_on_meanwhile_and_what_was_encoded_is_given_back(
    make: Callable[[int], Processes | Containers | Figures | Top],
) -> None:
    reply = make(10 * SLICE)
    making = asyncio.ensure_future(frame_of(reply))
    left = []
    while not making.done():
        await asyncio.sleep(0)
        left.append(len(reply.rows))
    assert left[:10] == [(9 - n) * SLICE for n in range(10)]


async def test_a_short_reply_is_one_piece() -> None:
    assert await frame_of(Done(detail="\x1b")) == [to_frame(Done(detail="\\x1b"))]

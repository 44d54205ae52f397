"""Differences between two process trees: applied to the first they give the second, row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import Processes, ProcessRow
from engine.service.frames import encode
from engine.service.long_reading import reply_of
from engine.service.long_replies import frame_of
from engine.service.tree_news import KEPT, TreeNews, applied

STEPS = st.lists(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 2)), max_size=30, unique_by=lambda one: one[0]), max_size=6
)
"""Trees one after another: pids in some order, each with a number that may change."""
ALL = (None, True)


def tree(pids: Sequence[tuple[int, int]]) -> list[ProcessRow]:
    return [row(pid, alerts) for pid, alerts in pids]


def row(pid: int, alerts: int = 0) -> ProcessRow:
    return ProcessRow(pid, 7 * pid, 1, 0, "sh", f"sh\x1b{pid}", "/bin/sh", "root", 0, 0, 0, "", "", 5, alerts=alerts)


def sent(reply: Processes) -> Processes:
    """As it comes out at the other end."""
    body = b"".join(asyncio.run(frame_of(reply))[1:])
    read = asyncio.run(reply_of(body))
    assert isinstance(read, Processes)
    return read


def plain(rows: list[ProcessRow]) -> list[ProcessRow]:
    """The slow way: all of them, sent as a whole."""
    return sent(Processes(list(rows))).rows


@given(STEPS, st.booleans())
def test_what_is_known_and_what_is_otherwise_make_the_whole(steps: list[list[tuple[int, int]]], ordered: bool) -> None:
    news, known, token = TreeNews(), list[ProcessRow](), 0
    for step in steps:
        rows = tree(sorted(step) if ordered else step)
        reply = sent(asyncio.run(news.reply(ALL, token, rows)))
        known, token = list(applied(known, reply)), reply.token
        assert known == plain(rows)


def test_of_a_large_tree_only_what_changed_is_sent() -> None:
    news = TreeNews()
    before = [row(pid) for pid in range(1, 1001)]
    first = asyncio.run(news.reply(ALL, 0, before))
    now = [row(pid, alerts=pid == 500) for pid in range(1, 1003) if pid != 9]
    reply = asyncio.run(news.reply(ALL, first.token, now))
    assert reply.is_part
    assert [one.pid for one in reply.rows] == [500, 1001, 1002]
    assert reply.gone == [(9, 63)]
    assert applied(before, reply) == now


def test_who_has_no_token_or_an_old_one_gets_all() -> None:
    news, rows = TreeNews(), [row(pid) for pid in range(1, 10)]
    first = asyncio.run(news.reply(ALL, 0, rows))
    for _ in range(KEPT):
        asyncio.run(news.reply(ALL, 0, rows))
    assert not asyncio.run(news.reply(ALL, first.token, rows)).is_part


def test_the_token_of_a_sensor_before_it_was_started_again_is_none() -> None:
    """Who attaches anew brings it along, and it must not happen to be another front end's."""
    rows = [row(pid) for pid in range(1, 10)]
    before = asyncio.run(TreeNews().reply(ALL, 0, rows))
    again = TreeNews()
    for _ in range(KEPT):
        asyncio.run(again.reply(ALL, 0, rows))
    assert not asyncio.run(again.reply(ALL, before.token, rows)).is_part


def test_the_token_of_another_container_is_none() -> None:
    news, rows = TreeNews(), [row(pid) for pid in range(1, 10)]
    first = asyncio.run(news.reply(("a" * 64, True), 0, rows))
    assert not asyncio.run(news.reply(ALL, first.token, rows)).is_part


def test_rows_that_change_places_are_sent_as_a_whole() -> None:
    news, rows = TreeNews(), [row(pid) for pid in range(1, 10)]
    first = asyncio.run(news.reply(ALL, 0, rows))
    reply = asyncio.run(news.reply(ALL, first.token, rows[::-1]))
    assert applied(rows, reply) == rows[::-1]


def test_a_long_difference_is_read_in_slices_as_a_whole_is() -> None:
    reply = Processes([row(pid) for pid in range(2000)], 5, is_part=True, places=list(range(2000)), gone=[(1, 2)])
    assert len(encode(reply)) > 64 << 10
    read = sent(Processes(list(reply.rows), 5, is_part=True, places=reply.places, gone=reply.gone))
    assert (read.token, read.is_part, read.places, read.gone) == (5, True, reply.places, [(1, 2)])
    assert [one.pid for one in read.rows] == list(range(2000))

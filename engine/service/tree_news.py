"""What is otherwise in a process tree than when a front end asked last.

Of ten thousand processes some hundred come and go in a second. To make, scrub, send and read the rows of all others
again would take a front end and the sensor a third of a second each time. The rows of the latest answers are kept, and
an answer that is asked for with its token is told as a difference.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from engine.protocol import Processes, ProcessRow

KEPT = 3
"""Answers remembered: those of as many front ends, or of the last few places that one looked at."""
SLICE = 500
"""Rows compared between two breaths: a millisecond or less."""
Key = tuple[int, int]
Rows = dict[Key, ProcessRow]
"""By pid and start time, in display order."""
Asked = tuple[str | None, bool]
"""The container, and whether the exited are among them."""


class News(NamedTuple):
    """What is otherwise, as in :class:`~engine.protocol.Processes`."""

    rows: list[ProcessRow]
    places: list[int]
    gone: list[Key]


class TreeNews:
    """Answers by their tokens. None of them is ever told by another's token."""

    def __init__(self) -> None:
        self._tokens = itertools.count(secrets.randbits(48) + 1)
        """Of a sensor that was started again they are others than before: who attaches anew brings the old ones."""
        self._known: dict[int, tuple[Asked, Rows]] = {}

    async def reply(self, asked: Asked, since: int, rows: Sequence[ProcessRow]) -> Processes:
        """The rows as of now, or what is otherwise in them since the answer with this token; others go on meanwhile."""
        now = {key(row): row for row in rows}
        before = self._known.pop(since, None)
        token = self._remember(asked, now)
        if before is not None and before[0] == asked and (news := await difference(before[1], now)) is not None:
            return Processes(news.rows, token, is_part=True, places=news.places, gone=news.gone)
        return Processes(list(rows), token)

    def _remember(self, asked: Asked, rows: Rows) -> int:
        token = next(self._tokens)
        self._known[token] = asked, rows
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return token


def key(row: ProcessRow) -> Key:
    """What a process is known by."""
    return row.pid, row.start


async def difference(before: Rows, now: Rows) -> News | None:
    """From one state to the next; None where others than the new rows are in another order, or most are new."""
    news = News([], [], [one for one in before if one not in now])
    stayed: list[Key] = []
    for place, (one, row) in enumerate(now.items()):
        if before.get(one) == row:
            stayed.append(one)
        else:
            news.rows.append(row)
            news.places.append(place)
        if place % SLICE == 0:
            await asyncio.sleep(0)
    told = set(map(key, news.rows))
    same = [one for one in before if one in now and one not in told]
    return news if same == stayed and len(stayed) > len(news.rows) else None


def applied(before: Sequence[ProcessRow], reply: Processes) -> Sequence[ProcessRow]:
    """The whole tree, by what was known of it and the answer."""
    if not reply.is_part:
        return reply.rows
    other = {*reply.gone, *map(key, reply.rows)}
    stayed = (row for row in before if key(row) not in other)
    rows: list[ProcessRow] = []
    for place, row in zip(reply.places, reply.rows, strict=True):
        rows.extend(itertools.islice(stayed, max(0, place - len(rows))))
        rows.append(row)
    return [*rows, *stayed]

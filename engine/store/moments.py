"""When there were alerts: found by halving, as their ids follow their times.

The store has no index of times: a million alerts would pay for it with each one that is written. Times of alerts that
wait in memory, while the disk takes none, are not looked at.
"""

from __future__ import annotations

import sqlite3

from engine.protocol import Located, Moments
from engine.store.rows import Stored

MOST = 500
"""Stretches of time that are counted at most."""


def read_located(connection: sqlite3.Connection, _waiting: list[Stored], at: int, step: int) -> Located:
    """As :class:`engine.protocol.Locate` says."""
    if step > 0:
        found = _row(connection, "id >= ? ORDER BY id", first_after(connection, at))
    else:
        found = _row(connection, "id < ? ORDER BY id DESC", first_after(connection, at - (step < 0)))
    return Located(alert_id=found[0], time=found[1]) if found is not None else Located()


def read_moments(connection: sqlite3.Connection, _waiting: list[Stored], begin: int, end: int, buckets: int) -> Moments:
    """How many alerts there were in each part of a time; without a ``begin`` since the first one."""
    if not begin:
        first = _row(connection, "id >= ? ORDER BY id", 0)
        begin = first[1] if first is not None else end
    buckets = max(1, min(buckets, MOST))
    length = max(1, (end - begin) // buckets)
    edges = [begin - 1 + length * number for number in range(buckets)] + [end]
    ids = [first_after(connection, edge) for edge in edges]
    counts = [_count(connection, ids[number], ids[number + 1]) for number in range(buckets)]
    return Moments(begin=begin, end=end, counts=counts)


def first_after(connection: sqlite3.Connection, time: int) -> int:
    """The id of the first alert after a time; one more than the last, if there is none."""
    low, high = connection.execute("SELECT coalesce(min(id), 0), coalesce(max(id), 0) + 1 FROM alerts").fetchone()
    while low < high:
        middle = (low + high) // 2
        found = _row(connection, "id >= ? ORDER BY id", middle)
        if found is None or found[1] > time:
            high = middle
        else:
            low = found[0] + 1
    return int(low)


def _count(connection: sqlite3.Connection, first: int, end: int) -> int:
    """Alerts that are kept of these ids."""
    if end - first > _MANY:
        return end - first
    return int(connection.execute("SELECT count(*) FROM alerts WHERE id >= ? AND id < ?", (first, end)).fetchone()[0])


_MANY = 1000
"""Ids from which on it does not matter how many of them are gone."""


def _row(connection: sqlite3.Connection, where: str, value: int) -> tuple[int, int] | None:
    found = connection.execute(f"SELECT id, time FROM alerts WHERE {where} LIMIT 1", (value,)).fetchone()  # noqa: S608 - constants
    return found if found is None else (int(found[0]), int(found[1]))

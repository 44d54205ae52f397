"""What surrounds alerts, on the disk: as bytes, by place and time. It goes with its alerts, and has a bound,
which incidents reach last."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

NEAR = 60 * 10**9
"""Nanoseconds between an alert and the end of what surrounds it, at most."""
AT_ONCE = 100
"""Rows looked at in one step: about a millisecond."""
MOST_READ = 64
"""Rows read for one alert: three minutes, some of them written in parts."""

_INSERT = """
INSERT INTO surroundings (place, container_id, first_alert, since, until, size, body) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_LATER = """
SELECT id, size, until, (SELECT time FROM alerts WHERE alerts.container_id = surroundings.container_id
                           AND alerts.id >= first_alert ORDER BY alerts.id LIMIT 1)
FROM surroundings WHERE id > ? ORDER BY id LIMIT ?
"""
_OLDEST = "SELECT id, size, until FROM surroundings ORDER BY id LIMIT ?"
_INCIDENT = "INSERT INTO incidents SELECT container_id, first, last FROM stacks WHERE id = ?"
_OLDEST_PLAIN = """
SELECT id, size, until FROM surroundings WHERE NOT EXISTS (
  SELECT 1 FROM incidents
  WHERE incidents.container_id = surroundings.container_id AND first <= until + ? AND last >= since - ?
) ORDER BY id LIMIT ?
"""
_MARK = "INSERT INTO marks VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET value = max(value, excluded.value)"


@dataclass(frozen=True, slots=True)
class Surrounding:
    """Some time of a place, to be written. ``first_alert`` is the first alert that it surrounds."""

    place: str
    container_id: str
    first_alert: int
    since: int
    until: int
    body: bytes


def insert(connection: sqlite3.Connection, one: Surrounding) -> int:
    """Write it; its id."""
    values = (one.place, one.container_id, one.first_alert, one.since, one.until, len(one.body), one.body)
    return connection.execute(_INSERT, values).lastrowid or 0


def size(connection: sqlite3.Connection) -> int:
    """Bytes of all of them."""
    return int(connection.execute("SELECT total(size) FROM surroundings").fetchone()[0])


def drop_oldest(connection: sqlite3.Connection, incidents: Collection[int]) -> tuple[int, int]:
    """Let some of the oldest go, and remember up to when that was; how many, and their size.

    What surrounds ``incidents``, stacks that somebody works on, goes when there is nothing else.
    """
    rows = _plain(connection, incidents) or connection.execute(_OLDEST, (AT_ONCE,)).fetchall()
    return len(rows), _delete(connection, rows, "surroundings dropped")


def _plain(connection: sqlite3.Connection, incidents: Collection[int]) -> list[tuple[int, int, int]]:
    """The oldest that surround none of them, as far as their first and latest alerts tell."""
    if not incidents:
        return []
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS incidents (container_id TEXT, first INTEGER, last INTEGER)")
    connection.execute("DELETE FROM incidents")
    connection.executemany(_INCIDENT, ((stack,) for stack in incidents))
    return connection.execute(_OLDEST_PLAIN, (NEAR, NEAR, AT_ONCE)).fetchall()


def drop_orphans(connection: sqlite3.Connection, after: int) -> tuple[int, int]:
    """Of some rows after this id, let those go whose alerts have gone; their size, and the last id, 0 at the end."""
    rows = connection.execute(_LATER, (after, AT_ONCE)).fetchall()
    orphans = [(row, size, until) for row, size, until, time in rows if time is None or time > until + NEAR]
    return _delete(connection, orphans, ""), rows[-1][0] if len(rows) == AT_ONCE else 0


def _delete(connection: sqlite3.Connection, rows: list[tuple[int, int, int]], mark: str) -> int:
    if not rows:
        return 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany("DELETE FROM surroundings WHERE id = ?", [(row,) for row, _, _ in rows])
        if mark:
            connection.execute(_MARK, (mark, max(until for _, _, until in rows)))
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return sum(size for _, size, _ in rows)


def read(connection: sqlite3.Connection, _waiting: object, place: str, since: int, until: int) -> list[bytes]:
    """What is kept of a place at this time, the oldest first."""
    query = "SELECT body FROM surroundings WHERE place = ? AND until >= ? AND since <= ? ORDER BY since, id LIMIT ?"
    return [body for (body,) in connection.execute(query, (place, since, until, MOST_READ))]


def marks(connection: sqlite3.Connection, _waiting: object) -> dict[str, int]:
    """``alerts before``: the last alert of which nothing was kept yet; ``surroundings dropped``: up to when."""
    return dict(connection.execute("SELECT what, value FROM marks"))

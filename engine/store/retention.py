"""How much the store keeps, and how the oldest alerts go."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

DAY = 86_400 * 10**9
"""Nanoseconds."""

STEP = 2_000
"""Alerts deleted at once: about as long as a slice of the loop may take."""


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept at most; whichever limit is reached first lets the oldest alerts go. 0 for no limit."""

    alerts: int = 1_000_000
    bytes: int = 2 << 30
    """Of the database, without its write-ahead log."""
    age: int = 30 * DAY
    """Nanoseconds before the latest alert: a replay's alerts are all old by the clock on the wall."""


def excess(connection: sqlite3.Connection, retention: Retention, total: int) -> int:
    """The id up to which the oldest alerts have to go in this step, 0 for none."""
    if not total:
        return 0
    too_many = max(0, total - retention.alerts) if retention.alerts else 0
    if retention.bytes and _used(connection) > retention.bytes:
        too_many = STEP
    return max(_nth_oldest(connection, min(too_many, STEP)), _too_old(connection, retention.age))


def delete_up_to(connection: sqlite3.Connection, last_id: int) -> int:
    """Delete the alerts up to an id, and the stacks of which nothing is left; how many alerts that were."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        _shrink_stacks(connection, last_id)
        alerts = connection.execute("DELETE FROM alerts WHERE id <= ?", (last_id,)).rowcount
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return alerts


def _used(connection: sqlite3.Connection) -> int:
    """Bytes in use; the pages of deleted alerts are free to be used again."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _nth_oldest(connection: sqlite3.Connection, n: int) -> int:
    if not n:
        return 0
    row = connection.execute("SELECT max(id) FROM (SELECT id FROM alerts ORDER BY id LIMIT ?)", (n,)).fetchone()
    return row[0] or 0


def _too_old(connection: sqlite3.Connection, age: int) -> int:
    """The youngest of the oldest alerts that are too old."""
    if not age:
        return 0
    oldest = "SELECT max(id) FROM (SELECT id, time FROM alerts ORDER BY id LIMIT ?) WHERE time < ?"
    latest = connection.execute("SELECT time FROM alerts ORDER BY id DESC LIMIT 1").fetchone()[0]
    return connection.execute(oldest, (STEP, latest - age)).fetchone()[0] or 0


def _shrink_stacks(connection: sqlite3.Connection, last_id: int) -> None:
    counts = connection.execute(
        "SELECT stack, count(*) FROM alerts WHERE id <= ? GROUP BY stack ORDER BY stack", (last_id,)
    ).fetchall()
    for stack, count in counts:
        oldest = connection.execute(
            "SELECT id, time FROM alerts WHERE stack = ? AND id > ? ORDER BY id LIMIT 1", (stack, last_id)
        ).fetchone()
        if oldest is None:
            connection.execute("DELETE FROM stacks WHERE id = ?", (stack,))
        else:
            connection.execute(
                "UPDATE stacks SET count = count - ?, first_id = ?, first = ? WHERE id = ?", (count, *oldest, stack)
            )

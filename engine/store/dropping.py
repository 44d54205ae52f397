"""Alerts go, and it is noted of which stack, how many, why and since when."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from engine.protocol import DroppedRow
from engine.store.retention import STEP

ROOM = "room"
AGE = "age"
NOTED = 1_000
"""Stacks noted by name; those that lost least are added up beyond."""
SHOWN = 20
"""Of these on the screen, those that lost most."""
OTHERS = 0
"""Stands for the stacks that are not noted by name."""

_BETWEEN = """
DELETE FROM alerts WHERE id IN (
    SELECT alerts.id FROM alerts, stacks
    WHERE stacks.id = ? AND stack = stacks.id AND alerts.id > first_id AND alerts.id < last_id
    ORDER BY alerts.id LIMIT ?)
"""
_WHOLE = "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE stack = ? ORDER BY id LIMIT ?)"
_OLD = """
DELETE FROM alerts WHERE id IN (
    SELECT id FROM (SELECT id, time FROM alerts WHERE stack = ? ORDER BY id LIMIT ?) WHERE time < ?)
"""
_NOTE = """
INSERT INTO dropped (stack, reason, rule, container, program, alerts, since, latest)
SELECT ?1, ?2, coalesce(max(rule), ''), coalesce(max(container), ''), coalesce(max(process), ''), ?3, ?4, ?4
FROM stacks WHERE id = ?1
ON CONFLICT (stack, reason) DO UPDATE SET alerts = alerts + excluded.alerts, latest = excluded.latest
"""
_FOLD = """
SELECT stack, alerts, since FROM dropped WHERE reason = ? AND stack <> 0 ORDER BY alerts DESC LIMIT -1 OFFSET ?
"""


def drop_for_room(connection: sqlite3.Connection, plan: Mapping[int, int], *, whole: bool) -> int:
    """Let alerts of stacks go, so many of each: the oldest between first and latest, or ``whole`` stacks; how many."""
    with _transaction(connection):
        gone = 0
        for stack, number in plan.items():
            gone += (dropped := connection.execute(_WHOLE if whole else _BETWEEN, (stack, number)).rowcount)
            _note(connection, OTHERS if whole and not _is_noted(connection, stack) else stack, ROOM, dropped)
            _mend(connection, stack, dropped)
        _fold(connection)
    return gone


def drop_old(connection: sqlite3.Connection, stacks: list[int], limit: int) -> int:
    """Let alerts of these stacks go that are from before ``limit``, some of them in this step; how many that was."""
    with _transaction(connection):
        gone = 0
        for stack in stacks:
            gone += (dropped := connection.execute(_OLD, (stack, STEP, limit)).rowcount)
            _mend(connection, stack, dropped)
            if gone >= STEP:
                break
        _note(connection, OTHERS, AGE, gone)
    return gone


def dropped_rows(connection: sqlite3.Connection) -> list[DroppedRow]:
    """What went, those who lost most first."""
    columns = "rule, container, program, reason, alerts, since, latest"
    rows = connection.execute(f"SELECT {columns} FROM dropped ORDER BY alerts DESC LIMIT ?", (SHOWN,))  # noqa: S608
    return [DroppedRow(*row) for row in rows]


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _is_noted(connection: sqlite3.Connection, stack: int) -> bool:
    return connection.execute("SELECT 1 FROM dropped WHERE stack = ?", (stack,)).fetchone() is not None


def _note(connection: sqlite3.Connection, stack: int, reason: str, number: int) -> None:
    if number:
        connection.execute(_NOTE, (stack, reason, number, time.time_ns()))


def _fold(connection: sqlite3.Connection) -> None:
    for stack, alerts, since in connection.execute(_FOLD, (ROOM, NOTED)).fetchall():
        _note(connection, OTHERS, ROOM, alerts)
        connection.execute("UPDATE dropped SET since = min(since, ?) WHERE stack = 0 AND reason = ?", (since, ROOM))
        connection.execute("DELETE FROM dropped WHERE stack = ? AND reason = ?", (stack, ROOM))


def _mend(connection: sqlite3.Connection, stack: int, dropped: int) -> None:
    """The stack as it is without these alerts; none where nothing is left of it."""
    oldest = connection.execute("SELECT id, time FROM alerts WHERE stack = ? ORDER BY id LIMIT 1", (stack,)).fetchone()
    if oldest is None:
        connection.execute("DELETE FROM stacks WHERE id = ?", (stack,))
    else:
        connection.execute(
            "UPDATE stacks SET count = count - ?, first_id = ?, first = ? WHERE id = ?", (dropped, *oldest, stack)
        )

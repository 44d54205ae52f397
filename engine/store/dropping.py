"""Alerts go, and it is noted of which stack, how many, why and since when.

Stacks that go as a whole, and there may be very many, are noted together by rule and container."""

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
"""Rows noted by name; those that lost least are added up beyond."""
SHOWN = 20
"""Of these on the screen, those that lost most."""
OTHERS = 0
"""Stands for the stacks that are not noted by name; a number below it for those of one rule and container."""

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
SELECT ?1, ?2, coalesce(max(rule), ''), coalesce(max(container), ''),
  CASE WHEN ?1 < 0 THEN '' ELSE coalesce(max(process), '') END, ?3, ?4, ?4
FROM stacks WHERE id = ?5
ON CONFLICT (stack, reason) DO UPDATE SET alerts = alerts + excluded.alerts, latest = excluded.latest
"""
_TOGETHER = """
SELECT coalesce(
  (SELECT dropped.stack FROM dropped JOIN stacks USING (rule, container)
   WHERE stacks.id = ?1 AND dropped.stack < 0 AND reason = ?2),
  (SELECT min(0, coalesce(min(stack), 0)) - 1 FROM dropped))
"""
_FOLD = """
SELECT stack, alerts, since FROM dropped WHERE reason = ? AND stack <> 0 ORDER BY alerts DESC LIMIT -1 OFFSET ?
"""


def drop_for_room(connection: sqlite3.Connection, plan: Mapping[int, int], *, whole: bool) -> int:
    """Let alerts of stacks go, so many of each: the oldest between first and latest, or ``whole`` stacks; how many."""
    with transaction(connection):
        gone = 0
        for stack, number in plan.items():
            gone += (dropped := connection.execute(_WHOLE if whole else _BETWEEN, (stack, number)).rowcount)
            _note(connection, _noted_as(connection, stack) if whole else stack, ROOM, dropped, of=stack)
            _mend(connection, stack, dropped)
        _fold(connection)
    return gone


def drop_old(connection: sqlite3.Connection, stacks: list[int], limit: int) -> int:
    """Let alerts of these stacks go that are from before ``limit``, some of them in this step; how many that was."""
    with transaction(connection):
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
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is written in it, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _noted_as(connection: sqlite3.Connection, stack: int) -> int:
    """What a stack that goes as a whole is noted as: itself where it is already, or all of its rule and container."""
    if connection.execute("SELECT 1 FROM dropped WHERE stack = ?", (stack,)).fetchone():
        return stack
    return int(connection.execute(_TOGETHER, (stack, ROOM)).fetchone()[0])


def _note(connection: sqlite3.Connection, stack: int, reason: str, number: int, of: int = OTHERS) -> None:
    """Add to what is noted as ``stack``; ``of`` is a stack that lends its names."""
    if number:
        connection.execute(_NOTE, (stack, reason, number, time.time_ns(), of))


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

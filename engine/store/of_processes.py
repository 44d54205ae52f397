"""How many alerts are kept of processes, from indexes alone: no alert is read."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from engine.alerts import Priority
from engine.store.moments import first_after
from engine.store.rows import Stored

Key = tuple[int, int]
"""Pid and start time."""
COUNTED = """
SELECT stacks.priority, count(*)
FROM alerts AS its INDEXED BY alerts_of_process
CROSS JOIN alerts AS placed INDEXED BY alerts_in_order ON placed.id = its.id
CROSS JOIN stacks ON stacks.id = placed.stack
WHERE its.pid = ? AND its.start = ? AND its.id BETWEEN ? AND ?
GROUP BY stacks.priority
"""


def read_of_processes(
    connection: sqlite3.Connection, _waiting: list[Stored], keys: Sequence[Key], since: int, until: int
) -> dict[Key, dict[Priority, int]]:
    """Those of each that has any, by the priority of their stacks, from a time on up to an alert's id."""
    first = first_after(connection, since)
    found: dict[Key, dict[Priority, int]] = {}
    for key in keys:
        if rows := connection.execute(COUNTED, (*key, first, until)).fetchall():
            found[key] = {Priority(priority): count for priority, count in rows}
    return found

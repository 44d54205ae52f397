"""A crowd of stacks: one flood whose alerts are all of another program, so that each begins a stack of its own.

By the rule that the largest stack pays first such a flood would cost all others first. So the stacks of one rule in one
container count as one where they are many. Who is many is found by a look at some stacks, evenly spread: a look at all
would hold up the events.
"""

from __future__ import annotations

import sqlite3
from collections import Counter

LOOKS = 256
"""Stacks that are looked at."""
PART = 4
"""A crowd is at least this part (1/4) of the stacks that were looked at, …"""
LEAST = 64
"""… and at least so many of them were."""
REACH = 500
"""Stacks of the container that are looked at for those of the crowd that were quiet the longest."""

Crowd = tuple[str, str]
"""Rule and container id."""

_ENDS = "SELECT (SELECT min(id) FROM stacks), (SELECT max(id) FROM stacks)"
_NEXT = "SELECT id, rule, container_id FROM stacks WHERE id >= ? LIMIT 1"
_QUIET = """
SELECT id, count FROM (
  SELECT id, rule, state, note, count, last_id FROM stacks INDEXED BY stacks_of_container
  WHERE container_id = ? ORDER BY last_id LIMIT ?
) WHERE rule = ? AND count <= 2 AND {plain} ORDER BY last_id LIMIT ?
"""


def crowd(connection: sqlite3.Connection, total: int) -> tuple[Crowd, int] | None:
    """The largest one, and about how many of the ``total`` alerts it has at least; None where there is none."""
    first, last = connection.execute(_ENDS).fetchone()
    if first is None:
        return None
    spread = max(last - first, 1)
    found = {
        row[0]: (row[1], row[2])
        for look in range(LOOKS)
        if (row := connection.execute(_NEXT, (first + spread * look // LOOKS,)).fetchone())
    }
    if len(found) < LEAST:
        return None
    (largest, times), *_ = Counter(found.values()).most_common(1)
    return (largest, min(spread, total) * times // len(found)) if times * PART >= len(found) else None


def quietest(connection: sqlite3.Connection, which: Crowd, plain: str, limit: int) -> list[tuple[int, int]]:
    """Small stacks of a crowd that were quiet the longest, and their alerts; ``plain`` is a condition on them."""
    rule, container_id = which
    query = _QUIET.format(plain=plain)
    return connection.execute(query, (container_id, REACH, rule, limit)).fetchall()

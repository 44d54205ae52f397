"""A crowd of stacks: one flood whose alerts are all of another program, so that each begins a stack of its own.

By the rule that the largest stack pays first such a flood would cost all others first. So the stacks of one rule in one
container count as one where they are many, but for the oldest, which tell how it began. Who is many is found by a look
at some stacks, evenly spread: a look at all would hold up the events.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Generator

LOOKS = 256
"""Stacks that are looked at, …"""
LOOKS_AT_ONCE = 64
"""… so many of them in one step, …"""
COUNTED_AT_ONCE = 5_000
"""… and so many are counted in one: each step takes a millisecond or less."""
PART = 4
"""A crowd is at least this part (1/4) of the stacks that were looked at, …"""
LEAST = 64
"""… and at least so many of them were."""
SMALL = 2
"""Alerts of a stack that is one of a crowd, at most."""
SPARED = 64
"""Stacks of a crowd that do not pay: the oldest of those that were quiet the longest."""
REACH = 500 + SPARED
"""Stacks of the container that are looked at for those of the crowd that were quiet the longest."""

Crowd = tuple[str, str]
"""Rule and container id."""
Look = tuple[int, str, str, int]
"""A stack's id, rule and container id, and how many alerts it has."""

_ENDS = "SELECT (SELECT min(id) FROM stacks), (SELECT max(id) FROM stacks)"
_NEXT = "SELECT id, rule, container_id, count FROM stacks WHERE id >= ? LIMIT 1"
_STACKS = "SELECT count(*), max(id) FROM (SELECT id FROM stacks WHERE id > ? ORDER BY id LIMIT ?)"
_QUIET = """
SELECT id, count FROM (
  SELECT id, rule, state, note, count, last_id FROM stacks INDEXED BY stacks_of_container
  WHERE container_id = ? ORDER BY last_id LIMIT ?
) WHERE rule = ? AND count <= ? AND {plain} ORDER BY id LIMIT ? OFFSET ?
"""


def crowd(connection: sqlite3.Connection, larger_than: int) -> Generator[None, None, Crowd | None]:
    """The largest one, where there is one that has about more than so many alerts; found in short steps."""
    looks = yield from _looks(connection)
    of_each = Counter((rule, container_id) for _, rule, container_id, count in looks if count <= SMALL)
    if len(looks) < LEAST or not of_each:
        return None
    (largest, times), *_ = of_each.most_common(1)
    if times * PART < len(looks):
        return None
    alerts = sum(count for _, *which, count in looks if (*which,) == largest and count <= SMALL)
    enough = larger_than * len(looks) // alerts + 1  # stacks: more need not be counted
    return largest if (yield from _are_there(connection, enough)) else None


def _are_there(connection: sqlite3.Connection, number: int) -> Generator[None, None, bool]:
    """Whether there are so many stacks."""
    last = -1
    while number > 0:
        part = min(number, COUNTED_AT_ONCE)
        found, last = connection.execute(_STACKS, (last, part)).fetchone()
        if found < part:
            return False
        number -= found
        yield
    return True


def quietest(connection: sqlite3.Connection, which: Crowd, plain: str, limit: int) -> list[tuple[int, int]]:
    """Small stacks of a crowd that were quiet the longest, but for the spared, and their alerts; ``plain`` is a
    condition on them."""
    rule, container_id = which
    query = _QUIET.format(plain=plain)
    return connection.execute(query, (container_id, REACH, rule, SMALL, limit, SPARED)).fetchall()


def _looks(connection: sqlite3.Connection) -> Generator[None, None, list[Look]]:
    """Some stacks, evenly spread; each step is reckoned from where the last one led, so that a gap in the ids costs one
    look only."""
    first, last = connection.execute(_ENDS).fetchone()
    found: list[Look] = []
    at = first
    for left in range(LOOKS, 0, -1):
        row: Look | None = connection.execute(_NEXT, (at,)).fetchone()
        if row is None:
            break
        found.append(row)
        at = row[0] + max(1, (last - row[0]) // left)
        if left % LOOKS_AT_ONCE == 0:
            yield
    return found

"""How much the store keeps, and who pays when that is too much.

The largest stack pays first, its oldest alerts before its newer ones: a flood of one kind of alert costs the others
nothing. Many small stacks of one rule and container count as one (:mod:`engine.store.crowds`). What says most goes
last: a crowd's oldest stacks, of each other stack its first and its latest alert, and all alerts of an incident or of a
stack with a note. Age is another matter: what is too old goes, whoever it is of, but for the latter two.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace

from engine.store.crowds import crowd, quietest

# The texts of these queries are put together from constants only; values always go in as parameters.
# ruff: noqa: S608

DAY = 86_400 * 10**9
"""Nanoseconds."""

STEP = 500
"""Alerts deleted at once: about as long as a slice of the loop may take."""

AT_ONCE = 64
"""Stacks that pay in one step."""

ABOUT = 16
"""Stacks that differ by a part of this (1/16) are about as large: which of them pays first does not matter."""

KEPT = "(state = 'incident' OR (note <> '' AND state NOT IN ('muted', 'false positive')))"
"""Somebody wants these stacks; what was muted or judged false is not wanted, whatever was noted with it."""
_PLAIN = f"NOT {KEPT}"


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept at most; whichever limit is reached first lets alerts go. 0 for no limit."""

    alerts: int = 1_000_000
    bytes: int = 2 << 30
    """Of the database, without its write-ahead log; what surrounds alerts may take up a quarter of it."""
    age: int = 30 * DAY
    """Nanoseconds before the latest alert: a replay's alerts are all old by the clock on the wall."""

    @property
    def surroundings(self) -> int:
        """Bytes for what surrounds alerts, 0 for no limit."""
        return self.bytes // 4


Size = tuple[int, int]
"""How many alerts of a stack are kept, and the stack."""


def shares(sizes: Sequence[Size], need: int, floor: int, next_in_line: Size | None = None) -> dict[int, int]:
    """How many alerts each stack gives, so that the largest is always the one that gives; of equals the oldest stack.

    None goes below ``floor``. It ends before it would be the turn of ``next_in_line``, the largest that is not listed.
    """
    line = [(-size, stack) for size, stack in sizes if size > floor]
    heapify(line)
    limit = (-next_in_line[0], next_in_line[1]) if next_in_line else None
    given: dict[int, int] = {}
    while need and line and (limit is None or line[0] < limit):
        size, stack = line[0]
        given[stack] = given.get(stack, 0) + 1
        need -= 1
        if -size - 1 > floor:
            heapreplace(line, (size + 1, stack))
        else:
            heappop(line)
    return given


def too_many(connection: sqlite3.Connection, retention: Retention, total: int) -> int:
    """How many alerts have to go in this step for want of room."""
    excess = max(0, total - retention.alerts) if retention.alerts else 0
    if total and retention.bytes and used(connection) > retention.bytes:
        excess = STEP
    return min(excess, STEP)


def to_pay(connection: sqlite3.Connection, need: int) -> Generator[None, None, tuple[dict[int, int], bool]]:
    """By stack, how many of its alerts go in this step; and whether that is all of them, or those between its first and
    its latest. Which it is is found in short steps, between which alerts may come; what is given holds when it is."""
    found = yield from crowd(connection, _largest(connection))
    if found and (given := _enough(quietest(connection, found, _PLAIN, AT_ONCE), need)):
        return given, True
    for whole, plan in ((False, _between), (True, _whole)):
        for which in (_PLAIN, KEPT):
            if given := plan(connection, need, which):
                return given, whole
    return {}, True


def _largest(connection: sqlite3.Connection) -> int:
    row = connection.execute(f"SELECT count FROM stacks WHERE {_PLAIN} ORDER BY count DESC LIMIT 1").fetchone()
    return row[0] if row else 0


def _between(connection: sqlite3.Connection, need: int, which: str) -> dict[int, int]:
    sizes = connection.execute(
        f"SELECT count, id FROM stacks WHERE count > 2 AND {which} ORDER BY count DESC, id LIMIT ?", (AT_ONCE + 1,)
    ).fetchall()
    return shares(sizes[:AT_ONCE], need, 2, _next_in_line(sizes[AT_ONCE:]))


def _next_in_line(others: Sequence[Size]) -> Size | None:
    """Of many that are about as large these give a little before the others do; else each would give one in a step."""
    return next(((size - size // ABOUT, stack) for size, stack in others), None)


def _whole(connection: sqlite3.Connection, need: int, which: str) -> dict[int, int]:
    """There are only first and latest alerts: the stacks that were quiet the longest go, as many as are needed."""
    oldest = connection.execute(f"SELECT id, count FROM stacks WHERE {which} ORDER BY last_id LIMIT ?", (AT_ONCE,))
    return _enough(oldest, need)


def _enough(stacks: Iterable[tuple[int, int]], need: int) -> dict[int, int]:
    """As many of these, whole, as are needed."""
    given: dict[int, int] = {}
    for stack, count in stacks:
        if need <= 0:
            break
        given[stack] = count
        need -= count
    return given


def too_old(connection: sqlite3.Connection, age: int) -> tuple[list[int], int]:
    """Stacks with alerts that are too old, some of them in this step; and the time before which that is."""
    latest = connection.execute("SELECT time FROM alerts ORDER BY id DESC LIMIT 1").fetchone()
    if not age or latest is None:
        return [], 0
    limit = latest[0] - age
    query = f"SELECT id FROM stacks WHERE first < ? AND {_PLAIN} ORDER BY first LIMIT ?"
    return [stack for (stack,) in connection.execute(query, (limit, AT_ONCE))], limit


def used(connection: sqlite3.Connection) -> int:
    """Bytes in use; the pages of deleted alerts are free to be used again."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)

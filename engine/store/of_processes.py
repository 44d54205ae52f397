"""How many alerts are kept of processes, from indexes alone: no alert is read.

There may be a million of one process, which take half a second: they are counted in steps, and pages of the store go
between two of these.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from engine.alerts import Priority
from engine.store.rows import Stored

Key = tuple[int, int]
"""Pid and start time."""
STEP = 10_000
"""Alerts counted at once: some milliseconds in the store's thread."""
_LOOK = 15
"""As many of them take as long as to look for a process that has none."""
COUNTED = """
SELECT stacks.priority, count(*), max(its.id)
FROM (
    SELECT id FROM alerts INDEXED BY alerts_of_process
    WHERE pid = ? AND start = ? AND id BETWEEN ? AND ? ORDER BY id LIMIT ?
) AS its
CROSS JOIN alerts AS placed INDEXED BY alerts_in_order ON placed.id = its.id
CROSS JOIN stacks ON stacks.id = placed.stack
GROUP BY stacks.priority
"""


class Counting:
    """Counts those of some processes among ``ids``, by the priority of their stacks, in steps until it ``is_done``."""

    def __init__(self, keys: Sequence[Key], ids: range, step: int = STEP) -> None:
        self.found: dict[Key, dict[Priority, int]] = {}
        """Of each process that has any."""
        self._last = ids.stop - 1
        self._step = step
        self._rest = [(key, ids.start) for key in reversed(keys)]
        """Who is still to be looked at, the next one at the end, and from which id on."""

    @property
    def is_done(self) -> bool:
        """Whether all are counted."""
        return not self._rest

    def step(self, connection: sqlite3.Connection, _waiting: list[Stored]) -> None:
        """Count some."""
        left = self._step
        while self._rest and left > 0:
            left -= self._count(connection, left) + _LOOK

    def _count(self, connection: sqlite3.Connection, most: int) -> int:
        """So many at most of the next process; how many it were."""
        key, first = self._rest.pop()
        rows = connection.execute(COUNTED, (*key, first, self._last, most)).fetchall()
        for priority, number, _ in rows:
            counts = self.found.setdefault(key, {})
            counts[Priority(priority)] = counts.get(Priority(priority), 0) + number
        counted: int = sum(number for _, number, _ in rows)
        if counted == most:
            self._rest.append((key, max(latest for _, _, latest in rows) + 1))
        return counted

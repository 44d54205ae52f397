"""A minute of a place: its events and who did them, within a bound."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heapreplace

import msgspec

from engine.flight.places import MINUTE
from engine.protocol import AskerRow, ContainerRow, EventRow, ExecRow, ProcessRow
from engine.state.processes import ProcessKey

MOST = 400
"""Events of a slice. Beyond, the process with most of them gives its least telling, the oldest first."""
_AT_ONCE = 10
"""The part of them (1/10) that gives way when there is no room: choosing takes a look at all."""

_WORTH = {"process": 0, "read": 1, "network": 2, "changed": 2, "written": 2, "program": 3}


class Kept(msgspec.Struct):
    """What is kept of a place for some time."""

    rows: list[EventRow] = []
    processes: list[ProcessRow] = []
    """Those of the rows, and their ancestors."""
    execs: list[ExecRow] = []
    """How somebody came in: those by which these processes did."""
    container: ContainerRow | None = None
    starter: AskerRow | None = None
    """Who had the container made or started."""
    left_out: int = 0
    """Events for which there was no room."""


class Slice:
    """What happened in a minute (since the epoch), by the number of the event."""

    def __init__(self, minute: int, wanted: set[int], *, most: int = MOST) -> None:
        self.minute = minute
        self.rows: dict[int, EventRow] = {}
        self.processes: dict[ProcessKey, ProcessRow] = {}
        self.left_out = 0
        self._wanted = wanted
        self._most = most

    @property
    def since(self) -> int:
        """Nanoseconds since the epoch."""
        return self.minute * MINUTE

    @property
    def until(self) -> int:
        """Its last nanosecond."""
        return self.since + MINUTE - 1

    def add(self, row: EventRow) -> None:
        """One more event; for those that raised alerts (``wanted``), the first and the latest, there is always room."""
        self.rows[row.num] = row
        if len(self.rows) > self._most:
            self._make_room(self._most - self._most // _AT_ONCE)

    def _make_room(self, wanted: int) -> None:
        raised, few = [num for num in self.rows if num in self._wanted], self._most // 4
        stay = {*raised[:few], *raised[-few:]}
        lines = _by_process(row for row in self.rows.values() if row.num not in stay)
        heap = [(-len(line), number) for number, line in enumerate(lines)]
        heapify(heap)
        while len(self.rows) > wanted and heap and heap[0][0]:
            length, number = heap[0]
            del self.rows[lines[number].pop().num]
            self.left_out += 1
            heapreplace(heap, (length + 1, number))


def _by_process(rows: Iterable[EventRow]) -> list[list[EventRow]]:
    """The events of each process, what tells most first, the newest of that first."""
    lines: dict[ProcessKey, list[EventRow]] = {}
    for row in rows:
        lines.setdefault((row.pid, row.start), []).append(row)
    return [sorted(line, key=lambda row: (_WORTH[row.kind], row.num), reverse=True) for line in lines.values()]

"""How much of the ring those may fill who make more events than their budget, and how much that is.

What waits in the ring is how late everybody's alerts are. So the room for floods is what the reader deals with in
:data:`PATIENCE`: much where events are judged and forgotten, little where each of them is an alert. The kernel keeps to
it (bpf/share.h); here is measured how fast the reader is while it has more to do than it can.

A budget is a part of what the reader deals with: were it as much as all of that, as on a machine that leaves the sensor
little of its processors, one who floods would leave the others nothing.
"""

from __future__ import annotations

PATIENCE = 2.0
"""Seconds that an event of somebody else may wait behind a flood. With less, a burst of alerts that the ring can hold
would be lost although nobody else is there."""
LEAST, MOST = 32, 2
"""The room as a part of the ring: at least, and at most, which is also what holds before anything was measured: a
burst that the ring can hold is lost to nobody."""
BUDGET = 2_000
"""Events a second of everybody's own, …"""
LEAST_BUDGET = 200
"""… and at least, however slow the reader is."""
PART = 8
"""A budget is at most this part (1/8) of what the reader deals with."""
_RECORD = 512
"""Bytes of a record, about."""
REST = 1.0
"""Seconds without a backlog after which the next flood may be of another kind."""
_SHORTEST = 1e-4
"""Seconds of a slice at least, by any clock."""
_WEIGHT = 0.3
"""Of the latest measurement: a few slices tell."""


class Pace:
    """Measures the reader; times are seconds on one monotonic clock, sizes bytes."""

    def __init__(self, ring_size: int) -> None:
        self._size = ring_size
        self._rate = 0.0
        """Bytes a second while there was more to do; 0 when it is not known."""
        self._since: tuple[float, int] | None = None
        self._idle_from = 0.0

    def note(self, now: float, consumed: int, more: bool) -> None:
        """After a slice: ``consumed`` in all so far, and whether more was waiting."""
        if more:
            if self._since is not None:
                self._measure(now - self._since[0], consumed - self._since[1])
            self._since, self._idle_from = (now, consumed), now
            return
        self._since = None  # the slice that ended the backlog tells how much there was, and not how fast we are
        if now - self._idle_from > REST:
            self._rate = 0.0

    def _measure(self, seconds: float, size: int) -> None:
        rate = size / max(seconds, _SHORTEST)
        self._rate = rate if not self._rate else self._rate + _WEIGHT * (rate - self._rate)

    @property
    def period(self) -> int:
        """Nanoseconds for each event of a budget."""
        events = self._rate / _RECORD / PART if self._rate else BUDGET
        return int(10**9 / min(max(events, LEAST_BUDGET), BUDGET))

    @property
    def room(self) -> int:
        """Bytes of the ring that anybody may fill."""
        if not self._rate:
            return self._size // MOST
        return min(max(int(self._rate * PATIENCE), self._size // LEAST), self._size // MOST)

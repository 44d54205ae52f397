"""The time since boot for records of kernels before 5.8, whose programs can only read the monotonic clock.

That clock stands still while the machine is suspended. /proc, and the start of a process in a record, tell times on the
clock that does not: so every record gets the time for which the machine had been suspended until then. It is measured
here before records are dealt with; what was recorded since the last measurement counts as of after the suspend, as
nothing runs for long between the last look before it and the first one after. The difference only grows, so that no
event gets in front of an older one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from probes.kernel.wire import TIME
from probes.machine import clocks


class BootTime:
    """``suspended(known)`` gives the nanoseconds for which the machine has been suspended since boot."""

    def __init__(self, suspended: Callable[[int], int] = clocks.suspended) -> None:
        self._suspended = suspended
        self._added = suspended(0)

    def given(self, records: Sequence[bytes]) -> list[bytes]:
        """The records with the time since boot."""
        self._added = max(self._suspended(self._added), self._added)
        return [self._moved(record) for record in records]

    def _moved(self, record: bytes) -> bytes:
        (time,) = TIME.unpack_from(record)
        return TIME.pack(time + self._added) + record[TIME.size :]

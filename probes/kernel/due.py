"""When a snapshot of /proc is told: behind all that happened before it was finished.

The ring is read in order. So it is enough that it was read up to where it ended then; a flood behind that may go on for
ever, and what has ended unheard must not live as long.
"""

from __future__ import annotations

from math import inf

from engine.events import Snapshot
from probes.kernel.perf import PerfReader
from probes.kernel.ring import RingReader
from probes.machine.snapshots import Snapshots


class Due:
    """Gives the snapshots that were taken when it is their turn."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._taken: Snapshot | None = None
        self._position = 0.0

    def poll(self, reader: RingReader | PerfReader | None, *, busy: bool) -> Snapshot | None:
        """The next one. ``busy``: there is more to read; of perf buffers nobody knows how much of it is older."""
        read, pending = (reader.consumed, reader.pending) if isinstance(reader, RingReader) else (0, inf)
        if self._taken is None and (taken := self._snapshots.poll(busy=busy)):
            self._taken, self._position = taken, read + pending
        if busy and read < self._position:
            return None
        taken, self._taken = self._taken, None
        return taken

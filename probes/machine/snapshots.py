"""Snapshots of /proc: one at the start, and one after events were lost.

A lost exit leaves a process that lives for ever, a lost exec one under its old name. So after a loss /proc is read
again, though not too often: reading costs about 0.1 ms for each process, and events are lost when time is short.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import msgspec

from engine.events import Snapshot
from probes.machine import clocks
from probes.machine.cgroups import Cgroups
from probes.machine.procfs import read_processes

PERIOD = 10.0
"""Seconds at least between the beginnings of two snapshots."""
BUSY_PERIOD = 60.0
"""The same while there is more to do than can be done: in a flood that does not end nobody must live for ever."""
PART = 100
"""Processes that are taken in at once: about a millisecond."""


def in_parts(snapshot: Snapshot) -> Iterator[Snapshot]:
    """The snapshot as several, each with some of its processes."""
    processes = snapshot.processes
    for begin in range(0, max(len(processes), 1), PART):
        part, more = processes[begin : begin + PART], begin + PART < len(processes)
        yield msgspec.structs.replace(snapshot, processes=part, more=more)


class Snapshots:
    """Takes snapshots in a thread. ``offset`` gives the time of the boot, in nanoseconds since the epoch.

    ``environment`` says whether to read what programs were started with; it may be set at any time.
    """

    def __init__(self, cgroups: Cgroups, offset: Callable[[], int], *, environment: bool = False) -> None:
        self.environment = environment
        self._cgroups = cgroups
        self._offset = offset
        self._wanted = False
        self._next = 0.0
        self._taking: asyncio.Task[Snapshot] | None = None
        self._failing = False
        self.report: Callable[[str, str], None] = lambda _what, _hint: None
        """Told when /proc cannot be read, once until it can."""

    async def take(self) -> Snapshot:
        """What lives now, with the cgroups as they are now."""
        self._next = time.monotonic() + PERIOD
        known = set(self._cgroups.containers)
        self._cgroups.renew(known, await asyncio.to_thread(self._cgroups.find))
        return await asyncio.to_thread(self._read)

    def want(self) -> None:
        """Something was lost, or is needed from now on: look again."""
        self._wanted = True

    def poll(self, *, busy: bool = False) -> Snapshot | None:
        """A snapshot that has been finished; the events up to now come before it."""
        taken, longer = self._finished(), BUSY_PERIOD - PERIOD if busy else 0
        if self._wanted and self._taking is None and time.monotonic() >= self._next + longer:
            self._wanted = False
            self._taking = asyncio.create_task(self.take())
        return taken

    def close(self) -> None:
        """Nothing more is wanted."""
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _finished(self) -> Snapshot | None:
        if self._taking is None or not self._taking.done():
            return None
        taking, self._taking = self._taking, None
        try:
            snapshot = taking.result()
        except (OSError, RuntimeError) as error:  # no descriptor or thread is left: what is known stays; tried again
            self._tell(error)
            self._wanted = True
            return None
        self._failing = False
        return snapshot

    def _tell(self, error: OSError | RuntimeError) -> None:
        if not self._failing:
            reason = getattr(error, "strerror", "") or error
            self.report(f"/proc cannot be read: {reason}", "ended processes may be shown meanwhile")
        self._failing = True

    def _read(self) -> Snapshot:
        """The time is that before the first process is looked at: later events are younger than what is read."""
        wall, since_boot = time.time_ns(), clocks.since_boot()
        processes = read_processes(self._offset(), environment=self.environment)
        return Snapshot(time=wall, processes=processes, since_boot=since_boot)

"""The events of late, for the screen: the last ones of each process, so that a busy process does not push out the few
events of a quiet one."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from heapq import nlargest

from engine.state.event import Event
from engine.state.processes import ProcessKey

MAX_PER_PROCESS = 100
"""Events remembered of one process."""
MAX_EVENTS = 10_000
"""Events remembered in all; the processes that were quiet the longest are forgotten first."""


class Recent:
    """A bounded memory of events."""

    def __init__(self, *, per_process: int = MAX_PER_PROCESS, maximum: int = MAX_EVENTS) -> None:
        self._per_process = per_process
        self._maximum = maximum
        self._by_process: OrderedDict[ProcessKey, deque[Event]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, event: Event) -> None:
        """Remember ``event``."""
        key = (event.kernel.pid, event.kernel.start)
        queue = self._by_process.get(key)
        if queue is None:
            queue = self._by_process[key] = deque(maxlen=self._per_process)
        else:
            self._by_process.move_to_end(key)
        if len(queue) < self._per_process:
            self._size += 1
        queue.append(event)
        while self._size > self._maximum:
            self._size -= len(self._by_process.popitem(last=False)[1])

    def of_process(self, key: ProcessKey, limit: int) -> list[Event]:
        """The latest events of a process, the newest first."""
        return list(reversed(self._by_process.get(key, ())))[:limit]

    def of_container(self, container_id: str | None, limit: int) -> list[Event]:
        """The latest events of a container, of the host ("") or of all (None), the newest first."""
        events: Iterable[Event] = (event for queue in self._by_process.values() for event in queue)
        if container_id is not None:
            events = (event for event in events if event.kernel.container_id == container_id)
        return nlargest(limit, events, key=lambda event: event.num)

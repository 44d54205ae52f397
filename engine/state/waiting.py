"""Events that wait for their container's metadata.

A rule on an image or on "privileged" judged before Docker has answered would be judged wrongly. So events of a
container about which a runtime is still being asked wait, in their order, for a moment: until the answer, until the
runtime says it does not know the container, until their time is up, or until there are too many. Then they are judged
with what is known. None is dropped, and every case is counted.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque

from engine.state.clock import moment_of
from engine.state.event import Event

PATIENCE = 10**9
"""Nanoseconds to wait for a container that no runtime has mentioned yet."""
PATIENCE_MENTIONED = 5 * 10**9
"""… that the runtime has mentioned: the answer is on its way (Docker holds it back while the container starts)."""
MAX_PER_CONTAINER = 10_000
"""Events that wait for one container."""
MAX_WAITING = 50_000
"""Events that wait in all. When there are more, those of the container with the most of them go on."""


class Waiting:
    """First in, first out, for each container. ``counts`` says how many were held, and why they were let go."""

    def __init__(self, *, patience: int = PATIENCE, patience_mentioned: int = PATIENCE_MENTIONED) -> None:
        self.counts: Counter[str] = Counter()
        self._patience = patience
        self._patience_mentioned = patience_mentioned
        self._queues: dict[str, deque[Event]] = {}
        self._deadlines: dict[str, int] = {}
        self._by_deadline: list[tuple[int, str]] = []
        """A heap; entries that ``_deadlines`` does not bear out are of the past."""
        self._size = 0
        self.deadline = 0
        """A moment (:mod:`engine.state.clock`) before which nobody's patience ends; 0 while nothing waits."""

    def __len__(self) -> int:
        return self._size

    def __contains__(self, container_id: str) -> bool:
        return container_id in self._queues

    def hold(self, event: Event, *, mentioned: bool) -> list[Event]:
        """Let ``event`` wait. Returns events that have to go on because there are too many."""
        container_id = event.kernel.container_id
        queue = self._queues.setdefault(container_id, deque())
        queue.append(event)
        self._size += 1
        self.counts["held"] += 1
        if container_id not in self._deadlines:
            self._start_clock(container_id, moment_of(event.kernel), mentioned=mentioned)
        if len(queue) > MAX_PER_CONTAINER:
            return self.release(container_id, "too many")
        if self._size > MAX_WAITING:
            return self.release(max(self._queues, key=lambda one: len(self._queues[one])), "too many")
        return []

    def mention(self, container_id: str, moment: int) -> None:
        """The runtime knows the container: it is worth waiting longer."""
        if container_id in self._queues:
            self._start_clock(container_id, moment, mentioned=True)

    def release(self, container_id: str, why: str) -> list[Event]:
        """Let the events of a container go on, the oldest first."""
        events = self._queues.pop(container_id, None)
        if events is None:
            return []
        del self._deadlines[container_id]
        if not self._queues:
            self._by_deadline.clear()
            self.deadline = 0
        self._size -= len(events)
        self.counts[why] += len(events)
        return list(events)

    def release_all(self, why: str) -> list[Event]:
        """Let everything go on, in the order of arrival."""
        events = [event for container_id in list(self._queues) for event in self.release(container_id, why)]
        return sorted(events, key=lambda event: event.num)

    def overdue(self, now: int) -> list[Event]:
        """Let the events go on that have waited long enough."""
        heap, events = self._by_deadline, []
        while heap and heap[0][0] <= now:
            deadline, container_id = heapq.heappop(heap)
            if self._deadlines.get(container_id) == deadline:
                events += self.release(container_id, "late")
        self.deadline = heap[0][0] if heap else 0
        return events

    def _start_clock(self, container_id: str, moment: int, *, mentioned: bool) -> None:
        deadline = moment + (self._patience_mentioned if mentioned else self._patience)
        self._deadlines[container_id] = deadline
        heapq.heappush(self._by_deadline, (deadline, container_id))
        self.deadline = self._by_deadline[0][0]

"""What waits for a sink, in its order; when it is too much, those who made most of it pay."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from engine.alerts import Alert

PART = 100
"""A full queue gives up a hundredth of its room at once: to find who has most of it takes a while."""


class _Entry:
    """An alert that waits; None when it was dropped."""

    __slots__ = ("alert", "container_id", "number")

    def __init__(self, alert: Alert, number: int) -> None:
        self.alert: Alert | None = alert
        self.number = number
        self.container_id = alert.container.id if alert.container is not None else ""


class FairQueue:
    """At most ``capacity`` alerts. One container's flood does not drop the alerts of another, or of the host."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._order: deque[_Entry] = deque()
        self._by_container: dict[str, deque[_Entry]] = {}
        self._size = 0
        self._number = 0

    def __len__(self) -> int:
        return self._size

    def put(self, alerts: Iterable[Alert]) -> int:
        """Append alerts. Returns how many were dropped for it: the oldest of the container with most of them,
        of several the one that has waited longest."""
        dropped = 0
        for alert in alerts:
            self._number += 1
            entry = _Entry(alert, self._number)
            self._order.append(entry)
            self._by_container.setdefault(entry.container_id, deque()).append(entry)
            self._size += 1
            if self._size > self._capacity:
                dropped += self._drop()
        return dropped

    def take(self, most: int) -> list[Alert]:
        """The next alerts in their order, at most so many."""
        taken: list[Alert] = []
        while self._size and len(taken) < most:
            entry = self._order.popleft()
            if entry.alert is not None:
                taken.append(entry.alert)
                self._forget_first_of(entry.container_id)
        return taken

    def _drop(self) -> int:
        container_id, waiting = max(self._by_container.items(), key=lambda item: (len(item[1]), -item[1][0].number))
        count = min(max(self._capacity // PART, 1), len(waiting))
        for _ in range(count):
            self._by_container[container_id][0].alert = None
            self._forget_first_of(container_id)
        if len(self._order) > 2 * self._capacity:
            self._order = deque(entry for entry in self._order if entry.alert is not None)
        return count

    def _forget_first_of(self, container_id: str) -> None:
        waiting = self._by_container[container_id]
        waiting.popleft()
        self._size -= 1
        if not waiting:
            del self._by_container[container_id]

"""The events of late, for the screen: the last ones of each process, so that a busy process does not push out the few
events of a quiet one, nor a busy host those of a container."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from heapq import heapify, heapreplace

from engine.state.event import Event
from engine.state.processes import ProcessKey

MAX_PER_PROCESS = 100
"""Events remembered of one process."""
MAX_EVENTS = 10_000
"""Events remembered in all. Whoever has most of them (a container, or the host) gives way first, by its process that
was quiet the longest. Room is made for a tenth of them at once: finding who has most takes a look at all."""


_Queues = OrderedDict[ProcessKey, deque[Event]]

_FRESH = 256
"""Events after which they are sorted at the latest."""


class Recent:
    """A bounded memory of events."""

    def __init__(self, *, per_process: int = MAX_PER_PROCESS, maximum: int = MAX_EVENTS) -> None:
        self._per_process = per_process
        self._maximum = maximum
        self._places: dict[str, _Queues] = {}
        """Events by process, by container id ("" is the host)."""
        self._sizes: Counter[str] = Counter()
        self._total = 0
        self._fresh: list[Event] = []
        """The latest events, not sorted yet: that costs less for many at once."""

    def __len__(self) -> int:
        self._sort()
        return self._total

    def add(self, event: Event) -> None:
        """Remember ``event``."""
        fresh = self._fresh
        fresh.append(event)
        if len(fresh) >= _FRESH:
            self._sort()

    def _sort(self) -> None:
        """Put the fresh events where they belong, one after the other; those of one process often come in a row."""
        fresh, self._fresh = self._fresh, []
        process = container = queue = None
        is_full = False
        for event in fresh:
            if event.process is not process or event.container is not container or queue is None:
                process, container = event.process, event.container
                queue = self._queue(event.kernel.container_id, (event.kernel.pid, event.kernel.start))
                is_full = len(queue) == self._per_process
            queue.append(event)
            if not is_full:
                is_full = len(queue) == self._per_process
                self._sizes[event.kernel.container_id] += 1
                self._total += 1
                if self._total > self._maximum:
                    self._make_room(self._maximum - self._maximum // 10)
                    queue = None

    def _queue(self, place: str, key: ProcessKey) -> deque[Event]:
        """The events of a process, which is now the last that was not quiet."""
        queues = self._places.get(place)
        if queues is None:
            queues = self._places[place] = OrderedDict()
        queue = queues.get(key)
        if queue is None:
            queue = queues[key] = deque(maxlen=self._per_process)
        else:
            queues.move_to_end(key)
        return queue

    def _make_room(self, wanted: int) -> None:
        heap = [(-size, place) for place, size in self._sizes.items()]
        heapify(heap)
        while self._total > wanted:
            place = heap[0][1]
            self._forget(place)
            heapreplace(heap, (-self._sizes[place], place))

    def _forget(self, place: str) -> None:
        _, queue = self._places[place].popitem(last=False)
        self._total -= len(queue)
        self._sizes[place] -= len(queue)
        if not self._places[place]:
            del self._places[place], self._sizes[place]

    def event(self, num: int) -> Event | None:
        """The event of this number, while it is remembered."""
        self._sort()
        events = (event for queues in self._places.values() for queue in queues.values() for event in queue)
        return next((event for event in events if event.num == num), None)

    def process_keys(self) -> set[ProcessKey]:
        """The processes of which events are remembered."""
        self._sort()
        return {key for queues in self._places.values() for key in queues}

    def of_process(self, key: ProcessKey) -> Iterator[Event]:
        """The events of a process: before it entered a container and after."""
        self._sort()
        return (event for queues in self._places.values() for event in queues.get(key, ()))

    def of_container(self, container_id: str | None) -> Iterator[Event]:
        """The events of a container, of the host ("") or of all (None), in no order."""
        self._sort()
        chosen = self._places.values() if container_id is None else [self._places.get(container_id, OrderedDict())]
        return (event for queues in chosen for queue in queues.values() for event in queue)

    def since(self, num: int, container_id: str | None) -> Iterator[tuple[ProcessKey, list[Event]]]:
        """The events after this number by process, of a container, of the host ("") or of all (None).

        It costs no more than a look at the latest event of each process that had none since.
        """
        self._sort()
        chosen = self._places.values() if container_id is None else [self._places.get(container_id, OrderedDict())]
        for key, queue in [item for queues in chosen for item in queues.items() if item[1][-1].num > num]:
            yield key, [event for event in queue if event.num > num]

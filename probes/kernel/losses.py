"""What did not leave the kernel though it was to, by container and cause.

The kernel counts by cgroup, as many as its map holds. What further cgroups lose it counts together.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping

from engine.drops import CAUSES
from engine.events import HOST, Loss
from engine.schema import EVENT_TYPES
from probes.kernel.bpf_map import BpfMap, PerCpuMap
from probes.kernel.paths import text
from probes.kernel.spec import EVENT_INDEX
from probes.kernel.wire import COUNTER, LOSS, LOSS_KEY
from probes.machine.cgroups import Key

OTHER = "other"
"""Stands for the container where the kernel had no room to count each cgroup."""
OTHER_KEYS = [LOSS_KEY.pack(2**64 - 1, 2**32 - 1, cause) for cause in range(len(CAUSES))]
"""What stands for the cgroup then (count_loss in bpf/maps.h). They are in the map from the start."""

_U32 = struct.Struct("=I")
_STATE = [_U32.pack(EVENT_INDEX[row.name]) for row in EVENT_TYPES if row.state]
_Kind = tuple[str, str]
"""Container, cause."""


class Losses:
    """Turns counters that only grow into what was lost since the last look."""

    def __init__(self, lost: BpfMap, counters: PerCpuMap, containers: Mapping[Key, str]) -> None:
        self._lost = lost
        self._counters = counters
        self._containers = containers
        self._before: dict[bytes, int] = {}
        self._state_before = 0
        for key in OTHER_KEYS:
            lost.update(key, LOSS.pack(0, 0, 0, b""))

    def read(self, time: int) -> list[Loss]:
        """A loss for each container and cause since the last call, with the process that lost the latest."""
        counts: Counter[_Kind] = Counter()
        latest: dict[_Kind, tuple[int, bytes]] = {}
        for key, value in self._lost.items().items():
            count, pid, _, comm = LOSS.unpack(value)
            if new := count - self._before.get(key, 0):
                kind = self._kind(key)
                counts[kind] += new
                latest[kind] = pid, comm
            self._before[key] = count
        return [_loss(time, kind, count, *latest[kind]) for kind, count in counts.items()]

    def of_state(self) -> int:
        """How many since the last call were events that keep state: processes may have come or gone unheard."""
        slots = (slot for key in _STATE for slot in self._counters.slots(key))
        before, self._state_before = self._state_before, sum(COUNTER.unpack(slot)[2] for slot in slots)
        return self._state_before - before

    def _kind(self, key: bytes) -> _Kind:
        cgroup, hierarchy, cause = LOSS_KEY.unpack(key)
        container = OTHER if key in OTHER_KEYS else self._containers.get((hierarchy, cgroup), HOST)
        return container, CAUSES[cause]


def _loss(time: int, kind: _Kind, count: int, pid: int, comm: bytes) -> Loss:
    container_id, cause = kind
    return Loss(
        time=time, count=count, cause=cause, container_id=container_id, pid=pid, comm=text(comm.split(b"\0", 1)[0])
    )

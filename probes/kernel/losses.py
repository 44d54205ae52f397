"""What the kernel could not deliver, by container.

The kernel counts by cgroup, as many as its map holds. What further cgroups lose it counts together.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from engine.events import HOST, Loss
from probes.kernel.bpf_map import BpfMap
from probes.kernel.wire import CGROUP_KEY
from probes.machine.cgroups import Key

CAUSE = "kernel buffer full"
OTHER = "other"
"""Stands for the container where the kernel had no room to count each cgroup."""
OTHER_KEY = CGROUP_KEY.pack(2**64 - 1, 2**64 - 1)
"""What stands for the cgroup then (count_loss in bpf/maps.h). It is in the map from the start."""
_U64 = struct.Struct("=Q")


class Losses:
    """Turns the counters that only grow into what was lost since the last look."""

    def __init__(self, counters: BpfMap, containers: Mapping[Key, str]) -> None:
        self._counters = counters
        self._containers = containers
        self._before: dict[bytes, int] = {}
        counters.update(OTHER_KEY, _U64.pack(0))

    def read(self, time: int) -> list[Loss]:
        """A loss for each container that lost something since the last call."""
        now = {key: _U64.unpack(value)[0] for key, value in self._counters.items().items()}
        by_container: dict[str, int] = {}
        for key, count in now.items():
            if new := count - self._before.get(key, 0):
                container_id = self._container(key)
                by_container[container_id] = by_container.get(container_id, 0) + new
        self._before = now
        return [Loss(time=time, count=n, cause=CAUSE, container_id=c) for c, n in by_container.items()]

    def _container(self, key: bytes) -> str:
        if key == OTHER_KEY:
            return OTHER
        cgroup, hierarchy = CGROUP_KEY.unpack(key)
        return self._containers.get((hierarchy, cgroup), HOST)

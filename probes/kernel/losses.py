"""What did not leave the kernel though it was to, by container and cause.

The kernel counts by cgroup, as many as its map holds. What further cgroups lose it counts together. The counters of
those that were removed are given back when they have been read.
"""

from __future__ import annotations

import struct
from collections.abc import Generator, Iterable, Mapping, Sequence
from math import inf

from msgspec.structs import replace

from engine.drops import CAUSES
from engine.events import HOST, OTHER, Loss
from engine.schema import EVENT_TYPES
from probes.kernel.bpf_batch import Part, parts
from probes.kernel.bpf_map import BpfMap, PerCpuMap
from probes.kernel.spec import EVENT_INDEX
from probes.kernel.wire import COUNTER, LOSS, LOSS_KEY
from probes.machine.cgroups import Key
from probes.paths import text

OTHER_KEYS = [LOSS_KEY.pack(2**64 - 1, 2**32 - 1, cause) for cause in range(len(CAUSES))]
"""What stands for the cgroup then (count_loss in bpf/maps.h). They are in the map from the start."""

UNTOLD = 10_000
"""Losses that wait to be told, at most, where nobody takes them."""

_U32 = struct.Struct("=I")
_STATE = [_U32.pack(EVENT_INDEX[row.name]) for row in EVENT_TYPES if row.state]
_Kind = tuple[str, str]
"""Container, cause."""
_Found = dict[_Kind, tuple[int, int, bytes]]
"""How many, and the process that lost the latest: its number and name."""
_NOTHING = LOSS.pack(0, 0, 0, b"")
_NONE = 0, 0, b""


class Losses:
    """Turns counters that only grow into what was lost since the last look."""

    def __init__(self, lost: BpfMap, counters: PerCpuMap, containers: Mapping[Key, str]) -> None:
        self._lost = lost
        self._counters = counters
        self._containers = containers
        self._before: dict[bytes, bytes] = {}
        """The counters as they were last, by their keys."""
        self._gone: set[Key] = set()
        """Removed since: nobody is in them who could lose anything."""
        self._found: _Found = {}
        """What was read and not told yet: a look that fails half-way takes nothing along."""
        self._state_before = 0
        for key in OTHER_KEYS:
            lost.update(key, LOSS.pack(0, 0, 0, b""))

    def read(self, time: int) -> Generator[None, None, list[Loss]]:
        """A loss for each container and cause since the last call, with the process that lost the latest; in steps, of
        which each takes a millisecond at most."""
        gone = self._gone.copy()
        for part in parts(self._lost):
            self._compare(part)
            yield
        for key in [key for key in self._before if gone and _cgroup(key) in gone]:
            self._give_back(key)
            yield
        self._gone -= gone
        found, self._found = self._found, {}
        return [_loss(time, kind, *loss) for kind, loss in found.items()]

    def _compare(self, part: Part) -> None:
        """Add what is new in these counters to what was found."""
        before, found = self._before, self._found
        for key, value in part:
            known = before.get(key, _NOTHING)
            if known == value:
                continue
            before[key] = value
            count, pid, _, comm = LOSS.unpack(value)
            if new := count - LOSS.unpack(known)[0]:
                kind = self._kind(key)
                found[kind] = found.get(kind, _NONE)[0] + new, pid, comm

    def _give_back(self, key: bytes) -> None:
        """The last look at a counter."""
        if (value := self._lost.lookup(key)) is not None:
            self._compare([(key, value)])
        self._lost.delete(key)
        del self._before[key]

    def forget(self, gone: Iterable[Key]) -> None:
        """These cgroups do not exist any more: with the next reading they are read for the last time."""
        self._gone.update(gone)

    def cgroups(self) -> set[Key]:
        """Those that have counters, as of the last reading."""
        return {_cgroup(key) for key in self._before if key not in OTHER_KEYS}

    def of_state(self) -> int:
        """How many since the last call were events that keep state: processes may have come or gone unheard."""
        slots = (slot for key in _STATE for slot in self._counters.slots(key))
        before, self._state_before = self._state_before, sum(COUNTER.unpack(slot)[2] for slot in slots)
        return self._state_before - before

    def _kind(self, key: bytes) -> _Kind:
        cgroup, hierarchy, cause = LOSS_KEY.unpack(key)
        container = OTHER if key in OTHER_KEYS else self._containers.get((hierarchy, cgroup), HOST)
        return container, CAUSES[cause]


def added(before: Sequence[Loss], later: Sequence[Loss], most: int = UNTOLD) -> list[Loss]:
    """The two as one: of each container and cause the sum, with the process of the later; where that is more than
    ``most``, of each cause."""
    return _sums([*before, *later], most) or _sums([replace(one, container_id=OTHER) for one in (*before, *later)])


def _sums(losses: Iterable[Loss], most: float = inf) -> list[Loss]:
    """Of each container and cause; empty for more than ``most`` of them."""
    sums: dict[_Kind, Loss] = {}
    for loss in losses:
        kind = loss.container_id, loss.cause
        sums[kind] = replace(loss, count=loss.count + (sums[kind].count if kind in sums else 0))
    return list(sums.values()) if len(sums) <= most else []


def _cgroup(key: bytes) -> Key:
    cgroup, hierarchy, _ = LOSS_KEY.unpack(key)
    return hierarchy, cgroup


def _loss(time: int, kind: _Kind, count: int, pid: int, comm: bytes) -> Loss:
    container_id, cause = kind
    return Loss(
        time=time, count=count, cause=cause, container_id=container_id, pid=pid, comm=text(comm.split(b"\0", 1)[0])
    )

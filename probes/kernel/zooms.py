"""Carries out zooms: bpf/zoom.h lets out what the processes and cgroups in its maps do, whether or not a rule asks."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from engine.zoom import Target
from probes.kernel.bpf_map import BpfMap, PerCpuMap
from probes.kernel.wire import CGROUP_KEY
from probes.machine.cgroups import Key

ZOOM = 4
"""The option of bpf/maps.h that says whether anybody is watched in full."""

SLOTS = 64
"""Of the numbers that mean a zoom, by their remainder."""
_U32 = struct.Struct("=I")
_U64 = struct.Struct("=Q")


class KernelZooms:
    """The zooms in the kernel. ``containers`` are known by cgroup.

    ``on_change`` is told when the first begins, and when the last has ended.
    """

    def __init__(
        self,
        fds: Mapping[str, int],
        options: BpfMap,
        containers: Mapping[Key, str],
        on_change: Callable[[bool], None],
    ) -> None:
        self._options = options
        self._containers = containers
        self._on_change = on_change
        self._cgroups = BpfMap(fds["zoomed_cgroups"], CGROUP_KEY.size, 1)
        self._processes = BpfMap(fds["zoomed_processes"], _U32.size, _U32.size)
        self._numbers = BpfMap(fds["zoom_numbers"], _U32.size, _U32.size)
        self._counts = PerCpuMap(fds["zoom_counts"], _U32.size, _U64.size)
        self._active: dict[Target, int] = {}
        """By target the number that its processes have in the kernel."""
        self._last = 0

    @property
    def active(self) -> bool:
        """Whether anybody is watched in full."""
        return bool(self._active)

    @property
    def counts(self) -> tuple[int, int]:
        """Events that passed although no rule asked for them, and those that the limit held back."""
        passed, held_back = (
            sum(_U64.unpack(slot)[0] for slot in self._counts.slots(_U32.pack(which))) for which in (0, 1)
        )
        return passed, held_back

    def apply(self, target: Target, pids: frozenset[int]) -> None:
        """Watch a container, or the subtree in which ``pids`` live, in full."""
        number = self._free_number()
        self._mark(self._cgroups, map(_packed, self._cgroups_of(target)), b"\1")
        self._mark(self._processes, map(_U32.pack, pids), _U32.pack(number))
        self._numbers.update(_U32.pack(number % SLOTS), _U32.pack(number))
        self._active[target] = number
        if len(self._active) == 1:
            self._switch(True)

    def extend(self, target: Target, pids: frozenset[int]) -> bool:
        """Watch these processes with a subtree; whether one of them was not watched by now."""
        number, active = self._active.get(target, 0), {_U32.pack(each) for each in self._active.values()}
        new = [pid for pid in map(_U32.pack, pids) if self._processes.lookup(pid) not in active] if number else []
        self._mark(self._processes, new, _U32.pack(number))
        return bool(new)

    def stop(self, target: Target) -> None:
        """Watch it in full no longer. Only the kernel knows who was begun since: their number means nothing now."""
        number = self._active.pop(target, 0)
        if not number:
            return
        self._numbers.update(_U32.pack(number % SLOTS), _U32.pack(0))
        for key in self._cgroups_of(target):
            self._cgroups.delete(_packed(key))
        if not self.active:
            self._switch(False)

    def _free_number(self) -> int:
        """One that was not used before, with a slot of its own."""
        taken = {number % SLOTS for number in self._active.values()}
        self._last += 1
        while self._last % SLOTS in taken:
            self._last += 1
        return self._last

    def add_cgroup(self, key: Key, container_id: str) -> None:
        """A cgroup exists: that of a container that is watched in full is, too."""
        if container_id in self._active:
            self._mark(self._cgroups, [_packed(key)], b"\1")

    def _switch(self, on: bool) -> None:
        """The calls that no rule asks for are looked at first, and left alone last."""
        self._on_change(on)
        self._options.update(_U32.pack(ZOOM), _U32.pack(on))

    def _cgroups_of(self, target: Target) -> list[Key]:
        return [key for key, container_id in self._containers.items() if container_id == target]

    def _mark(self, table: BpfMap, keys: Iterable[bytes], value: bytes) -> None:
        with suppress(OSError):  # the map is full: more cannot be watched in full
            for key in keys:
                table.update(key, value)


def _packed(key: Key) -> bytes:
    hierarchy, cgroup = key
    return CGROUP_KEY.pack(cgroup, hierarchy)

"""What the kernel is told of cgroups: whether each is a container's (bpf/filter.h), and which of them have budgets of
their own (bpf/budget.h). Where it was not told, an event passes the filters, and spends the budget of a unit."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Generator, Mapping

from engine.events import HOST
from probes.kernel.bpf_batch import parts
from probes.kernel.bpf_map import BpfMap
from probes.kernel.slices import in_slices
from probes.kernel.wire import CGROUP_KEY
from probes.machine.cgroups import Key, container_id_of, every_path, is_outermost

_OF_HOST, _OF_CONTAINER = b"\1", b"\2"


class CgroupFacts:
    """Writes them, and takes them back. The kernel forgets a cgroup itself when it is removed; what is told too late of
    one is taken back with the news of its removal, or, if that was lost, by the search that follows a loss."""

    def __init__(self, fds: Mapping[str, int]) -> None:
        self._kinds = BpfMap(fds["cgroup_kinds"], CGROUP_KEY.size, 1)
        self._budgets = BpfMap(fds["budget_roots"], CGROUP_KEY.size, 1)
        self._removed: set[Key] | None = None
        """Whose removal was heard of during a search; None while there is none."""
        self.refused = 0
        """Cgroups for which there was no room so far."""

    def add(self, key: Key, path: str) -> None:
        """A cgroup with this path exists."""
        packed, is_of_host = packed_key(key), container_id_of(path) == HOST
        try:
            self._kinds.update(packed, _OF_HOST if is_of_host else _OF_CONTAINER)
            if not is_of_host and is_outermost(path):
                self._budgets.update(packed, b"\1")
        except OSError:  # a map is full
            self.refused += 1

    def remove(self, key: Key) -> None:
        """A cgroup does not exist any more."""
        if self._removed is not None:
            self._removed.add(key)
        self._forget(key)

    def _forget(self, key: Key) -> None:
        packed = packed_key(key)
        self._kinds.delete(packed)
        self._budgets.delete(packed)

    def add_all(self) -> None:
        """Those that exist."""
        for key, path in every_path():
            self.add(key, path)

    async def renew(self) -> dict[Key, str]:
        """Look which exist: something may have been lost. Gives their paths."""
        self._removed = removed = set[Key]()
        try:
            known = await asyncio.to_thread(self._known)
            found = await asyncio.to_thread(lambda: dict(every_path()))
            await in_slices(self._correct(known, found, removed))
        finally:
            self._removed = None
        return found

    def _known(self) -> set[Key]:
        """What the kernel was told of, by its own word. Called in a thread, so it uses nothing of the loop's."""
        return {_key(packed) for table in (self._kinds, self._budgets) for part in parts(table) for packed, _ in part}

    def _correct(
        self, known: Collection[Key], found: Mapping[Key, str], removed: Collection[Key]
    ) -> Generator[None, None, None]:
        for key in known:
            if key not in found:
                self._forget(key)
            yield
        for key, path in found.items():
            if key not in known and key not in removed:
                self.add(key, path)
            yield


def packed_key(key: Key) -> bytes:
    """A cgroup as the kernel's maps have it."""
    hierarchy, cgroup = key
    return CGROUP_KEY.pack(cgroup, hierarchy)


def _key(packed: bytes) -> Key:
    cgroup, hierarchy = CGROUP_KEY.unpack(packed)
    return hierarchy, cgroup

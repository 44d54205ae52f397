"""What the kernel tells of cgroups, told on to all who keep something by cgroup."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping

from probes.kernel.cgroup_facts import CgroupFacts
from probes.kernel.decode import cgroup_of, sections_of
from probes.kernel.losses import Losses
from probes.kernel.slices import in_slices
from probes.kernel.upkeep import Upkeep
from probes.kernel.wire import Kind, Section
from probes.kernel.zooms import KernelZooms
from probes.machine.cgroups import Cgroups, Key, container_id_of
from probes.paths import text


class CgroupNews:
    """Takes the records about cgroups; begins with those that exist."""

    def __init__(
        self, fds: Mapping[str, int], cgroups: Cgroups, zooms: KernelZooms, losses: Losses, upkeep: Upkeep
    ) -> None:
        self.losses = losses
        self._upkeep = upkeep
        self._cgroups = cgroups
        self._zooms = zooms
        self._facts = CgroupFacts(fds)
        self._searching: asyncio.Task[None] | None = None
        self._facts.add_all()

    @property
    def refused(self) -> int:
        """Cgroups that the kernel had no room for so far: their events pass all filters."""
        return self._facts.refused

    def changed(self, kind: int, record: bytes) -> None:
        """A cgroup was made or removed."""
        key = cgroup_of(record)
        if kind == Kind.CGROUP_MKDIR:
            path = text(sections_of(record)[Section.NAME0][:-1])
            self._zooms.add_cgroup(key, self._cgroups.add(*key, path))
            self._facts.add(key, path)
        else:
            self._cgroups.remove(*key)
            self._facts.remove(key)
            self.losses.forget([key])

    def learn(self, record: bytes) -> None:
        """An exec names its cgroup: it helps when the creation of the cgroup was lost."""
        key = cgroup_of(record)
        if key not in self._cgroups.containers:
            sections = sections_of(record)
            parent, name = sections[Section.CGROUP_PARENT], sections[Section.CGROUP]
            self._cgroups.add(*key, text(parent[:-1] + b"/" + name[:-1]))

    def search(self) -> None:
        """News may have been lost: look at what exists. It takes a while, in which one more search is not begun."""
        if self._searching is None or self._searching.done():
            self._searching = asyncio.create_task(self._attempt())

    async def _attempt(self) -> None:
        with self._upkeep.attempt("which cgroups exist cannot be looked up"):
            await self._search()

    async def _search(self) -> None:
        counted = self.losses.cgroups()
        found = await self._facts.renew()
        self.losses.forget(counted - found.keys())
        if self._zooms.active:
            await in_slices(self._mark(found))

    def _mark(self, found: Mapping[Key, str]) -> Generator[None, None, None]:
        for key, path in found.items():
            self._zooms.add_cgroup(key, container_id_of(path))
            yield

    def close(self) -> None:
        """Nothing more is wanted."""
        if self._searching is not None:
            self._searching.cancel()

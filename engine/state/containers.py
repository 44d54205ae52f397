"""The containers: what Docker says of each, the users in it, and what has happened there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from heapq import nsmallest
from pathlib import PurePosixPath

from engine.events import HOST, ContainerAction, ContainerInfo, HostNames, Users
from engine.state.processes import Process
from engine.state.told import Told

KEEP_GONE = 600 * 10**9
"""Nanoseconds that a removed container is remembered, and one of which no runtime told once nobody lives in it."""
MAX_CONTAINERS = 10_000
"""Containers remembered at most. The removed leave first, then those in which nobody lives, then the others; of each
those first of which no runtime told, and that were seen longest ago."""
_AT_ONCE = 50
"""The part of them (1/50) that leaves when there is no room: choosing takes a look at all."""
REMOVED = "removed"
"""The state of a container that is no more."""


class Container:
    """A container as far as it is known: always its id, its metadata once Docker has told.

    ``info`` is None until then, and stays so for a container that no runtime knows (``unknown`` is then True).
    """

    __slots__ = (
        "asked",
        "entries",
        "entry_caps",
        "execs",
        "first_seen",
        "given_up",
        "gone",
        "gone_since",
        "groups",
        "host_names",
        "hostname",
        "id",
        "info",
        "last_entry",
        "last_exec",
        "last_seen",
        "looked_at",
        "processes",
        "quiet_since",
        "runtime",
        "told",
        "unknown",
        "users",
    )

    def __init__(self, container_id: str, time: int) -> None:
        self.id = container_id
        self.first_seen = time
        self.last_seen = time
        self.info: ContainerInfo | None = None
        self.told = Told()
        """Its metadata as they were told, one after the other."""
        self.unknown = False
        """No daemon that was asked knows it; ``runtime`` is what its cgroup's name tells, "" for nothing."""
        self.runtime = ""
        self.asked = False
        """Somebody was asked about it."""
        self.given_up = False
        """Its events have waited for an answer in vain."""
        self.gone = 0
        """When it was removed, 0 while it is there."""
        self.gone_since = 0
        """The moment (:mod:`engine.state.clock`) at which that was noticed."""
        self.quiet_since = 0
        """The moment at which it had last been seen anew; ``looked_at`` is the ``last_seen`` of then."""
        self.looked_at = 0
        self.users: dict[int, str] = {}
        self.groups: dict[int, str] = {}
        self.hostname = ""
        """Of the host's record: the name of the machine that is watched."""
        self.host_names: dict[str, tuple[str, ...]] = {}
        """Of the host's record: by address, the host names in rules to which it belongs."""
        self.processes: Mapping[int, Process] = {}
        """Of the host's record: the youngest process of each pid."""
        self.entry_caps: int | None = None
        """Permitted capabilities of its first process (vpid 1), None until seen."""
        self.execs = 0
        """Times somebody entered it by ``docker exec``, and when last."""
        self.last_exec = 0
        self.entries = 0
        """Times the kernel saw somebody enter it, by whatever means, and when last."""
        self.last_entry = 0

    @property
    def short_id(self) -> str:
        """Falco's ``container.id``: 12 digits."""
        return self.id[:12]

    @property
    def name(self) -> str:
        """Its name, or its short id while that is all we know."""
        return self.info.name if self.info and self.info.name else self.short_id

    @property
    def complete(self) -> bool:
        """Whether the runtime has told all it knows."""
        return self.info is not None and self.info.complete

    def note_first_program(self, process: Process) -> None:
        """Remember the capabilities with which the container was started, from its first own program."""
        if process.vpid == 1 and self.entry_caps is None and not _is_of_runtime(process):
            self.entry_caps = process.cap_permitted


class ContainerTable:
    """Containers by their full id. ``host`` is the record that carries the host's users."""

    def __init__(
        self,
        *,
        keep: int = KEEP_GONE,
        maximum: int = MAX_CONTAINERS,
        inhabited: Collection[str] = frozenset(),
    ) -> None:
        """``inhabited`` has the ids of those in which a process lives now."""
        self.generation = 0
        self.host = Container(HOST, 0)
        self.forgotten = 0
        """Containers for which there was no room, removed ones left out."""
        self._keep = keep
        self._maximum = maximum
        self._inhabited = inhabited
        self._by_id: dict[str, Container] = {}
        self._now = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Container]:
        return iter(self._by_id.values())

    def get(self, container_id: str) -> Container | None:
        """The container, None if nothing of it was seen."""
        return self._by_id.get(container_id)

    def see(self, container_id: str, time: int) -> Container:
        """The container with this id, which something was heard of at ``time``."""
        container = self._by_id.get(container_id)
        if container is None:
            self._make_room()
            container = self._by_id[container_id] = Container(container_id, time)
            container.quiet_since = self._now
            self.generation += 1
        elif time > container.last_seen:
            container.last_seen = time
        return container

    def inform(self, info: ContainerInfo) -> Container:
        """Take over what the runtime says. What is known only in part never hides what is known in full."""
        container = self.see(info.id, info.time)
        if info.complete or not container.complete:
            container.info = container.told.note(info)
        container.unknown = False
        container.gone = info.time if info.state == REMOVED else 0
        self.generation += 1
        return container

    def note_entry(self, container: Container, time: int) -> None:
        """The kernel saw somebody enter it."""
        container.entries += 1
        container.last_entry = max(container.last_entry, time)
        self.generation += 1

    def act(self, action: ContainerAction) -> Container:
        """Count that somebody entered; that its health is checked is no such thing."""
        container = self.see(action.id, action.time)
        if action.action == "exec_start" and not _checks_health(action, container.info):
            container.execs += 1
            container.last_exec = action.time
        self.generation += 1
        return container

    def name_hosts(self, found: HostNames) -> None:
        """Host names in rules have these addresses."""
        by_address: dict[str, tuple[str, ...]] = {}
        for name, addresses in found.addresses.items():
            for address in addresses:
                by_address[address] = (*by_address.get(address, ()), name)
        self.host.host_names = by_address

    def name_users(self, users: Users, time: int) -> None:
        """Take over the names of a container's users and groups, or the host's."""
        container = self.see(users.container_id, time) if users.container_id != HOST else self.host
        container.users, container.groups = users.users, users.groups

    def expiring(self, now: int) -> Iterator[None]:
        """Forget those removed long ago, and those that no runtime told of and nobody was seen in for as long.

        It is a chore (:mod:`engine.state.chores`). ``now`` is a moment. Ages are those since this was called first with
        them so: what a runtime tells has the time of the wall clock, which may be set.
        """
        self._now, limit = now, now - self._keep
        for container in tuple(self):
            self._look_at(container)
            if self._is_old(container, limit) and self._by_id.get(container.id) is container:
                del self._by_id[container.id]
                self.generation += 1
            yield

    def _is_old(self, container: Container, limit: int) -> bool:
        if container.gone and container.gone_since <= limit:
            return True
        is_quiet = container.info is None and container.quiet_since <= limit
        return is_quiet and container.id not in self._inhabited

    def ask_again(self) -> None:
        """A runtime can be asked that could not: nobody was asked in vain."""
        for container in self:
            container.asked = container.given_up = False

    def _look_at(self, container: Container) -> None:
        if container.looked_at != container.last_seen:
            container.looked_at, container.quiet_since = container.last_seen, self._now
        if not container.gone:
            container.gone_since = 0
        elif not container.gone_since:
            container.gone_since = self._now

    def _make_room(self) -> None:
        if len(self._by_id) < self._maximum:
            return
        lived_in = self._inhabited

        def worth(one: Container) -> tuple[bool, bool, bool, int, int]:
            return (not one.gone, one.id in lived_in, one.info is not None, one.quiet_since, one.last_seen)

        for container in nsmallest(max(self._maximum // _AT_ONCE, 1), self, key=worth):
            self.forgotten += not container.gone
            del self._by_id[container.id]


def _checks_health(action: ContainerAction, info: ContainerInfo | None) -> bool:
    """Whether what was started is just the command by which the runtime checks the container's health."""
    if info is None or len(info.healthcheck) < 2:
        return False
    kind, *words = info.healthcheck
    shell = ["/bin/sh", "-c"] if kind == "CMD-SHELL" else []
    return action.attributes.get("detail") == " ".join([*shell, *words])


_RUNTIMES = frozenset({"runc", "crun", "youki", "exe"})


def _is_of_runtime(process: Process) -> bool:
    """The container's init before it executes the first program of the container: still the runtime's own binary."""
    program = PurePosixPath(process.exepath).name
    return program in _RUNTIMES or program.startswith("memfd:") or process.name.startswith("runc:[")


def is_plumbing(process: Process) -> bool:
    """One of the processes by which runc gets into a container, before it executes what was asked for."""
    if not process.name.startswith("runc:["):  # asked of every ancestor of every process that is shown
        return False
    program = PurePosixPath(process.exepath).name
    return program in _RUNTIMES or program.startswith("memfd:runc")

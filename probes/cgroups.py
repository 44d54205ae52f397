"""Which container a cgroup belongs to.

A cgroup is known by (hierarchy, kernfs id): ids alone collide between the hierarchies of a v1 tree. The map is filled
by a scan at the start, by every cgroup_mkdir event, which comes well before a container's first program, and by the
names that exec events carry. The id is the inode number of the directory, the hierarchy 0 on the unified tree.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from engine.events import HOST

Key = tuple[int, int]
"""(hierarchy, kernfs id)."""

_CONTAINER_ID = re.compile(r"(?:^|[/:]|(?<!conmon)-)([0-9a-f]{64})(?:\.scope|\.service)?(?=/|$)")
"""docker/<id>, docker-<id>.scope, cri-containerd-<id>.scope, libpod-<id>.scope, crio-<id>, kubepods/…/<id>; but not
libpod-conmon-<id>.scope and crio-conmon-<id>.scope, where a container's monitor runs on the host."""
_KEPT_AFTER_REMOVAL = 256


def container_id_of(path: str) -> str:
    """The container that a cgroup path names: the innermost one when they are nested, HOST when there is none."""
    found = _CONTAINER_ID.findall(path)
    return str(found[-1]) if found else HOST


class Cgroups:
    """The containers by cgroup. Cgroups of the host are not stored."""

    def __init__(self) -> None:
        self.containers: dict[Key, str] = {}
        self._removed: deque[Key] = deque()

    def add(self, hierarchy: int, cgroup: int, path: str) -> str:
        """A cgroup with this path exists; gives its container."""
        container_id = container_id_of(path)
        if container_id != HOST:
            self.containers[hierarchy, cgroup] = container_id
        return container_id

    def remove(self, hierarchy: int, cgroup: int) -> None:
        """It was removed. It is remembered a while, for the losses that are counted late."""
        key = hierarchy, cgroup
        if key in self.containers and key not in self._removed:
            self._removed.append(key)
        if len(self._removed) > _KEPT_AFTER_REMOVAL:
            self.containers.pop(self._removed.popleft(), None)

    @staticmethod
    def find(proc: Path = Path("/proc/self")) -> dict[Key, str]:
        """The cgroups that exist, in the hierarchies that events are keyed by."""
        found: dict[Key, str] = {}
        for hierarchy, mount in hierarchies(proc):
            for folder, _, _ in os.walk(mount):
                if (container_id := container_id_of(folder[len(mount) :])) != HOST:
                    with suppress(FileNotFoundError):  # its container ends while we look
                        found[hierarchy, Path(folder).stat().st_ino] = container_id
        return found

    def renew(self, known: Collection[Key], found: Mapping[Key, str]) -> None:
        """Learn those ``found``; those ``known`` before the search and not found have been removed unheard."""
        for key in known:
            if key not in found:
                self.remove(*key)
        self.containers.update(found)


def hierarchies(proc: Path = Path("/proc/self")) -> Iterator[tuple[int, str]]:
    """(hierarchy, mount point) of the unified tree and of the v1 tree of the pids controller, where mounted."""
    pids = _hierarchy_of_pids(proc)
    for line in _lines(proc / "mountinfo"):
        fields, _, filesystem = line.partition(" - ")
        kind, _, options = filesystem.split(" ", 2)
        mount = fields.split(" ")[4]
        if kind == "cgroup2":
            yield 0, mount
        elif kind == "cgroup" and "pids" in options.split(","):
            yield pids, mount


def _hierarchy_of_pids(proc: Path) -> int:
    """The number before the pids controller in /proc/self/cgroup: ``8:pids:/``; 0 where it is on the unified tree."""
    for line in _lines(proc / "cgroup"):
        number, controllers, _ = line.split(":", 2)
        if "pids" in controllers.split(","):
            return int(number)
    return 0


def _lines(file: Path) -> list[str]:
    """Ended by newlines alone: anybody may mount at a path that holds another of the characters that end lines."""
    return [line for line in os.fsdecode(file.read_bytes()).split("\n") if line]

"""Which container a cgroup belongs to.

A cgroup is known by (hierarchy, kernfs id): ids alone collide between the hierarchies of a v1 tree. The map is filled
by a scan at the start, by every cgroup_mkdir event, which comes well before a container's first program, and by the
names that exec events carry. The id is the inode number of the directory, the hierarchy 0 on the unified tree.
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from engine.events import HOST

Key = tuple[int, int]
"""(hierarchy, kernfs id)."""

_CONTAINER_ID = re.compile(
    r"""(?:^|[/:]|(?<!conmon)-)([0-9a-f]{64})(?:\.scope|\.service)?(?=/|$)
      | (?:^|/)buildkit/([0-9a-z]{25})(?=/|$)
      | (?:^|/)docker-([0-9a-z]{25})\.scope(?=/|$)""",
    re.VERBOSE,
)
"""docker/<id>, docker-<id>.scope, cri-containerd-<id>.scope, libpod-<id>.scope, crio-<id>, kubepods/…/<id>; but not
libpod-conmon-<id>.scope and crio-conmon-<id>.scope, where a container's monitor runs on the host.

The others are steps of a build: BuildKit gives them 25 digits to the base 36, below docker/ or buildkit/ in a folder of
its own, with systemd as scopes beside those of the containers. No runtime answers questions about them."""
_KEPT_AFTER_REMOVAL = 4096
"""As many as there are counters of losses: a container may make and remove cgroups of its own by the thousand."""


def container_id_of(path: str) -> str:
    """The container that a cgroup path names: the innermost one when they are nested, HOST when there is none."""
    innermost = HOST
    for found in _CONTAINER_ID.finditer(path):
        innermost = found[found.lastindex or 0]
    return innermost


_RUNTIMES = (
    (re.compile(r"(?:^|/)libpod-[0-9a-f]{64}"), "podman"),
    (re.compile(r"(?:^|/)cri-containerd-[0-9a-f]{64}|:cri-containerd:[0-9a-f]{64}"), "containerd"),
    (re.compile(r"(?:^|/)crio-[0-9a-f]{64}"), "cri-o"),
    (re.compile(r"(?:^|/)buildkit/|(?:^|/)docker-[0-9a-z]{25}\.scope"), "BuildKit"),
    (re.compile(r"(?:^|/)docker[-/][0-9a-f]{64}"), "docker"),
    (re.compile(r"(?:^|/)kubepods"), "Kubernetes"),
)
"""How runtimes name the cgroups of their containers."""


def runtime_of(path: str) -> str:
    """Whose container it is by the name of its cgroup, "" where that does not tell."""
    inner = path[max((found.start() for found in _CONTAINER_ID.finditer(path)), default=0) :]
    texts = (inner, path)
    return next((name for text in texts for pattern, name in _RUNTIMES if pattern.search(text)), "")


class Cgroups:
    """The containers by cgroup. Cgroups of the host are not stored."""

    def __init__(self) -> None:
        self.containers: dict[Key, str] = {}
        self.on_change: Callable[[], None] = lambda: None
        """Told when ``containers`` has changed."""
        self._removed: OrderedDict[Key, None] = OrderedDict()

    def add(self, hierarchy: int, cgroup: int, path: str) -> str:
        """A cgroup with this path exists; gives its container."""
        container_id = container_id_of(path)
        self._removed.pop((hierarchy, cgroup), None)
        if container_id != self.containers.get((hierarchy, cgroup), HOST):
            self._put((hierarchy, cgroup), container_id)
        return container_id

    def remove(self, hierarchy: int, cgroup: int) -> None:
        """It was removed. It is remembered a while, for the losses that are counted late."""
        key = hierarchy, cgroup
        if key in self.containers and key not in self._removed:
            self._removed[key] = None
        if len(self._removed) > _KEPT_AFTER_REMOVAL:
            self._put(self._removed.popitem(last=False)[0], HOST)

    @staticmethod
    def find(proc: Path = Path("/proc/self")) -> dict[Key, str]:
        """The cgroups of containers that exist, in the hierarchies that events are keyed by."""
        return {key: container_id for key, container_id in every_cgroup(proc) if container_id != HOST}

    def renew(self, known: Collection[Key], found: Mapping[Key, str]) -> None:
        """Learn those ``found``; those ``known`` before the search and not found have been removed unheard."""
        for key in known:
            if key not in found:
                self.remove(*key)
        self.containers.update(found)
        self.on_change()

    def _put(self, key: Key, container_id: str) -> None:
        if container_id != HOST:
            self.containers[key] = container_id
        else:
            self.containers.pop(key, None)  # older kernels (before 5.5) use numbers again
        self.on_change()


def is_outermost(path: str) -> bool:
    """Whether a cgroup with this path is that of a container, and within no other: what it makes below is its own."""
    return container_id_of(path) != HOST == container_id_of(path.rstrip("/").rpartition("/")[0])


def every_path(proc: Path = Path("/proc/self")) -> Iterator[tuple[Key, str]]:
    """The cgroups that exist, and the path of each in its hierarchy."""
    for hierarchy, mount in hierarchies(proc):
        for folder, _, _ in os.walk(mount):
            with suppress(FileNotFoundError):  # it is removed while we look
                yield (hierarchy, Path(folder).stat().st_ino), folder[len(mount) :]


def every_cgroup(proc: Path = Path("/proc/self")) -> Iterator[tuple[Key, str]]:
    """The cgroups that exist, and the container of each; HOST for the others."""
    for key, path in every_path(proc):
        yield key, container_id_of(path)


def hierarchies(proc: Path = Path("/proc/self")) -> Iterator[tuple[int, str]]:
    """(hierarchy, mount point) of the unified tree and of the v1 tree of the pids controller, where mounted."""
    pids = _hierarchy_of_pids(proc)
    for controllers, mount in _trees(proc):
        if controllers is None:
            yield 0, mount
        elif "pids" in controllers:
            yield pids, mount


def mounts(proc: Path = Path("/proc/self")) -> dict[str, str]:
    """The mount points by v1's controllers; "" is the unified tree."""
    return {name: mount for controllers, mount in _trees(proc) for name in controllers or [""]}


def _trees(proc: Path) -> Iterator[tuple[list[str] | None, str]]:
    """(options of v1, with the controllers among them; None for the unified tree, mount point)."""
    for line in _lines(proc / "mountinfo"):
        fields, _, filesystem = line.partition(" - ")
        kind, _, options = filesystem.split(" ", 2)
        root, mount = map(_unescaped, fields.split(" ")[3:5])
        if root != "/":
            continue  # a part of a tree mounted elsewhere: its paths do not name the containers
        if kind == "cgroup2":
            yield None, mount
        elif kind == "cgroup":
            yield options.split(","), mount


def container_of_process(folder: Path) -> str:
    """The container of a process, by its folder of /proc; raises OSError when it has ended.

    The line that counts is the one whose cgroup the kernel puts into records (container_cgroup in bpf/task.h): that of
    the pids controller on a v1 tree, else that of the unified one.
    """
    return container_id_of(path_of_process(folder))


def path_of_process(folder: Path) -> str:
    """The path of that cgroup; raises OSError when the process has ended."""
    paths = {controllers: path for _, controllers, path in memberships(folder)}
    pids = next((path for controllers, path in paths.items() if "pids" in controllers.split(",")), "/")
    return pids if pids != "/" else paths.get("", "/")


def runtime_of_process(pid: int) -> str:
    """Whose container it is in, as :func:`runtime_of` tells; "" when it has ended."""
    try:
        return runtime_of(path_of_process(Path(f"/proc/{pid}")))
    except OSError:
        return ""


def has_own_cgroup(pid: int) -> bool:
    """Whether a process of a container is in a cgroup that names one: rootless on a v1 tree nobody may make any. One
    that has ended counts as such."""
    try:
        return container_of_process(Path(f"/proc/{pid}")) != HOST
    except OSError:
        return True


def _hierarchy_of_pids(proc: Path) -> int:
    """The number before the pids controller in /proc/self/cgroup: ``8:pids:/``; 0 where it is on the unified tree."""
    return next((int(number) for number, names, _ in memberships(proc) if "pids" in names.split(",")), 0)


def memberships(folder: Path) -> Iterator[list[str]]:
    """(hierarchy, controllers, path) of each line of /proc/PID/cgroup; the unified tree has no controllers there."""
    for line in _lines(folder / "cgroup"):
        yield line.split(":", 2)


def _unescaped(path: str) -> str:
    """A path of mountinfo, which has what would end a field (blank, tab, newline, backslash) as ``\\040``."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def _lines(file: Path) -> list[str]:
    """Ended by newlines alone: anybody may mount at a path that holds another of the characters that end lines."""
    return [line for line in os.fsdecode(file.read_bytes()).split("\n") if line]

"""The cgroup of a container, and the files in it that say what it uses: of the unified tree or of v1's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from probes.machine.cgroups import container_id_of, memberships

UNIFIED = ""
"""Stands for the unified tree among the names of v1's controllers."""
_NO_LIMIT = 1 << 60
"""v1 writes no limit as a number of about 2^63."""


@dataclass(frozen=True, slots=True)
class ContainerCgroup:
    """The folders of a container's cgroup by controller; one folder for all of them on the unified tree."""

    folders: Mapping[str, str]
    unified: bool

    def cpu_time(self) -> int:
        """Nanoseconds of CPU so far. Raises OSError when the cgroup has gone, as the others do."""
        if self.unified:
            return 1000 * _value(read(f"{self.folders['cpu']}/cpu.stat"), b"usage_usec")
        return int(read(f"{self.folders['cpuacct']}/cpuacct.usage"))

    def memory(self) -> int:
        """Bytes, without the cache of files that was not used of late: as ``docker stats`` reckons."""
        folder = self.folders["memory"]
        used, inactive = ("memory.current", b"inactive_file")
        if not self.unified:
            used, inactive = ("memory.usage_in_bytes", b"total_inactive_file")
        return max(0, int(read(f"{folder}/{used}")) - _value(read(f"{folder}/memory.stat"), inactive))

    def memory_limit(self) -> int:
        """Bytes, 0 for none."""
        text = read(f"{self.folders['memory']}/{'memory.max' if self.unified else 'memory.limit_in_bytes'}")
        limit = 0 if text.startswith(b"max") else int(text)
        return limit if limit < _NO_LIMIT else 0

    def processes(self) -> int:
        """Processes and their threads."""
        return int(read(f"{self.folders['pids']}/pids.current"))


def cgroup_of(container_id: str, pid: int, mounted: Mapping[str, str], proc: Path = Path("/proc")) -> ContainerCgroup:
    """The cgroup of the container in which a process is; ``mounted`` are the trees, by controller.

    Raises OSError when the process has ended or is not in there.
    """
    paths = memberships_of(proc / str(pid))
    unified = UNIFIED in mounted and not {"memory", "cpuacct"} & mounted.keys()
    names = ("cpu", "memory", "pids") if unified else ("cpuacct", "memory", "pids")
    folders = {}
    for name in names:
        tree = UNIFIED if unified else name
        path = _top(paths.get(tree, ""), container_id)
        if not path or tree not in mounted:
            raise FileNotFoundError(f"no cgroup of {container_id} for {name}")
        folders[name] = mounted[tree] + path
    return ContainerCgroup(folders, unified)


def memberships_of(folder: Path) -> dict[str, str]:
    """The paths of a process's cgroups by controller, by its folder of /proc."""
    return {name: path for _, names, path in memberships(folder) for name in names.split(",")}


def _top(path: str, container_id: str) -> str:
    """The container's own cgroup, of one in which it has put a process; "" for another container's."""
    parts = path.split("/")
    for end in range(2, len(parts) + 1):
        if container_id_of(top := "/".join(parts[:end])) == container_id:
            return top
    return ""


def read(path: str) -> bytes:
    """A small file, at once: half of the time of Python's own way."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 1 << 16)
    finally:
        os.close(descriptor)


def _value(text: bytes, name: bytes) -> int:
    """The number behind a name at the beginning of a line; 0 where there is none."""
    start = 0 if text.startswith(name + b" ") else text.find(b"\n" + name + b" ") + 1
    if not start and not text.startswith(name + b" "):
        return 0
    return int(text[start + len(name) + 1 :].split(b"\n", 1)[0])

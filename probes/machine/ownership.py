"""Whom no response touches: the sensor with what it has begun, the screen that asks, and their containers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.events import HOST
from engine.response.possible import Own
from probes.machine.cgroups import container_of_process
from probes.machine.process_trees import closure, identity

_FOLDER_OF_CONTAINER = re.compile("containers/([0-9a-f]{64})/")
_GIVEN = ("/etc/hostname", "/etc/hosts", "/etc/resolv.conf")
"""What a runtime mounts into each container from its folder."""


def own(asking: int = 0) -> Own:
    """As it is now; ``asking`` is the process of the screen, 0 if it is not known."""
    ours = identity(os.getpid())
    pids = frozenset(pid for pid, _ in closure([ours] if ours is not None else [])) | ({asking} - {0})
    return Own(pids, frozenset(found for pid in pids for found in containers_of(Path(f"/proc/{pid}"))))


def containers_of(folder: Path) -> Iterator[str]:
    """The container of a process, by its folder of /proc.

    By its cgroup, and by what is mounted: in a cgroup namespace of its own a process is in "/".
    """
    with suppress(OSError):
        if (found := container_of_process(folder)) != HOST:
            yield found
    with suppress(OSError):
        yield from _by_mounts((folder / "mountinfo").read_text(errors="replace"))


def _by_mounts(mountinfo: str) -> Iterator[str]:
    for line in mountinfo.splitlines():
        root, point = line.split()[3:5]
        if point in _GIVEN and (found := _FOLDER_OF_CONTAINER.search(root)):
            yield found[1]

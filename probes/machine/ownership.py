"""Whom no response touches: the sensor with what it has begun, the screen that asks, and their containers."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engine.events import HOST
from engine.response import Own
from probes.machine.cgroups import container_of_process
from probes.machine.process_trees import closure, identity


def own(asking: int = 0) -> Own:
    """As it is now; ``asking`` is the process of the screen, 0 if it is not known."""
    ours = identity(os.getpid())
    pids = frozenset(pid for pid, _ in closure([ours] if ours is not None else [])) | ({asking} - {0})
    return Own(pids, frozenset(filter(None, map(_container, pids))))


def _container(pid: int) -> str:
    with suppress(OSError):
        return container_of_process(Path(f"/proc/{pid}"))
    return HOST

"""Sessions and process groups that a process enters without executing anything: setsid(2) and setpgid(2)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, islice

from engine.events import KernelEvent
from engine.state.processes import Process

MOST_CHILDREN = 1000
"""Children among which the one that is meant is looked for, where pids are those of a namespace."""


class Sessions:
    """``newest`` is the youngest process of each pid."""

    def __init__(self, newest: Mapping[int, Process]) -> None:
        self._newest = newest

    def begin(self, event: KernelEvent, process: Process) -> None:
        """The process leads a session and a group of its own from now on."""
        if event.res is not None and event.res > 0:
            process.sid = process.pgid = process.pid
            process.vpgid = process.vpid

    def group(self, event: KernelEvent, process: Process) -> None:
        """The process, or a child of it, is in another group from now on. All pids are those of its namespace.

        A leader that is not found is the pid 0 on the host: it has ended, or is no next of kin.
        """
        if event.res != 0:
            return
        vpid = int(event.args.get("pid", 0)) or process.vpid
        vpgid = int(event.args.get("pgid", 0)) or vpid
        moved, leader = self._find(process, vpid), self._find(process, vpgid)
        if moved is not None:
            moved.vpgid, moved.pgid = vpgid, leader.pid if leader is not None else 0

    def _find(self, process: Process, vpid: int) -> Process | None:
        """Who has this pid in its namespace: the process or one of its next of kin, or else it is not known."""
        if process.vpid == process.pid:
            return self._newest.get(vpid)
        above = process.parent or process
        kin = (islice(one.children or (), MOST_CHILDREN) for one in (process, above))
        near = chain((process, above), *kin)
        return next((one for one in near if one.vpid == vpid and one.pid_ns == process.pid_ns), None)

"""What happens around an alert, as a recorder of flights sees it."""

from __future__ import annotations

from typing import Any

from engine.alerts import Alert, Ancestor, ContainerRef, Priority
from engine.events import Fd, Input, Phase, SourceState
from tests.helpers.world import SECOND, WEB, clone, docker, event, execve, procexit

REPLAYING = SourceState(time=0, phase=Phase.REPLAYING)
"""Time is that of the events."""


def opens(path: str, pid: int = 10, at: int = 0, **more: Any) -> Input:
    """A file was opened to be read."""
    fd = Fd(num=3, type="file", name=path)
    return event("openat", pid, at, args={"name": path, "flags": 0}, res=3, fd=fd, **more)


def incident(container_id: str = WEB, at: int = 0) -> list[Input]:
    """A shell reads what it should not, by a child; before and after it does other things."""
    inside: dict[str, Any] = {"container_id": container_id}
    return [
        docker(container_id, at=at - 90 * SECOND),
        execve(10, "/bin/sh", at=at - 80 * SECOND, **inside),
        opens("/too/early", at=at - 70 * SECOND, **inside),
        opens("/before", at=at - 50 * SECOND, **inside),
        clone(10, 11, at=at - 2 * SECOND, **inside),
        execve(11, "/bin/cat", "/etc/shadow", at=at - SECOND, ppid=10, **inside),
        opens("/etc/shadow", 11, at=at, ppid=10, comm="cat", **inside),
        procexit(11, at=at + SECOND, ppid=10, comm="cat", **inside),
        opens("/after", at=at + 50 * SECOND, **inside),
        opens("/too/late", at=at + 70 * SECOND, **inside),
    ]


def one_alert(container_id: str, time: int, num: int = 1, id: int = 0) -> Alert:
    """By a child of a shell; on the host for no container."""
    return Alert(
        time=time, rule="Reads it", priority=Priority.WARNING, output="", output_fields={}, id=id, event_num=num,
        container=ContainerRef(container_id) if container_id else None,
        lineage=[Ancestor(11, 11, "cat", container_id=container_id), Ancestor(10, 10, "sh", container_id=container_id)],
    )  # fmt: skip

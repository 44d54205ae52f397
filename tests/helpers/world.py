"""Short ways to write what sources say: processes, events, containers."""

from __future__ import annotations

from typing import Any

from engine.events import ContainerAction, ContainerInfo, KernelEvent, ProcessInfo, RuntimeState, Snapshot

T0 = 1_700_000_000 * 10**9
"""When the tests take place."""
MS = 10**6
SECOND = 10**9

WEB = "ab" * 32
DB = "cd" * 32


def process_info(pid: int, start: int | None = None, ppid: int = 1, **more: Any) -> ProcessInfo:
    """What the kernel says of a process; ``start`` is its pid unless given."""
    facts: dict[str, Any] = {"vpid": pid, "comm": "sh", "exe": "sh", "exepath": "/bin/sh"} | more
    return ProcessInfo(pid=pid, start=pid if start is None else start, ppid=ppid, **facts)


def event(type: str, pid: int, at: int = 0, *, start: int | None = None, ppid: int = 1, **more: Any) -> KernelEvent:
    """A kernel event, ``at`` nanoseconds after T0."""
    facts: dict[str, Any] = {"comm": "sh", "uid": 0, "gid": 0, "tid": pid} | more
    return KernelEvent(time=T0 + at, type=type, pid=pid, start=pid if start is None else start, ppid=ppid, **facts)


def clone(parent: int, child: int, at: int = 0, **more: Any) -> KernelEvent:
    """``parent`` forks ``child``: the record gives numbers, not what a fork copies."""
    start = more.pop("child_start", child)
    info = ProcessInfo(pid=child, start=start, ppid=parent, vpid=child, comm=more.get("comm", "sh"))
    info.container_id = more.get("container_id", "")
    return event("clone", parent, at, process=info, res=child, **more)


def execve(pid: int, program: str, *args: str, at: int = 0, **more: Any) -> KernelEvent:
    """A program was executed."""
    name = program.rpartition("/")[2]
    start, ppid = more.pop("start", pid), more.pop("ppid", 1)
    facts = {name: more.pop(name) for name in list(more) if name in ProcessInfo.__struct_fields__ and name in _OWN}
    info = process_info(pid, start, ppid, comm=name, exe=name, exepath=program, args=list(args), **facts)
    info.container_id = more.get("container_id", "")
    info.uid, info.gid = more.get("uid", 0), more.get("gid", 0)
    return event("execve", pid, at, start=start, ppid=ppid, comm=name, process=info, res=0, **more)


def procexit(pid: int, at: int = 0, status: int = 0, **more: Any) -> KernelEvent:
    """A process ended."""
    return event("procexit", pid, at, args={"status": status}, **more)


def snapshot(*processes: ProcessInfo, at: int = 0, since_boot: int = 0) -> Snapshot:
    """The processes that live."""
    return Snapshot(time=T0 + at, processes=list(processes), since_boot=since_boot)


def docker(container_id: str = WEB, at: int = 0, **more: Any) -> ContainerInfo:
    """What Docker says of a container."""
    facts: dict[str, Any] = {"name": "web", "image": "shop:1", "state": "running"} | more
    return ContainerInfo(id=container_id, time=T0 + at, **facts)


def docker_connected(connected: bool = True, at: int = 0) -> RuntimeState:
    """Docker can be reached, or not."""
    return RuntimeState(time=T0 + at, connected=connected)


def docker_action(action: str, container_id: str = WEB, at: int = 0) -> ContainerAction:
    """Something was done through Docker's API."""
    return ContainerAction(id=container_id, time=T0 + at, action=action)


_OWN = {"vpid", "tty", "loginuid", "cwd", "env", "is_exe_upper_layer", "is_exe_from_memfd", "cap_permitted"}

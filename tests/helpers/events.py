"""Events as the rules see them, built from the parts that matter: who did what, where, and with which descriptor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.events import HOST, ContainerInfo, Fd, KernelEvent
from engine.state.containers import Container
from engine.state.event import Event
from engine.state.processes import Process
from tests.helpers.world import T0, WEB, docker

O_RDONLY, O_WRONLY, O_RDWR = 0, 1, 2
O_CREAT, O_TRUNC = 0o100, 0o1000
ORDINARY_CAPS = 0xA80425FB
"""What Docker gives a container by default."""
ALL_CAPS = (1 << 41) - 1
PTS = 34816
"""Device number of /dev/pts/0."""
OUTSIDE = ("containerd-shim", "runc", "systemd", "dockerd")
"""Ancestors with these names live on the host, whatever their descendants do."""


def make_event(
    type: str,
    program: str = "/bin/cat",
    *argv: str,
    ancestors: Sequence[str] = ("sh", "runc"),
    container: ContainerInfo | None = None,
    on_host: bool = False,
    res: int = 0,
    fd: Fd | None = None,
    args: Mapping[str, int | str] | None = None,
    caps: int = ORDINARY_CAPS,
    uid: int = 0,
    **process: Any,
) -> Event:
    """What ``program`` does, a child of ``ancestors`` (names, nearest first), in a container unless ``on_host``.

    ``args`` are the parameters of the system call; further keywords are attributes of the process.
    """
    place = HOST if on_host else WEB
    doer = make_process(program, argv, place, ancestors, caps=caps, uid=uid, **process)
    kernel = KernelEvent(
        time=T0,
        type=type,
        pid=doer.pid,
        tid=doer.pid,
        start=doer.start,
        ppid=doer.ppid,
        comm=doer.name,
        uid=uid,
        gid=0,
        cap_effective=caps,
        cap_permitted=caps,
        container_id=place,
        res=res,
        args=dict(args or {}),
        fd=fd,
    )
    return Event(1, kernel, doer, None if on_host else make_container(container), Container(HOST, T0))


def make_process(
    program: str, argv: Sequence[str], container_id: str, ancestors: Sequence[str], *, caps: int, uid: int, **more: Any
) -> Process:
    """A process with its ancestors, from the nearest to the farthest. ``program`` may carry its arguments along."""
    program, *along = program.split()
    pid = 1000 + len(ancestors)
    process = Process(pid, pid)
    process.name = program.rpartition("/")[2][:15]
    process.exe, process.exepath, process.args = program, program, [*along, *argv]
    process.container_id, process.cap_permitted, process.uid, process.vpid = container_id, caps, uid, pid
    if ancestors:
        process.parent = _ancestor(ancestors, container_id, caps)
        process.ppid = process.parent.pid
    for name, value in more.items():
        setattr(process, name, value)
    return process


def _ancestor(names: Sequence[str], container_id: str, caps: int) -> Process:
    place = HOST if names[0] in OUTSIDE else container_id
    return make_process(f"/usr/bin/{names[0]}", (), place, names[1:], caps=caps, uid=0)


def make_container(info: ContainerInfo | None = None) -> Container:
    """A container of which Docker has told."""
    container = Container(WEB, T0)
    container.info = info or docker(WEB)
    container.entry_caps = ORDINARY_CAPS
    return container


def started(program: str, *argv: str, **more: Any) -> Event:
    """``program`` was executed."""
    return make_event("execve", program, *argv, **more)


def opened(path: str, flags: int = O_RDONLY, *, resolved: str = "", created: bool = False, **more: Any) -> Event:
    """A file was opened; ``resolved`` is where the name led to, if elsewhere."""
    fd = Fd(num=3, type="file", name=path, path=resolved or path, created=created)
    return make_event("openat", fd=fd, res=3, args={"name": path, "flags": flags, "dirfd": -100}, **more)


def written(path: str, **more: Any) -> Event:
    """A file was opened for writing, and made if it was not there."""
    return opened(path, O_WRONLY | O_CREAT, **more)


def emptied(path: str, **more: Any) -> Event:
    """A file was opened for writing and truncated."""
    return opened(path, O_WRONLY | O_CREAT | O_TRUNC, **more)


def called(type: str, program: str = "/bin/busybox", /, **parameters: Any) -> Event:
    """A system call with these parameters; those of :func:`make_event` go there."""
    own = {name: parameters.pop(name) for name in list(parameters) if name in _OWN}
    return make_event(type, program, args=parameters, **own)


_OWN = {
    *("ancestors", "container", "on_host", "res", "fd", "caps", "uid"),
    *(name for name in Process.__slots__ if name not in ("args", "name", "pid")),
}

"""What sources say, for tests that record and replay it."""

from __future__ import annotations

from engine.events import (
    Adoption,
    ContainerAction,
    ContainerInfo,
    ContainerUnknown,
    Fd,
    HostNames,
    Input,
    KernelEvent,
    Loss,
    Mount,
    Phase,
    ProcessInfo,
    RuntimeState,
    Snapshot,
    SourceState,
    Users,
)

MILLISECOND = 1_000_000
START = 1_767_225_845_000_000_000
"""2026-01-01 00:04:05 UTC."""
WEB = "3f" * 32


def opened(number: int, *, path: str = "/etc/passwd", time: int | None = None) -> KernelEvent:
    """The numbered openat of a shell in the container web, a millisecond after the one before."""
    return KernelEvent(
        time=START + number * MILLISECOND if time is None else time,
        type="openat",
        pid=4711,
        tid=4711,
        start=99_000_000_000,
        ppid=4700,
        comm="sh",
        uid=0,
        gid=0,
        container_id=WEB,
        res=3,
        args={"flags": 0, "mode": 0, "name": path},
        fd=Fd(num=3, type="file", name=path),
    )


def one_of_each() -> list[Input]:
    """Every kind of input, with all that nests in it."""
    process = ProcessInfo(pid=4711, start=99, comm="sh", args=["-c", "id"], env=["A=b"], container_id=WEB)
    mount = Mount(source="/var/run/docker.sock", dest="/var/run/docker.sock")
    return [
        Snapshot(time=START, processes=[process]),
        Adoption(time=START, children=[(4711, 99)], parent=(1, 1)),
        RuntimeState(time=START, connected=True, detail="Docker 27"),
        ContainerInfo(id=WEB, time=START, name="web", image="shop/web:1.4", labels={"a": "b"}, mounts=[mount]),
        ContainerUnknown(id="00" * 32, time=START),
        ContainerAction(id=WEB, time=START, action="exec_start", attributes={"execID": "1"}),
        Users(container_id=WEB, users={0: "root"}, groups={0: "root"}),
        HostNames(time=START, addresses={"pool.example.org": ["198.51.100.1"]}),
        opened(1),
        KernelEvent(
            time=START,
            type="execve",
            pid=1,
            tid=1,
            start=1,
            ppid=0,
            comm="sh",
            uid=0,
            gid=0,
            process=process,
            compat=True,
        ),
        Loss(time=START, count=3, cause="ring full", container_id=WEB),
        SourceState(time=START, phase=Phase.LIVE, detail="31 rules"),
    ]

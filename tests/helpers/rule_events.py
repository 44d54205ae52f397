"""Events for rules: a shell in a container below docker exec, and what it does."""

from __future__ import annotations

from typing import Any

from engine.events import HOST, ContainerInfo, Fd, KernelEvent, Mount
from engine.state.containers import Container
from engine.state.event import Event
from engine.state.processes import Process

NOW = 1_700_000_000_000_000_000
WEB = "a1" * 32


def process(pid: int, name: str, parent: Process | None = None, **fields: Any) -> Process:
    """A process with the usual consequences of its name."""
    made = Process(pid, pid * 10)
    made.name = made.exe = name
    made.exepath = f"/usr/bin/{name}"
    made.parent = parent
    made.ppid = parent.pid if parent else 0
    made.container_id = parent.container_id if parent else HOST
    made.vpid = pid
    made.cwd = "/root"
    made.started = NOW - 5_000_000_000
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def host() -> Container:
    """The host's users."""
    record = Container(HOST, NOW)
    record.users, record.groups = {0: "root", 1000: "anna"}, {0: "root", 1000: "anna"}
    return record


def web(**info: Any) -> Container:
    """The container ``web``, known to Docker."""
    record = Container(WEB, NOW)
    record.info = ContainerInfo(
        id=WEB,
        time=NOW,
        name="web",
        image="registry:5000/shop/web:1.2@sha256:ab",
        mounts=[Mount(source="/var/run/docker.sock", dest="/sock", mode="rw", propagation="rprivate")],
        labels={"io.kubernetes.pod.name": "web-0", "io.kubernetes.pod.namespace": "shop"},
        **info,
    )
    record.users = {0: "root", 33: "www-data"}
    return record


def shell_in(container: Container | None) -> Process:
    """``cat`` below a shell that docker exec put there; without a container the same on the host."""
    systemd = process(1, "systemd")
    runc = process(50, "runc", process(40, "dockerd", systemd))
    home = container.id if container else HOST
    bash = process(60, "bash", runc, container_id=home, vpid=7, tty=34816)
    return process(61, "cat", bash, vpid=8, vpgid=8, sid=60, tty=34816, args=["-n", "/etc/shadow"], env=["A=1", "B="])


def event(kind: str, *, container: Container | None = None, by: Process | None = None, **fields: Any) -> Event:
    """One event of ``cat`` (or of ``by``)."""
    actor = by or shell_in(container)
    uid = fields.pop("uid", 0)
    kernel = KernelEvent(
        time=NOW,
        type=kind,
        pid=actor.pid,
        tid=actor.pid,
        start=actor.start,
        ppid=actor.ppid,
        comm=actor.name,
        uid=uid,
        gid=fields.pop("gid", 0),
        container_id=container.id if container else HOST,
        **{"res": 0, **fields},
    )
    return Event(1, kernel, actor, container, host())


def opened(path: str, flags: int = 0, **fields: Any) -> Event:
    """``openat(AT_FDCWD, path, flags)`` that gave descriptor 3."""
    fd = fields.pop("fd", Fd(num=3, type="file", name=path, path=path))
    arguments = {"dirfd": -100, "name": path, "flags": flags, "mode": fields.pop("mode", 0)}
    return event("openat", res=3, args=arguments, fd=fd, **fields)


def connected(address: str, port: int, **fields: Any) -> Event:
    """A TCP connection to ``address:port`` from 10.0.0.1:40000."""
    name = f"10.0.0.1:40000->{address}:{port}"
    fd = Fd(
        num=4,
        type="ipv6" if ":" in address else "ipv4",
        name=name,
        l4proto="tcp",
        local_ip="10.0.0.1",
        local_port=40000,
        remote_ip=address,
        remote_port=port,
        is_server=False,
        connected=True,
    )
    return event("connect", fd=fd, **fields)

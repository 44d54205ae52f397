"""Alerts as the sensor makes them, for tests that keep, filter and send them."""

from __future__ import annotations

import msgspec

from engine.alerts import Alert, Ancestor, ContainerRef, Priority

SECOND = 1_000_000_000
MOMENT = 1_767_225_845_123_456_789
"""2026-01-01 00:04:05.123456789 UTC."""

WEB = ContainerRef(id="3f" * 32, name="web", image="registry.example/shop/web:1.4", privileged=False)
DB = ContainerRef(id="db" * 32, name="db", image="postgres:15", privileged=True)


def alert(
    rule: str = "Sensitive file read",
    *,
    priority: Priority = Priority.WARNING,
    container: ContainerRef | None = WEB,
    process: str = "cat",
    args: str = "/etc/shadow",
    parent: str = "sh",
    target: str = "/etc/shadow",
    user: str = "root",
    pid: int = 4711,
    time: int = MOMENT,
    tags: tuple[str, ...] = ("T1003", "container"),
) -> Alert:
    """An alert of a process started from a shell in a container (or, with None, on the host)."""
    container_id = container.id if container else ""
    cmdline = f"{process} {args}".rstrip()
    lineage = [
        Ancestor(
            pid=pid,
            start=pid * SECOND,
            name=process,
            cmdline=cmdline,
            exepath=f"/usr/bin/{process}",
            container_id=container_id,
            user=user,
            tty=34817,
        ),
        Ancestor(
            pid=99, start=99 * SECOND, name=parent, cmdline=parent, container_id=container_id, user=user, tty=34817
        ),
        Ancestor(pid=1, start=1, name="systemd"),
    ]
    return Alert(
        time=time,
        rule=rule,
        priority=priority,
        output=f"{rule} (file={target} command={cmdline})",
        output_fields={"evt.time": time, "user.name": user, "user.uid": 0, "proc.cmdline": cmdline, "fd.name": target},
        tags=list(tags),
        hostname="prod-7",
        event_num=1,
        event_type="openat",
        container=msgspec.structs.replace(container) if container else None,
        lineage=lineage,
        entry="docker exec" if container else "host",
        target=target,
        user=user,
        tty=34817,
    )

"""A container with its server, and root who came in by docker exec; and what is asked of such a world."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.alerts import Alert, Ancestor, ContainerRef, Priority
from engine.events import Fd, KernelEvent
from engine.protocol import ContainerRow, EventRow, ListEvents, ProcessRow
from engine.state.event import Event
from engine.state.world import World
from engine.views.views import Views
from tests.helpers.world import WEB, clone, docker, event, execve, process_info, snapshot

O_RDONLY, O_WRONLY, O_CREAT = 0, 1, 64


def entered() -> World:
    """Container web, its server (vpid 1), and root who came in by docker exec; dockerd and a login shell outside."""
    world = World()
    outside = [process_info(1, ppid=0, comm="init"), process_info(90, comm="dockerd"), process_info(95, comm="shim")]
    world.apply(snapshot(*outside))
    world.apply(docker())
    apply(world, execve(100, "/bin/httpd", at=1, ppid=95, vpid=1, container_id=WEB, cap_permitted=0xFF))
    apply(world, execve(200, "/bin/sh", at=2, ppid=95, vpid=20, tty=34816, container_id=WEB, cap_permitted=0xFF))
    return world


def rows_of(world: World, request: ListEvents) -> list[EventRow]:
    """Its events in one line."""
    return asyncio.run(Views(world).event_rows(request))


def processes(world: World, container_id: str | None = None, *, exited: bool = True) -> list[ProcessRow]:
    """Its processes, as a tree."""
    return asyncio.run(Views(world).process_rows(container_id, exited))


def container_rows(world: World) -> list[ContainerRow]:
    """Its containers."""
    return asyncio.run(Views(world).container_rows())


def expire(world: World, now: int) -> None:
    """What the sensor does once a second, to its end."""
    world.expire(now)
    world.chores.finish()


def apply(world: World, *events: KernelEvent) -> Event:
    """Let these happen; the last as it is judged."""
    for one in events:
        (judged,) = world.apply(one)
    return judged


def run_in_shell(world: World, pid: int, program: str, *args: str, at: int, **more: object) -> None:
    """The shell (200) in web forks and executes ``program``."""
    apply(world, clone(200, pid, at=at, container_id=WEB))
    apply(world, execve(pid, program, *args, at=at + 1, ppid=200, vpid=pid, container_id=WEB, **more))


def alert(event: Event, priority: Priority = Priority.WARNING, target: str = "", id: int = 1) -> Alert:
    """An alert on an event."""
    process = event.process
    container = ContainerRef(id=event.container.id) if event.container else None
    step = Ancestor(pid=process.pid, start=process.start, name=process.name)
    return Alert(
        time=event.kernel.time,
        rule="a rule",
        priority=priority,
        output="",
        output_fields={},
        id=id,
        event_num=event.num,
        container=container,
        lineage=[step],
        target=target,
    )


def opened(path: str, at: int, pid: int = 200, flags: int = O_WRONLY | O_CREAT, **more: object) -> KernelEvent:
    """A file in web was opened, as a rule by the shell."""
    fd = Fd(num=3, type="file", name=path, path=path, created=bool(flags & O_CREAT))
    facts: dict[str, Any] = {"res": 3, "fd": fd, "container_id": WEB} | more
    return event("openat", pid, at, ppid=95, args={"dirfd": -100, "name": path, "flags": flags}, **facts)

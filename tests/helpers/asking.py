"""Execs as Docker and the kernel tell of them, and who may have asked for them."""

from __future__ import annotations

from typing import Any

from engine.events import ContainerAction, Fd, Input
from engine.protocol import ExecRow
from engine.state import execs
from engine.state.world import World
from tests.helpers.world import DB, MS, T0, WEB, clone, docker, event, execve, process_info, snapshot

SHIM = 5
"""A process on the host that begins what is put into containers."""


def shimmed() -> World:
    """A world with two containers, and a shim on the host."""
    one = World()
    see(
        one,
        snapshot(process_info(1, ppid=0), process_info(SHIM, comm="containerd-shim")),
        docker(WEB),
        docker(DB, name="db"),
    )
    return one


def see(world: World, *inputs: Input) -> None:
    """Let these happen."""
    for item in inputs:
        world.apply(item)


def action(name: str, exec_id: str = "e1", at: int = 0, container_id: str = WEB, **attributes: str) -> ContainerAction:
    """What Docker tells of an exec."""
    return ContainerAction(container_id, T0 + at, name, {"execID": exec_id} | attributes)


def entering(pid: int, *argv: str, at: int, container_id: str = WEB) -> list[Input]:
    """A program that a runtime puts into a container."""
    return [
        clone(SHIM, pid, at=at - MS),
        execve(pid, *argv, at=at, ppid=SHIM, container_id=container_id, vpid=30),
    ]


def asked(command: str, exec_id: str = "e1", at: int = 0) -> list[Input]:
    """Docker is asked for an exec."""
    return [
        action("exec_create", exec_id, at, detail=command),
        action("exec_start", exec_id, at + MS, detail=command),
    ]


def named(pid: int, exec_id: str = "e1", at: int = 0, **more: str) -> ContainerAction:
    """What Docker knows of an exec when it is asked."""
    told = {"pid": str(pid), "command": "sh -c id", "user": "", "tty": "true", "privileged": "false"} | more
    return action(execs.INSPECT, exec_id, at, **told)


def entry(world: World, pid: int) -> ExecRow:
    """What is known of how a process entered."""
    row = world.execs.get((pid, pid))
    assert row is not None
    return row


def cli(pid: int, *arguments: str, at: int, **more: Any) -> list[Input]:
    """Docker's command line is run on the host."""
    return [clone(1, pid, at=at - MS), execve(pid, "/usr/bin/docker", *arguments, at=at, **more)]


def client(pid: int, at: int, path: str = "/run/docker.sock", **more: Any) -> list[Input]:
    """A program that speaks to Docker by itself."""
    return [
        execve(pid, "/usr/bin/python3", "x.py", at=at - MS, **more),
        event("connect", pid, at, fd=Fd(num=3, type="unix", name=path), res=0, comm="python3", **more),
    ]


def connects(pid: int, *times: int) -> list[Input]:
    """Of a program that speaks to Docker already."""
    return [later for at in times for later in client(pid, at)[1:]]

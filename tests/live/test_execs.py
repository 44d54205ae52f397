"""Who entered a container, on a real kernel and a real Docker: what was asked for, what came of it, and by whom."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from engine.events import ContainerAction, Input, KernelEvent, RuntimeState
from engine.protocol import ExecRow
from engine.state.lineage import has_entered
from engine.state.world import World
from engine.views.views import Views
from probes.docker.source import DockerSource
from tests.helpers.kernel import Watched, watching
from tests.helpers.lab import Lab

pytestmark = [pytest.mark.live, pytest.mark.asyncio]


@asynccontextmanager
async def both(lab: Lab, *, docker: bool = True) -> AsyncIterator[Watched]:
    """The kernel and Docker into one inbox, in the order in which they tell."""
    async with watching() as watched:
        watched.source.select({"connect"})
        if not docker:
            yield watched
            return
        source = DockerSource(lab.url)
        task = asyncio.create_task(source.run(watched.emit))
        try:
            await watched.until(RuntimeState, connected=True)
            yield watched
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def do(function: Callable[..., object], *arguments: object, **options: object) -> object:
    return await asyncio.to_thread(function, *arguments, **options)


async def told(watched: Watched, action: str, times: int) -> None:
    """Wait until Docker has told an action so often."""
    found: list[Input] = []
    while len(found) < times:
        found.append(await watched.until(ContainerAction, _other_than(found), action=action))


def _other_than(found: list[Input]) -> Callable[[Input], bool]:
    known = [id(one) for one in found]
    return lambda one: id(one) not in known


def seen(watched: Watched) -> World:
    """The state that all of it builds."""
    world = World()
    for item in watched.inputs:
        world.apply(item)
    return world


def by_program(world: World, name: str, container_id: str) -> ExecRow:
    """The entry by this program."""
    inside = (one for one in world.processes if one.container_id == container_id and has_entered(one))
    row = next(world.execs.get(one.key) for one in inside if one.name == name)
    assert row is not None
    return row


async def test_an_exec_is_told_with_command_user_privileges_end_and_who_asked(lab: Lab) -> None:
    web = str(await do(lab.run, "web", "busybox"))
    try:
        async with both(lab) as watched:
            await do(lab.exec, "web", "sh", "-c", "sleep 0.3; exit 0", options=("--user", "1000", "--privileged"))
            await watched.until(ContainerAction, action="exec_die", id=web)
            await watched.until(ContainerAction, action="exec_inspect", id=web)
            world = seen(watched)
    finally:
        lab.remove_all()
    row = by_program(world, "sh", web)
    assert row.command == "sh -c 'sleep 0.3; exit 0'"
    assert (row.user, row.privileged, row.tty, row.certain) == ("1000", True, False, True)
    assert len(row.exec_id) == 64
    assert row.time <= row.started <= row.ended
    assert row.exit_code == 0
    assert row.asker is not None
    assert (row.asker.name, row.asker.certain, row.asker.container_id) == ("docker", True, "")
    assert "exec" in row.asker.cmdline
    container = Views(world).container_row(web)
    assert container is not None
    assert (container.execs, container.entries) == (1, 1)


async def test_many_at_once_are_told_apart(lab: Lab) -> None:
    """Also those that are over before Docker could be asked."""
    web = str(await do(lab.run, "web", "busybox"))
    try:
        async with both(lab) as watched:
            await asyncio.gather(
                *(do(lab.exec, "web", "sh", "-c", f"cat /etc/hostname; exit {n}") for n in range(1, 6)),
                return_exceptions=True,  # they end with another code than 0, which the lab takes for a failure
            )
            for action in ("exec_die", "exec_inspect"):
                await told(watched, action, 5)
            await watched.until(KernelEvent, type="procexit", comm="sh")
            world = seen(watched)
    finally:
        lab.remove_all()
    shells = [one for one in world.processes if one.name == "sh" and one.container_id == web and has_entered(one)]
    rows = [row for one in shells if (row := world.execs.get(one.key)) is not None]
    assert sorted((row.command, row.exit_code) for row in rows) == [
        (f"sh -c 'cat /etc/hostname; exit {n}'", n) for n in range(1, 6)
    ]
    askers = [row.asker for row in rows if row.asker is not None and row.asker.certain]
    assert sorted(asker.cmdline[-1] for asker in askers) == [*"12345"], "each by its own command line"
    assert {row.exit_code: one.args[-1][-1] for one, row in zip(shells, rows, strict=True)} == {
        n: str(n) for n in range(1, 6)
    }


def _began(action: Input) -> bool:
    """Of the two execs that Docker still knows the one that lives."""
    return isinstance(action, ContainerAction) and "touch" in action.attributes.get("command", "")


async def test_an_exec_that_was_there_before_the_watch_is_told_with_who_asked(lab: Lab) -> None:
    """Docker still knows of it, and its command line lives still."""
    web = str(await do(lab.run, "web", "busybox"))
    command = ("sh", "-c", "touch /tmp/began; until [ -e /tmp/end ]; do sleep 0.1; done")
    running = asyncio.create_task(do(lab.exec, "web", *command))
    try:
        await do(lab.exec, "web", "sh", "-c", "until [ -e /tmp/began ]; do sleep 0.1; done")
        async with both(lab) as watched:
            await watched.until(ContainerAction, _began, action="exec_inspect", id=web)
            world = seen(watched)
            await do(lab.exec, "web", "touch", "/tmp/end")
            await running
    finally:
        lab.remove_all()
    row = by_program(world, "sh", web)
    assert row.command.startswith("sh -c ") and "/tmp/began" in row.command
    assert (row.certain, len(row.exec_id)) == (True, 64)
    assert row.asker is not None
    assert (row.asker.name, row.asker.certain) == ("docker", True)
    assert "/tmp/began" in row.asker.cmdline


async def test_an_exec_that_was_over_before_docker_was_reached_is_told_with_who_asked(lab: Lab) -> None:
    """The kernel's events are there sooner than the connection to Docker."""
    web = str(await do(lab.run, "web", "busybox"))
    try:
        async with both(lab, docker=False) as watched:
            await do(lab.exec, "web", "uptime")
            await watched.until(KernelEvent, type="procexit", comm="uptime")
            source = DockerSource(lab.url)
            task = asyncio.create_task(source.run(watched.emit))
            try:
                await watched.until(ContainerAction, action="exec_die", id=web)
                await watched.until(RuntimeState, connected=True)
                world = seen(watched)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
    finally:
        lab.remove_all()
    row = by_program(world, "uptime", web)
    assert (row.command, len(row.exec_id), row.exit_code) == ("uptime", 64, 0)
    assert row.asker is not None
    assert (row.asker.name, row.asker.certain) == ("docker", True)


async def test_without_docker_the_kernel_tells_that_somebody_entered(lab: Lab) -> None:
    web = str(await do(lab.run, "web", "busybox"))
    try:
        async with both(lab, docker=False) as watched:
            await do(lab.exec, "web", "uptime")
            await watched.until(KernelEvent, type="execve", comm="uptime")
            world = seen(watched)
    finally:
        lab.remove_all()
    container = Views(world).container_row(web)
    assert container is not None
    assert (container.execs, container.entries) == (0, 1)
    row = by_program(world, "uptime", web)
    assert (row.exec_id, row.time) == ("", container.last_entry)


_PINGS = """
import socket, sys
while True:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(sys.argv[1])
        one.sendall(b"GET /_ping HTTP/1.0\\r\\n\\r\\n")
        while one.recv(4096):
            pass
    print(flush=True)
"""
"""Asks Docker nothing but whether it is there, again and again, and says so each time."""
_ASKS = """
import http.client, json, socket, sys
path, container = sys.argv[1], sys.stdin.readline().strip()
def post(what, body):
    there = http.client.HTTPConnection("docker")
    there.sock = socket.socket(socket.AF_UNIX)
    there.sock.connect(path)
    there.request("POST", what, json.dumps(body), {"Content-Type": "application/json"})
    return there.getresponse().read()
made = json.loads(post(f"/containers/{container}/exec", {"Cmd": ["uptime"]}))
post(f"/exec/{made['Id']}/start", {"Detach": True})
sys.stdin.read()
"""
"""Has a program run in a container without Docker's command line, and stays."""


async def client_of(lab: Lab, code: str) -> asyncio.subprocess.Process:
    """Begin a program that speaks to the lab's Docker by itself."""
    command = sys.executable, "-c", code, str(lab.socket)
    return await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


async def test_a_client_that_connects_again_and_again_is_not_taken_for_who_asked(lab: Lab) -> None:
    """Which of the two it was nobody can tell; what is said names both."""
    web = str(await do(lab.run, "web", "busybox"))
    pings = asks = None
    try:
        async with both(lab) as watched:
            pings = await client_of(lab, _PINGS)
            assert pings.stdout is not None
            await pings.stdout.readline()
            asks = await client_of(lab, _ASKS)
            assert asks.stdin is not None
            asks.stdin.write(web.encode() + b"\n")  # not as an argument: that would make it certain
            await watched.until(ContainerAction, action="exec_die", id=web)
            await watched.until(KernelEvent, type="procexit", comm="uptime")
            world = seen(watched)
    finally:
        for process in (pings, asks):
            if process is not None:
                process.kill()
                await process.communicate()
        lab.remove_all()
    asker = by_program(world, "uptime", web).asker
    assert asker is not None and not asker.certain
    named = [asker.cmdline, *asker.others]
    assert [sum(word in one for one in named) for word in ("/_ping", "/exec")] == [1, 1], named


async def test_who_started_a_container_is_told(lab: Lab) -> None:
    async with both(lab) as watched:
        web = str(await do(lab.run, "web", "busybox"))
        await watched.until(ContainerAction, action="start", id=web)
        world = seen(watched)
    lab.remove_all()
    starter = world.execs.starter(web)
    assert starter is not None
    assert (starter.name, starter.certain, starter.others) == ("docker", True, [])
    assert "run" in starter.cmdline

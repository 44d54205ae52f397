"""Podman as a source: its own service, containers and command line, and the kernel's side of them."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from engine.errors import TiercelError
from engine.events import ContainerAction, ContainerInfo, Input, RuntimeState, Users
from engine.protocol import GetLogs
from engine.state.lineage import DOCKER_EXEC, entry
from engine.state.processes import Process
from engine.state.world import World
from engine.views.views import Views
from probes.docker.address import Endpoint
from probes.docker.endpoints import choose
from probes.docker.evidence import commit
from probes.docker.logs import LogReaders
from probes.docker.responses import act, standing
from probes.docker.runtime import DockerRuntime
from probes.docker.source import NO_CGROUP, DockerSource
from probes.doctor.doctor import CHECKS, Status
from probes.doctor.facts import Machine
from probes.machine.cgroups import Cgroups, container_of_process
from tests.helpers.kernel import Watched, watching
from tests.helpers.lab.podman import NOBODY, PodmanLab

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(shutil.which("podman") is None, reason="podman is not installed"),
]

WEB = f"web{os.getpid()}"
"""No other container of this machine has this name: who asked for something is known by it."""


@pytest.fixture(scope="module")
def podman() -> Iterator[PodmanLab]:
    with PodmanLab.open() as opened:
        yield opened


@pytest.fixture(autouse=True)
def clean(podman: PodmanLab) -> Iterator[None]:
    yield
    podman.remove_all()


@asynccontextmanager
async def both(podman: PodmanLab) -> AsyncIterator[Watched]:
    """The kernel and Podman into one inbox, in the order in which they tell."""
    async with watching() as watched:
        watched.source.select({"connect"})
        source = DockerSource(podman.url)
        task = asyncio.create_task(source.run(watched.emit))
        try:
            await watched.until(RuntimeState, connected=True)
            yield watched
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def do(function: Callable[..., object], *arguments: object, **options: object) -> str:
    return str(await asyncio.to_thread(function, *arguments, **options))


def seen(watched: Watched) -> World:
    """The state that all of it builds."""
    world = World()
    for item in watched.inputs:
        world.apply(item)
    return world


def complete(**fields: object) -> Callable[[Input], bool]:
    return lambda one: (
        isinstance(one, ContainerInfo)
        and one.complete
        and all(getattr(one, name) == value for name, value in fields.items())
    )


def process(world: World, name: str, container_id: str) -> Process:
    return next(one for one in world.processes if (one.name, one.container_id) == (name, container_id))


# ── containers ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_container_that_runs_already_is_told_whole(podman: PodmanLab) -> None:
    web = await do(podman.run, WEB, "busybox", "sleep", "4242", options=("--privileged", "--label", "team=shop"))
    async with both(podman) as watched:
        info = await watched.until(ContainerInfo, complete(id=web, state="running"))
        await watched.until(Users, container_id=web)
        state = await watched.until(RuntimeState)
    assert isinstance(info, ContainerInfo)
    assert isinstance(state, RuntimeState)
    assert (info.runtime, state.runtime) == ("podman", "podman")
    assert (info.name, info.image, info.command) == (WEB, "localhost/lab/busybox:1", "sleep 4242")
    assert (info.privileged, info.labels["team"], info.network_mode) == (True, "shop", "none")
    assert info.image_id.startswith("sha256:")
    assert 0 < info.created < info.started < info.time


async def test_the_life_of_a_container(podman: PodmanLab) -> None:
    """By its command line, which is another process than the service that tells."""
    async with both(podman) as watched:
        web = await do(podman.run, WEB)
        await watched.until(ContainerInfo, complete(id=web, state="running"))
        await do(podman.podman, "pause", web)
        await watched.until(ContainerInfo, complete(id=web, state="paused"))
        await do(podman.podman, "unpause", web)
        await do(podman.podman, "rename", web, "shop")
        await watched.until(ContainerInfo, complete(id=web, name="shop", state="running"))
        await do(podman.podman, "kill", web)
        await watched.until(ContainerInfo, complete(id=web, state="exited", exit_code=137))
        await do(podman.podman, "rm", web)
        await watched.until(ContainerInfo, complete(id=web, state="removed"))
        told = [one.action for one in watched.inputs if isinstance(one, ContainerAction) and one.id == web]
    assert [action for action in told if action in {"create", "start", "pause", "unpause", "rename", "die"}] == [
        "create", "start", "pause", "unpause", "rename", "die",
    ]  # fmt: skip


async def test_a_container_that_never_ran_goes_when_it_is_removed(podman: PodmanLab) -> None:
    reference = await do(podman.image, "busybox")
    async with both(podman) as watched:
        web = await do(podman.podman, "create", "--name", WEB, reference)
        await watched.until(ContainerInfo, complete(id=web, state="created"))
        await do(podman.podman, "rm", web)
        await watched.until(ContainerInfo, complete(id=web, state="removed"))


# ── the kernel's side ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_runs_in_a_container_is_known_by_its_cgroup_and_its_monitor_is_the_hosts(podman: PodmanLab) -> None:
    async with both(podman) as watched:
        web = await do(podman.run, WEB)
        await watched.until(ContainerInfo, complete(id=web, state="running"))
        world = seen(watched)
        first = process(world, "sleep", web)
        assert web in Cgroups.find().values()
    assert (first.vpid, entry(first)) == (1, "container start")
    above = [(one.name, one.container_id) for one in first.ancestors()]
    assert ("conmon", "") in above
    assert ("podman", "") in above, "who started it is above it: Podman has no daemon"
    starter = world.execs.starter(web)
    assert starter is not None
    assert starter.name == "podman"


async def test_the_snapshot_finds_the_containers_of_before(podman: PodmanLab) -> None:
    web = await do(podman.run, WEB)
    pid = int(podman.podman("inspect", web, "--format", "{{.State.Pid}}"))
    assert container_of_process(Path(f"/proc/{pid}")) == web
    monitor = int(podman.podman("inspect", web, "--format", "{{.State.ConmonPid}}"))
    assert container_of_process(Path(f"/proc/{monitor}")) == ""


# ── execs ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def inside(podman: PodmanLab, *words: str) -> AsyncIterator[Callable[[], Coroutine[None, None, int]]]:
    """Somebody in a container, who reads a line and ends; what ends it gives its exit code."""
    command = podman.command("exec", "--interactive", *words)
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env=podman.environment)

    async def end() -> int:
        await running.communicate(b"\n")
        return running.returncode or 0

    try:
        yield end
    finally:
        await end()


async def test_an_exec_is_told_with_command_user_privileges_end_and_who_asked(podman: PodmanLab) -> None:
    """Podman's events name no exec: it is found by asking the container."""
    web = await do(podman.run, WEB)
    script = "read line; exit 3"
    async with both(podman) as watched:
        await watched.until(ContainerInfo, complete(id=web))
        async with inside(podman, "--user", "1000", "--privileged", WEB, "sh", "-c", script) as end:
            await watched.until(ContainerAction, action="exec_inspect", id=web)
            assert await end() == 3
        await watched.until(ContainerAction, named, action="exec_die", id=web)
        world = seen(watched)
    row = world.execs.get(process(world, "sh", web).key)
    assert row is not None
    assert row.command == f"sh -c '{script}'"
    assert (row.user, row.privileged, row.tty, row.certain) == ("1000", True, False, True)
    assert len(row.exec_id) == 64
    assert row.time <= row.started <= row.ended
    assert row.exit_code == 3
    assert row.asker is not None
    assert (row.asker.name, row.asker.certain, row.asker.container_id) == ("podman", True, "")
    container = Views(world).container_row(web)
    assert container is not None
    assert (container.execs, container.entries) == (1, 1)
    assert entry(process(world, "sh", web)) == DOCKER_EXEC


async def test_several_at_once_are_told_apart(podman: PodmanLab) -> None:
    web = await do(podman.run, WEB)
    async with both(podman) as watched, AsyncExitStack() as stack:
        await watched.until(ContainerInfo, complete(id=web))
        ends = [
            await stack.enter_async_context(inside(podman, WEB, "sh", "-c", f"read line; exit {n}")) for n in (1, 2, 3)
        ]
        for n in (1, 2, 3):
            await watched.until(ContainerAction, with_attribute("command", f"sh -c 'read line; exit {n}'"))
        for n in (2, 1, 3):
            assert await ends[n - 1]() == n
            await watched.until(ContainerAction, with_attribute("exitCode", str(n)), action="exec_die")
        world = seen(watched)
    rows = [world.execs.get(one.key) for one in world.processes if (one.name, one.container_id) == ("sh", web)]
    assert sorted((row.command, row.exit_code) for row in rows if row is not None) == [
        (f"sh -c 'read line; exit {n}'", n) for n in (1, 2, 3)
    ]


async def test_a_short_exec_is_an_entry_by_who_asked_for_it(podman: PodmanLab) -> None:
    """Its service learns of it when it may be over: the kernel has seen it, and whose command line it was."""
    web = await do(podman.run, WEB)
    async with both(podman) as watched:
        await watched.until(ContainerInfo, complete(id=web))
        await do(podman.exec, WEB, "id")
        await watched.until(ContainerAction, action="exec_die", id=web)
        world = seen(watched)
    row = world.execs.get(process(world, "id", web).key)
    assert row is not None
    assert row.asker is not None
    assert (row.asker.name, row.asker.certain) == ("podman", True)
    assert row.asker.cmdline.endswith(f"exec {WEB} id")
    container = Views(world).container_row(web)
    assert container is not None
    assert (container.execs, container.entries) == (1, 1)


async def test_an_exec_by_dockers_command_line_is_told(podman: PodmanLab) -> None:
    """Through the service, which puts the process into the container itself."""
    web = await do(podman.run, WEB)
    async with both(podman) as watched:
        await watched.until(ContainerInfo, complete(id=web))
        command = ("docker", "-H", podman.url, "exec", WEB, "sh", "-c", "sleep 1; exit 4")
        client = await asyncio.create_subprocess_exec(*command)
        assert await client.wait() == 4
        await watched.until(ContainerAction, named, action="exec_die", id=web)
        world = seen(watched)
    row = world.execs.get(process(world, "sh", web).key)
    assert row is not None
    assert (row.command, row.exit_code, row.certain) == ("sh -c 'sleep 1; exit 4'", 4, True)
    assert row.asker is not None
    assert (row.asker.name, row.asker.certain) == ("docker", True)


def named(action: Input) -> bool:
    return isinstance(action, ContainerAction) and "execID" in action.attributes


def with_attribute(name: str, value: str) -> Callable[[Input], bool]:
    return lambda one: isinstance(one, ContainerAction) and named(one) and one.attributes.get(name) == value


# ── questions ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_changes_the_image_and_the_logs_of_a_container(podman: PodmanLab) -> None:
    web = await do(podman.run, WEB, "busybox", "sh", "-c", "echo one; echo two >&2; exec sleep 1000")
    await do(podman.exec, WEB, "touch", "/bin/4711")
    runtime = DockerRuntime(podman.url)
    changes = {(change.kind, change.path) for change in await runtime.changes(web)}
    assert {("A", "/bin/4711"), ("C", "/bin")} <= changes
    image = await runtime.image(web)
    assert (image.tags, image.architecture) == (["localhost/lab/busybox:1"], "linux/amd64")
    assert image.layers >= 1
    lines = await read(podman, web, 2)
    assert sorted(lines) == [("one", False), ("two", True)]


async def read(podman: PodmanLab, container_id: str, count: int) -> list[tuple[str, bool]]:
    """The first lines that a container wrote, and whether each is of its errors."""
    readers = LogReaders(podman.url)
    lines: list[tuple[str, bool]] = []
    stream = after = 0
    async with asyncio.timeout(30):
        while len(lines) < count:
            page = await readers.page(GetLogs(container_id, stream, after, 100))
            stream, after = page.stream, page.rows[-1].number if page.rows else after
            assert all(line.time for line in page.rows)
            lines += [(line.text, line.error) for line in page.rows]
            await asyncio.sleep(0.01)
    readers.end_idle(float("inf"))
    return lines


async def test_what_podman_does_not_know_is_said_in_its_words(podman: PodmanLab) -> None:
    with pytest.raises(TiercelError, match="no container with name or ID"):
        await DockerRuntime(podman.url).image("0" * 64)


async def test_responses_reach_its_containers(podman: PodmanLab) -> None:
    web = await do(podman.run, WEB)
    target = await standing(podman.url, web)
    assert (target.name, target.state) == (WEB, "running")
    assert await act(podman.url, "pause", target, []) == f"{WEB} is paused"
    assert (await standing(podman.url, web)).state == "paused"
    assert await act(podman.url, "unpause", target, []) == f"{WEB} goes on"
    kept = await commit(podman.url, target, "localhost/evidence:1")
    assert await do(podman.podman, "image", "exists", "localhost/evidence:1") == ""
    assert len(kept["localhost/evidence:1"].removeprefix("sha256:")) == 64
    assert await act(podman.url, "kill", target, []) == f"{WEB} is killed"
    assert (await standing(podman.url, web)).state == "exited"


# ── rootless ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def rootless() -> Iterator[PodmanLab]:
    """Somebody's own Podman, where such a one has its socket."""
    with PodmanLab.open(NOBODY) as opened:
        yield opened


def test_rootless_podman_of_who_called_sudo_is_found(rootless: PodmanLab) -> None:
    environ = {"SUDO_UID": str(NOBODY)}
    taken = choose(environ, rootless.folder).taken
    assert taken == Endpoint(rootless.url, "rootless Podman")
    found = CHECKS["Docker"](Machine(root=rootless.folder, environ=environ))
    assert found.status is Status.OK
    assert found.found.startswith(f"{rootless.socket} (rootless Podman): podman ")


async def test_containers_of_rootless_podman_are_told_and_where_they_are_not_told_apart(rootless: PodmanLab) -> None:
    """On a v1 tree nobody may make cgroups: there the kernel's events cannot tell such a container from the host."""
    web = await do(rootless.run, WEB)
    async with both(rootless) as watched:
        info = await watched.until(ContainerInfo, complete(id=web, state="running"))
        assert isinstance(info, ContainerInfo)
        if container_of_process(Path(f"/proc/{info.pid}")) != web:
            await watched.until(RuntimeState, connected=True, detail=NO_CGROUP)
        await do(rootless.podman, "rm", "--force", "--time", "0", WEB)
        await watched.until(ContainerInfo, complete(id=web, state="removed"))
        state = [one for one in watched.inputs if isinstance(one, RuntimeState)][-1]
    assert (info.name, info.runtime) == (WEB, "podman")
    assert (state.connected, state.detail) == (True, "")

"""Docker as a source, against a real dockerd."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.errors import TiercelError
from engine.events import ContainerAction, ContainerInfo, ContainerUnknown, Input, RuntimeState, Users
from probes.docker.api import connected
from probes.docker.runtime import DockerRuntime
from probes.docker.source import DockerSource
from tests.helpers.lab import Lab
from tests.helpers.patience import PATIENCE

pytestmark = [pytest.mark.live, pytest.mark.beside]


class Inbox:
    """What a source has emitted so far."""

    def __init__(self) -> None:
        self.inputs: list[Input] = []
        self._news = asyncio.Event()

    def emit(self, inputs: Sequence[Input]) -> None:
        self.inputs += inputs
        self._news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def infos(self, container_id: str) -> list[ContainerInfo]:
        return [one for one in self.inputs if isinstance(one, ContainerInfo) and one.id == container_id]

    @property
    def latest(self) -> dict[str, ContainerInfo]:
        return {one.id: one for one in self.inputs if isinstance(one, ContainerInfo)}

    @property
    def complete(self) -> set[str]:
        return {one.id for one in self.inputs if isinstance(one, ContainerInfo) and one.complete}

    @property
    def runtime(self) -> list[bool]:
        return [one.connected for one in self.inputs if isinstance(one, RuntimeState)]

    def actions(self, container_id: str) -> list[ContainerAction]:
        return [one for one in self.inputs if isinstance(one, ContainerAction) and one.id == container_id]

    async def state(self, container_id: str, state: str) -> ContainerInfo:
        """Wait until Docker has told that the container is in ``state``."""
        await self.until(lambda: container_id in self.latest and self.latest[container_id].state == state)
        return self.latest[container_id]


@asynccontextmanager
async def following(url: str) -> AsyncIterator[tuple[DockerSource, Inbox]]:
    """A source at work, and what it emits."""
    source, inbox = DockerSource(url), Inbox()
    task = asyncio.create_task(source.run(inbox.emit))
    try:
        yield source, inbox
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def run(lab: Lab, name: str, *command: str, options: tuple[str, ...] = ()) -> str:
    return await asyncio.to_thread(lab.run, name, "busybox", *command, options=options)


@pytest.fixture(autouse=True)
def clean(lab: Lab) -> Iterator[None]:
    yield
    lab.remove_all()


async def test_a_container_that_runs_already_is_told_whole(lab: Lab, tmp_path: Path) -> None:
    options = ("--privileged", "--label", "team=shop", "-v", f"{tmp_path}:/data:ro", "--cap-add", "NET_ADMIN")
    web = await run(lab, "web", "sleep", "4242", options=options)
    async with following(lab.url) as (_, inbox):
        await inbox.until(lambda: web in inbox.complete)
    info = inbox.latest[web]
    assert (info.name, info.image, info.state, info.command) == ("web", "lab/busybox:1", "running", "sleep 4242")
    assert info.image_id.startswith("sha256:")
    assert (info.privileged, info.labels["team"], info.network_mode) == (True, "shop", "none")
    assert [(mount.source, mount.dest, mount.rw) for mount in info.mounts] == [(str(tmp_path), "/data", False)]
    assert info.created < info.started < info.time
    assert f"/docker/{web}" in Path(f"/proc/{info.pid}/cgroup").read_text()


async def test_a_new_container_is_told_at_once_and_then_whole(lab: Lab) -> None:
    async with following(lab.url) as (_, inbox):
        await inbox.until(lambda: inbox.runtime[-1:] == [True])
        web = await run(lab, "web")
        info = await inbox.state(web, "running")
        first = inbox.infos(web)[0]
    assert (first.complete, first.name, first.image) == (False, "web", "lab/busybox:1")
    assert info.complete
    assert info.pid > 0


async def test_the_life_of_a_container(lab: Lab) -> None:
    async with following(lab.url) as (_, inbox):
        await inbox.until(lambda: inbox.runtime[-1:] == [True])
        web = await run(lab, "web")
        await inbox.state(web, "running")
        lab.docker("pause", web)
        await inbox.state(web, "paused")
        lab.docker("unpause", web)
        await inbox.state(web, "running")
        lab.docker("rename", web, "shop")
        await inbox.until(lambda: inbox.latest[web].name == "shop")
        lab.docker("kill", web)
        await inbox.state(web, "exited")
        lab.docker("rm", web)
        gone = await inbox.state(web, "removed")
    assert (gone.name, gone.complete) == ("shop", True)
    told = [action.action for action in inbox.actions(web)]
    assert [action for action in told if action not in {"attach", "kill"}] == [
        "create", "start", "pause", "unpause", "rename", "die",
    ]  # fmt: skip


async def test_who_enters_is_told(lab: Lab) -> None:
    web = await run(lab, "web")
    async with following(lab.url) as (_, inbox):
        await inbox.until(lambda: web in inbox.complete)
        lab.exec("web", "sh", "-c", "exit 0")
        await inbox.until(lambda: "exec_die" in {action.action for action in inbox.actions(web)})
    start = next(action for action in inbox.actions(web) if action.action == "exec_start")
    assert start.attributes["detail"] == "sh -c exit 0"
    assert len(start.attributes["execID"]) == 64


async def test_the_users_of_the_container_are_told(lab: Lab) -> None:
    async with following(lab.url) as (_, inbox):
        web = await run(lab, "web")
        await inbox.until(lambda: any(isinstance(one, Users) for one in inbox.inputs))
    users = next(one for one in inbox.inputs if isinstance(one, Users))
    assert users.container_id == web
    assert (users.users[1000], users.groups[5]) == ("app", "tty")


async def test_a_container_that_docker_does_not_know(lab: Lab) -> None:
    async with following(lab.url) as (source, inbox):
        await inbox.until(lambda: inbox.runtime[-1:] == [True])
        source.want("0" * 64)
        await inbox.until(lambda: any(isinstance(one, ContainerUnknown) for one in inbox.inputs))
    assert next(one for one in inbox.inputs if isinstance(one, ContainerUnknown)).id == "0" * 64


async def test_nothing_is_missed_between_subscription_and_list(lab: Lab) -> None:
    """Containers are created all the time while sources start one after the other."""
    image = await asyncio.to_thread(lab.image, "busybox")
    made: set[str] = set()
    for _ in range(5):
        async with connected(lab.url) as docker, following(lab.url) as (_, inbox):
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(docker.containers.create({"Image": image})) for _ in range(8)]
            made |= {task.result().id for task in tasks}
            await inbox.until(lambda: made <= inbox.complete)  # noqa: B023 - awaited within this turn
    assert len(made) == 40


async def test_two_hundred_containers_at_once(lab: Lab) -> None:
    image = await asyncio.to_thread(lab.image, "busybox")
    async with following(lab.url) as (_, inbox), connected(lab.url) as docker:
        await inbox.until(lambda: inbox.runtime[-1:] == [True])
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(docker.containers.create({"Image": image})) for _ in range(200)]
        made = {task.result().id for task in tasks}
        await inbox.until(lambda: made <= inbox.complete)
        created = {one.id for one in inbox.inputs if isinstance(one, ContainerAction) and one.action == "create"}
    assert created == made
    assert inbox.runtime == [True]


async def test_hostile_words_are_data(lab: Lab) -> None:
    """A label larger than a line of the event stream may usually be, escape sequences, markup."""
    image = await asyncio.to_thread(lab.image, "busybox")
    hostile = '\x1b]0;owned\x07[red]\n{"Action":"destroy"}\u202e'
    labels = {hostile: hostile, "name": "liar", "big": "x" * 300_000}
    async with following(lab.url) as (_, inbox), connected(lab.url) as docker:
        await inbox.until(lambda: inbox.runtime[-1:] == [True])
        evil = (await docker.containers.create({"Image": image, "Labels": labels, "Cmd": [hostile]}, name="evil")).id
        await inbox.until(lambda: evil in inbox.complete)
        after = (await docker.containers.create({"Image": image})).id
        await inbox.until(lambda: after in inbox.complete)
    info = inbox.latest[evil]
    assert (info.labels[hostile], info.command, len(info.labels["big"])) == (hostile, hostile, 300_000)
    assert info.name == "evil"
    assert inbox.runtime == [True], "the stream of events was not interrupted"


# ── Docker comes and goes ───────────────────────────────────────────────────────────────────────────────────────────


class RestartableLab(Lab):
    """A laboratory whose dockerd can be stopped and started again."""

    def stop(self) -> None:
        self.daemon.terminate()
        self.daemon.wait(timeout=PATIENCE)

    def start(self) -> None:
        quiet = subprocess.DEVNULL
        self.daemon = subprocess.Popen(self.daemon.args, stdin=quiet, stdout=quiet, stderr=quiet)

    def remove_all(self) -> None:
        super().remove_all()
        self.stop()


async def test_docker_stops_and_starts_again() -> None:
    with RestartableLab.open() as lab:
        assert isinstance(lab, RestartableLab)
        web, db = await run(lab, "web"), await run(lab, "db")
        async with following(lab.url) as (_, inbox):
            await inbox.until(lambda: {web, db} <= inbox.complete)
            await asyncio.to_thread(lab.stop)
            await inbox.until(lambda: not inbox.runtime[-1])
            await asyncio.to_thread(lab.start)
            await inbox.until(lambda: inbox.runtime[-1])
            info = await inbox.state(web, "exited")
            agent = await run(lab, "agent")
            await inbox.state(agent, "running")
    assert (info.name, info.complete) == ("web", True)


async def test_docker_that_is_not_there_is_a_state(tmp_path: Path) -> None:
    async with following(f"unix://{tmp_path}/docker.sock") as (_, inbox):
        await inbox.until(lambda: inbox.runtime == [False])
    state = inbox.inputs[0]
    assert isinstance(state, RuntimeState)
    assert state.detail == f"no daemon listens on {tmp_path}/docker.sock"


# ── questions ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_changes_of_a_container(lab: Lab) -> None:
    web = await run(lab, "web")
    lab.exec("web", "touch", "/bin/4711")
    lab.exec("web", "rm", "/etc/hostname.orig", "-f")
    changes = await DockerRuntime(lab.url).changes(web)
    assert ("A", "/bin/4711") in {(change.kind, change.path) for change in changes}
    assert ("C", "/bin") in {(change.kind, change.path) for change in changes}


async def test_the_changes_of_no_container(lab: Lab) -> None:
    with pytest.raises(TiercelError, match="No such container"):
        await DockerRuntime(lab.url).changes("0" * 64)

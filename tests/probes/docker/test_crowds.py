"""A thousand containers, and containers that come and go by the thousand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.events import ContainerInfo, ContainerUnknown, Input, RuntimeState
from probes.docker import source as docker_source
from probes.docker.source import MAX_ASKING, DockerSource
from tests.helpers.docker_api import MiniDocker
from tests.helpers.patience import PATIENCE

IDS = [f"{n:064x}" for n in range(1000)]


class Told:
    """What a source has told of each container last."""

    def __init__(self) -> None:
        self.latest: dict[str, Input] = {}
        self.connected = False

    def emit(self, inputs: Sequence[Input]) -> None:
        for one in inputs:
            if isinstance(one, ContainerInfo | ContainerUnknown):
                self.latest[one.id] = one
            self.connected |= isinstance(one, RuntimeState)

    @property
    def complete(self) -> int:
        return sum(isinstance(one, ContainerInfo) and one.complete for one in self.latest.values())


@asynccontextmanager
async def following(docker: MiniDocker, tmp_path: Path) -> AsyncIterator[tuple[DockerSource, Told]]:
    async with docker.serving(tmp_path / "docker.sock") as url:
        source, told = DockerSource(url), Told()
        task = asyncio.create_task(source.run(told.emit))
        try:
            await until(lambda: told.connected)
            yield source, told
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.001)


async def test_a_thousand_containers_are_listed_and_asked_about_a_few_at_a_time(tmp_path: Path) -> None:
    docker = MiniDocker()
    docker.names = dict.fromkeys(IDS, "web")
    docker.answering.clear()
    async with following(docker, tmp_path) as (source, told):
        assert len(told.latest) == 1000, "the list itself tells of each"
        assert len(source._asking) == MAX_ASKING
        docker.answering.set()
        await until(lambda: told.complete == 1000)
        assert docker.most <= MAX_ASKING


async def test_containers_that_nobody_knows_are_asked_about_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may make cgroups can have us ask about as many containers as he likes."""
    monkeypatch.setattr(docker_source, "MAX_WANTED", 1000)
    docker = MiniDocker()
    async with following(docker, tmp_path) as (source, told):
        docker.answering.clear()
        for n in range(3_000):
            source.want(f"{n:064x}")
        assert len(source._asking) + len(source._wanted) == MAX_ASKING + docker_source.MAX_WANTED
        assert len(asyncio.all_tasks()) < MAX_ASKING + 100
        docker.answering.set()
        await until(lambda: not source._asking)
        assert len(told.latest) == MAX_ASKING + docker_source.MAX_WANTED
        assert all(isinstance(one, ContainerUnknown) for one in told.latest.values())


async def test_containers_that_come_and_go_leave_nothing_behind(tmp_path: Path) -> None:
    """They are removed while they are being asked about, and were changed meanwhile."""
    docker = MiniDocker()
    async with following(docker, tmp_path) as (source, told):
        docker.answering.clear()
        for container_id in IDS:
            docker.create(container_id)
            docker.tell(container_id, "start")
            docker.tell(container_id, "die")
        await until(lambda: source._seen >= 3 * len(IDS))
        for container_id in IDS:
            docker.destroy(container_id)
        await until(lambda: source._seen >= 4 * len(IDS))
        docker.answering.set()
        await until(lambda: not source._asking)
        assert (len(source._known), len(source._ask_again), len(source._wanted), len(source._reading)) == (0, 0, 0, 0)
        assert {one.state for one in told.latest.values() if isinstance(one, ContainerInfo)} == {"removed"}
        assert len(told.latest) == len(IDS)

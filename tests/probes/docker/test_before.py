"""What happened just before the source began: who entered or began what is still there, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from engine.events import ContainerAction, ContainerInfo, Input
from engine.state.execs import INSPECT
from probes.docker.source import EARLIER, DockerSource
from tests.helpers.docker_api import MiniDocker
from tests.probes.docker.test_crowds import until

WEB, GONE, LATER = "ab" * 32, "cd" * 32, "ef" * 32


class Heard:
    """All that a source told."""

    def __init__(self) -> None:
        self.inputs: list[Input] = []

    def emit(self, inputs: Sequence[Input]) -> None:
        self.inputs += inputs

    def actions(self, container_id: str) -> list[str]:
        told = (one for one in self.inputs if isinstance(one, ContainerAction) and one.id == container_id)
        return [one.action for one in told]

    def states(self, container_id: str) -> list[str]:
        return [one.state for one in self.inputs if isinstance(one, ContainerInfo) and one.id == container_id]


async def test_what_happened_just_before_is_told_of_what_is_still_there(tmp_path: Path) -> None:
    docker, heard = MiniDocker(), Heard()
    docker.create(WEB)
    docker.tell(WEB, "start")
    docker.tell(WEB, "exec_create: sh -l", execID="e1")
    docker.tell(WEB, "exec_start: sh -l", execID="e1")
    docker.tell(WEB, "pause")
    docker.create(GONE)
    docker.tell(GONE, "exec_start: sh", execID="e2")
    docker.destroy(GONE)
    docker.execs["e1"] = WEB
    before = time.time_ns()
    async with docker.serving(tmp_path / "docker.sock") as url:
        task = asyncio.create_task(DockerSource(url).run(heard.emit))
        try:
            await until(lambda: INSPECT in heard.actions(WEB))
            docker.create(LATER)
            await until(lambda: "running" in heard.states(LATER))
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert [one for one in heard.actions(WEB) if one != INSPECT] == ["create", "start", "exec_create", "exec_start"]
    assert {*heard.states(WEB)} == {"running"}, "the list is newer than what happened before it"
    assert heard.actions(GONE) == heard.states(GONE) == []
    assert heard.states(LATER)[0] == "created" and heard.actions(LATER) == ["create"]
    told = next(one for one in heard.inputs if isinstance(one, ContainerAction) and one.action == "exec_create")
    assert told.time < before and told.attributes == {"execID": "e1", "detail": "sh -l"}


async def test_an_exec_of_long_before_is_asked_about(tmp_path: Path) -> None:
    """Docker's events of then are forgotten; the container has it."""
    docker, heard = MiniDocker(), Heard()
    docker.names[WEB] = "web"
    docker.execs["e1"] = WEB
    docker.tell(WEB, "exec_start: sh", execID="e0")
    docker._told[0]["timeNano"] -= 2 * EARLIER
    async with docker.serving(tmp_path / "docker.sock") as url:
        task = asyncio.create_task(DockerSource(url).run(heard.emit))
        try:
            await until(lambda: INSPECT in heard.actions(WEB))
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert heard.actions(WEB) == [INSPECT]
    told = next(one for one in heard.inputs if isinstance(one, ContainerAction))
    assert (told.attributes["execID"], told.attributes["pid"], told.attributes["command"]) == ("e1", "4701", "sh -l")

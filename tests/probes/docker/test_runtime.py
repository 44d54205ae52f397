"""Questions about a container go to that container, whatever a front end calls it: Docker is asked nothing else."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from engine.errors import TiercelError
from engine.protocol import GetLogs
from probes.docker.runtime import DockerRuntime
from tests.helpers.docker_api import MiniDocker

WEB = "ab" * 32
NO_IDS = ["../swarm?x=", "../services/web?x=", "../swarm#", "", "web", WEB[:12], WEB.upper(), f"{WEB}\n", f"{WEB}/../x"]
QUESTIONS: dict[str, Callable[[DockerRuntime, str], Awaitable[Any]]] = {
    "changes": lambda runtime, one: runtime.changes(one),
    "logs": lambda runtime, one: runtime.logs(GetLogs(one)),
    "logs of before": lambda runtime, one: runtime.logs(GetLogs(one, until=1)),
    "image": lambda runtime, one: runtime.image(one),
    "inspection": lambda runtime, one: runtime.inspection(one),
}


class Swarm(MiniDocker):
    """One that also answers what no front end may ask, and says what it was asked about."""

    def __init__(self, answer: Any = None) -> None:
        super().__init__()
        self.answer = answer
        self.paths: list[str] = []

    def add_routes(self, router: web.UrlDispatcher, prefix: str) -> None:
        for path in ("/swarm", "/services/{name}", "/containers/{id}/changes"):
            router.add_get(prefix + path, self._tell)

    async def _tell(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        return web.json_response({"JoinTokens": {"Manager": "s3cret"}} if self.answer is None else self.answer)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("no_id", NO_IDS)
async def test_what_is_no_id_is_no_question(tmp_path: Path, question: str, no_id: str) -> None:
    docker = Swarm()
    async with docker.serving(tmp_path / "docker.sock") as url:
        with pytest.raises(TiercelError, match="no container's id"):
            await QUESTIONS[question](DockerRuntime(url), no_id)
    assert not docker.paths and not docker.asked


async def test_of_a_container_it_is_told(tmp_path: Path) -> None:
    docker = Swarm(answer=[{"Kind": 2, "Path": "/etc/x"}])
    docker.create(WEB)
    async with docker.serving(tmp_path / "docker.sock") as url:
        assert (await DockerRuntime(url).inspection(WEB))["Id"] == WEB
        assert [(one.kind, one.path) for one in await DockerRuntime(url).changes(WEB)] == [("D", "/etc/x")]


@pytest.mark.parametrize("answer", [{"Kind": 2}, ["a"], [{"Kind": 7, "Path": "/"}], [{}], "a"], ids=json.dumps)
async def test_changes_that_are_none_are_not_dockers(tmp_path: Path, answer: Any) -> None:
    async with Swarm(answer).serving(tmp_path / "docker.sock") as url:
        with pytest.raises(TiercelError, match="does not answer as Docker does"):
            await DockerRuntime(url).changes(WEB)


class Listing(MiniDocker):
    """One that answers every question about a container with a list."""

    async def _inspect(self, request: web.Request) -> web.Response:
        return web.json_response([request.match_info["id"]])


async def test_an_answer_that_is_no_object_is_not_dockers(tmp_path: Path) -> None:
    async with Listing().serving(tmp_path / "docker.sock") as url:
        with pytest.raises(TiercelError, match="does not answer as Docker does"):
            await DockerRuntime(url).inspection(WEB)

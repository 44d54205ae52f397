"""Answers about a container that come too early, or are failures: it is told whole all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.events import ContainerInfo
from probes.docker import source as docker_source
from tests.helpers.docker_api import MiniDocker
from tests.probes.docker.test_crowds import Told, following, until

WEB = "ab" * 32


def is_whole(told: Told) -> bool:
    info = told.latest.get(WEB)
    return isinstance(info, ContainerInfo) and info.complete


async def test_a_container_that_was_listed_before_it_could_be_asked_about_is_not_gone(tmp_path: Path) -> None:
    """Docker's list knows it already; it is asked about, and made; then comes the answer that there is none."""
    docker = MiniDocker()
    docker.answering.clear()
    docker.names[WEB] = "web"
    docker.refusals[WEB] = [404]
    async with following(docker, tmp_path) as (source, told):
        await until(lambda: docker.asked == 1)
        docker.tell(WEB, "create")
        await until(lambda: source._seen == 1)
        docker.answering.set()
        await until(lambda: is_whole(told))
    assert docker.refusals[WEB] == []


@pytest.mark.parametrize("statuses", [[500], [503, 500]])
async def test_a_failure_is_not_the_last_word(
    tmp_path: Path, statuses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_source, "RETRIES", (0.0, 0.0, 0.0))
    docker = MiniDocker()
    docker.names[WEB] = "web"
    docker.refusals[WEB] = statuses
    async with following(docker, tmp_path) as (_, told):
        await until(lambda: is_whole(told))
    assert docker.refusals[WEB] == []


async def test_failures_that_last_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_source, "RETRIES", (0.0, 0.0, 0.0))
    docker = MiniDocker()
    docker.names[WEB] = "web"
    docker.refusals[WEB] = [500] * 10
    async with following(docker, tmp_path) as (source, told):
        await until(lambda: len(docker.refusals[WEB]) == 7 and not source._asking)
        assert not is_whole(told)

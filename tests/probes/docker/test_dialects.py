"""Runtimes that speak Docker's API in other words, and daemons of other kernels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.events import ContainerAction, ContainerInfo, Input, RuntimeState
from probes.docker.address import Endpoint
from probes.docker.dialects import in_dockers_words, kernel_of, runtime_of
from probes.docker.source import DockerSource
from probes.docker.unnamed_execs import UnnamedExecs
from tests.helpers.docker_api import MiniDocker

WEB = "a" * 64
PODMAN = {"Components": [{"Name": "Podman Engine", "Details": {"KernelVersion": "6.1"}}, {"Name": "Conmon"}]}


def test_podman_is_known_by_its_version() -> None:
    assert (runtime_of(PODMAN), kernel_of(PODMAN)) == ("podman", "6.1")
    docker = {"Components": [{"Name": "Engine", "Details": {"KernelVersion": "6.2"}}], "KernelVersion": "6.2"}
    assert (runtime_of(docker), kernel_of(docker)) == ("docker", "6.2")
    assert (runtime_of({}), kernel_of({"Components": None})) == ("docker", "")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("remove", "destroy"), ("died", "die"), ("exec", "exec_start"), ("exec_died", "exec_die"), ("pause", "pause")],
)
def test_podmans_words_are_dockers(theirs: str, ours: str) -> None:
    assert in_dockers_words("podman", theirs, {})[0] == ours
    assert in_dockers_words("docker", theirs, {})[0] == theirs


def test_the_exit_code_counts_only_where_something_ended() -> None:
    told = {"containerExitCode": "3"}
    assert in_dockers_words("podman", "exec_died", told)[1]["exitCode"] == "3"
    assert in_dockers_words("podman", "start", told)[1] == told


# ── a source ────────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def following(docker: MiniDocker, path: Path) -> AsyncIterator[asyncio.Queue[Input]]:
    told: asyncio.Queue[Input] = asyncio.Queue()

    def emit(inputs: Sequence[Input]) -> None:
        for one in inputs:
            told.put_nowait(one)

    async with docker.serving(path) as url:
        task = asyncio.create_task(DockerSource(url).run(emit))
        try:
            yield told
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def next_of(told: asyncio.Queue[Input], kind: type[Input]) -> Any:
    async with asyncio.timeout(30):
        while not isinstance(one := await told.get(), kind):
            pass
    return one


async def test_containers_go_at_podmans_word_for_it(tmp_path: Path) -> None:
    podman = MiniDocker()
    podman.version["Components"] = [{"Name": "Podman Engine"}]
    async with following(podman, tmp_path / "d.sock") as told:
        state = await next_of(told, RuntimeState)
        assert (state.connected, state.runtime) == (True, "podman")
        assert state.address == Endpoint(f"unix://{tmp_path}/d.sock", "").path_on_host()
        podman.create(WEB)
        assert (await next_of(told, ContainerInfo)).runtime == "podman"
        podman.tell(WEB, "remove")
        async with asyncio.timeout(30):
            while (await next_of(told, ContainerInfo)).state != "removed":
                pass


async def test_a_daemon_with_another_kernel_is_not_followed(tmp_path: Path) -> None:
    """Its containers would stand beside events that are none of theirs."""
    desktop = MiniDocker()
    desktop.version["KernelVersion"] = "6.10.14-linuxkit"
    desktop.create(WEB)
    async with following(desktop, tmp_path / "d.sock") as told:
        state = await next_of(told, RuntimeState)
    assert not state.connected
    assert "do not run on this kernel: theirs is 6.10.14-linuxkit" in state.detail
    assert told.empty()


# ── execs without ids ───────────────────────────────────────────────────────────────────────────────────────────────


class Execs:
    """The part of an API that tells of execs: those that there are, with the codes of those that have ended."""

    def __init__(self) -> None:
        self.codes: dict[str, int | None] = {}

    async def _query_json(self, path: str) -> dict[str, Any]:
        kind, name, _ = path.split("/")
        if kind == "containers":
            return {"Id": name, "ExecIDs": list(self.codes)}
        return {"Running": self.codes[name] is None, "ExitCode": self.codes[name]}


class Naming:
    """The questions, and what came of them: (action, exec id, exit code)."""

    def __init__(self) -> None:
        self.execs = Execs()
        self.told: asyncio.Queue[ContainerAction] = asyncio.Queue()
        self.unnamed = UnnamedExecs(self.told.put_nowait)

    async def take(self, action: str, **attributes: str) -> list[tuple[str, str, str]]:
        self.unnamed.take(ContainerAction(id=WEB, time=1, action=action, attributes=attributes))
        async with asyncio.timeout(30):
            first = await self.told.get()
        rest = [self.told.get_nowait() for _ in range(self.told.qsize())]
        return sorted(
            (one.action, one.attributes.get("execID", ""), one.attributes.get("exitCode", "")) for one in (first, *rest)
        )


@pytest.fixture
async def naming() -> AsyncIterator[Naming]:
    made = Naming()
    made.unnamed.begin(made.execs)  # type: ignore[arg-type]
    yield made
    await made.unnamed.stop()


async def test_an_exec_that_was_there_before_is_not_the_one_that_begins(naming: Naming) -> None:
    naming.execs.codes["old"] = None
    naming.unnamed.seen({"Id": WEB, "ExecIDs": ["old"]})
    naming.execs.codes["new"] = None
    assert await naming.take("exec_start") == [("exec_start", "new", "")]
    assert await naming.take("exec_start") == [("exec_start", "", "")], "over before it could be asked"


async def test_what_is_gone_has_ended_with_the_code_of_the_event(naming: Naming) -> None:
    naming.execs.codes["one"] = None
    await naming.take("exec_start")
    del naming.execs.codes["one"]
    assert await naming.take("exec_die", exitCode="3") == [("exec_die", "one", "3")]
    assert await naming.take("exec_die", exitCode="0") == [("exec_die", "", "0")], "of one that nobody knew"


async def test_of_several_that_ended_each_has_its_own_code_or_none(naming: Naming) -> None:
    for name in ("one", "two", "three"):
        naming.execs.codes[name] = None
        await naming.take("exec_start")
    del naming.execs.codes["one"]
    naming.execs.codes["two"] = 2
    assert await naming.take("exec_die", exitCode="7") == [("exec_die", "one", ""), ("exec_die", "two", "2")]
    naming.execs.codes["three"] = 0
    assert await naming.take("exec_die", exitCode="7") == [("exec_die", "three", "0")]


async def test_an_exec_that_has_ended_and_is_listed_still_does_not_begin_again(naming: Naming) -> None:
    naming.execs.codes["one"] = None
    await naming.take("exec_start")
    naming.execs.codes["one"] = 0
    assert await naming.take("exec_die") == [("exec_die", "one", "0")]
    assert await naming.take("exec_start") == [("exec_start", "", "")]


async def test_a_daemon_that_does_not_answer_loses_none(naming: Naming) -> None:
    naming.execs.codes = None  # type: ignore[assignment]
    assert await naming.take("exec_start", name="web") == [("exec_start", "", "")]


async def test_those_that_wait_at_the_end_are_told() -> None:
    told: list[ContainerAction] = []
    unnamed = UnnamedExecs(told.append)
    unnamed.take(ContainerAction(id=WEB, time=1, action="exec_start", attributes={}))
    await unnamed.stop()
    assert [one.action for one in told] == ["exec_start"]

"""Which daemon is taken: what somebody has chosen, then the sockets that are there, in their order."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.errors import TiercelError
from probes.docker.api import connected
from probes.docker.endpoints import Endpoint, find_daemon, found, sockets
from tests.helpers.docker_api import MiniDocker


@pytest.fixture
def listen() -> Iterator[object]:
    """Binds sockets, for as long as the test lasts."""
    with ExitStack() as stack:

        def bind(path: Path) -> Path:
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(socket.socket(socket.AF_UNIX)).bind(str(path))
            return path

        yield bind


def environ(root: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(root / "home"), "XDG_RUNTIME_DIR": str(root / "run/user/7"), **more}


def context(folder: Path, name: str, host: str, *, current: bool = True) -> None:
    """A context of Docker's, as its command line writes it."""
    meta = folder / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
    if current:
        (folder / "config.json").write_text(json.dumps({"currentContext": name}))


def origins(root: Path, **more: str) -> list[str]:
    return [endpoint.origin for endpoint in found(environ(root, **more), root)]


def test_sockets_are_found_in_their_order_each_once(tmp_path: Path, listen: object) -> None:
    for path in (
        "run/user/7/podman/podman.sock",
        "run/podman/podman.sock",
        "run/user/7/docker.sock",
        "run/docker.sock",
    ):
        listen(tmp_path / path)  # type: ignore[operator]
    (tmp_path / "var").mkdir()
    (tmp_path / "var/run").symlink_to("../run")
    assert origins(tmp_path) == ["Docker", "rootless Docker", "Podman", "rootless Podman"]


def test_under_sudo_the_sockets_of_who_called_it_are_looked_at(tmp_path: Path) -> None:
    paths = [
        str(one.path)
        for one in sockets({"SUDO_UID": "4242", "HOME": "/root", "XDG_RUNTIME_DIR": "/run/user/0"}, tmp_path)
    ]
    assert f"{tmp_path}/run/user/4242/docker.sock" in paths
    assert f"{tmp_path}/run/user/4242/podman/podman.sock" in paths
    assert not [path for path in paths if path.startswith(("/root", "/run/user/0"))]


def test_docker_host_comes_first_then_the_context_by_name_then_that_in_use(tmp_path: Path, listen: object) -> None:
    listen(tmp_path / "run/docker.sock")  # type: ignore[operator]
    config = tmp_path / "home/.docker"
    context(config, "lab", "unix:///lab.sock")
    context(config, "far", "tcp://far:2375", current=False)
    assert origins(tmp_path) == ["context lab", "Docker"]
    assert origins(tmp_path, DOCKER_CONTEXT="far") == ["context far", "Docker"]
    assert origins(tmp_path, DOCKER_CONTEXT="default") == ["Docker"]
    assert origins(tmp_path, DOCKER_CONTEXT="far", DOCKER_HOST="unix:///x") == ["DOCKER_HOST", "Docker"]
    assert found(environ(tmp_path), tmp_path)[0] == Endpoint("unix:///lab.sock", "context lab")


def test_another_folder_of_configuration_is_honoured(tmp_path: Path) -> None:
    context(tmp_path / "elsewhere", "lab", "unix:///lab.sock")
    assert origins(tmp_path, DOCKER_CONFIG=str(tmp_path / "elsewhere")) == ["context lab"]


def test_a_context_that_there_is_not_is_said(tmp_path: Path) -> None:
    with pytest.raises(TiercelError, match="no Docker context 'nowhere'"):
        origins(tmp_path, DOCKER_CONTEXT="nowhere")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"currentContext": 7}', "\xff\xfe"])
def test_a_configuration_that_makes_no_sense_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "home/.docker").mkdir(parents=True)
    (tmp_path / "home/.docker/config.json").write_bytes(text.encode("latin-1"))
    if "7" in text:
        with pytest.raises(TiercelError):
            origins(tmp_path)
    else:
        assert origins(tmp_path) == []


def test_a_configuration_that_is_a_fifo_holds_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "home/.docker").mkdir(parents=True)
    os.mkfifo(tmp_path / "home/.docker/config.json")
    assert origins(tmp_path) == []


def test_what_cannot_be_followed_is_refused(tmp_path: Path) -> None:
    context(tmp_path / "home/.docker", "far", "ssh://far")
    with pytest.raises(TiercelError, match="cannot follow Docker at ssh://far"):
        find_daemon(None, environ(tmp_path))


async def test_a_daemon_behind_a_context_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real socket, of a daemon in miniature, where Podman has its own."""
    path = tmp_path / "podman.sock"
    context(tmp_path / "config", "pod", f"unix://{path}")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    async with MiniDocker().serving(path), connected() as docker:
        assert (await docker.version())["ApiVersion"] == "1.41"

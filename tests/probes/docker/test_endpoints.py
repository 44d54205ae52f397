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
from probes.docker.address import Endpoint, Keys, elsewhere
from probes.docker.api import connected
from probes.docker.endpoints import choose, find, find_daemon, sockets
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
    choice = choose(environ(root, **more), root)
    return [one.origin for one in ([choice.taken, *choice.others] if choice.taken else [])]


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
    context(config, "far", "tcp://localhost:2375", current=False)
    assert origins(tmp_path) == ["context lab", "Docker"]
    assert origins(tmp_path, DOCKER_CONTEXT="far") == ["context far", "Docker"]
    assert origins(tmp_path, DOCKER_CONTEXT="default") == ["Docker"]
    assert origins(tmp_path, DOCKER_CONTEXT="far", DOCKER_HOST="unix:///x") == ["DOCKER_HOST", "Docker"]
    assert choose(environ(tmp_path), tmp_path).taken == Endpoint("unix:///lab.sock", "context lab")


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


HOSTILE = ["{}", "[]", "7", '{"docker": 7}', '{"docker": {"Host": ["x"]}}', '{"docker": {"Host": "unix:///a\\u0000b"}}',
           '{"docker": {"Host": "\\u001b]0;x\\u0007"}}', '{"docker": {"Host": "ssh://["}}', "[" * 100_000]  # fmt: skip


@pytest.mark.parametrize("endpoints", HOSTILE, ids=range(len(HOSTILE)))
def test_a_context_that_makes_no_sense_is_said(tmp_path: Path, endpoints: str) -> None:
    context(tmp_path / "home/.docker", "odd", "unix:///x")
    (meta,) = (tmp_path / "home/.docker/contexts/meta").glob("*/meta.json")
    meta.write_text(f'{{"Endpoints": {endpoints}}}')
    with pytest.raises(TiercelError) as refused:
        find_daemon(None, environ(tmp_path))
    assert refused.value.hint


@pytest.mark.parametrize("url", ["npipe:////./pipe/docker_engine", "ftp://far", "tcp://[", "tcp://x:99999999", "a b"])
def test_what_is_no_address_of_a_daemon_is_refused(tmp_path: Path, url: str) -> None:
    context(tmp_path / "home/.docker", "odd", url)
    with pytest.raises(TiercelError, match="cannot follow Docker at"):
        find_daemon(None, environ(tmp_path))
    with pytest.raises(TiercelError, match="cannot follow Docker at"):
        find_daemon(url, {})


# ── another machine's ───────────────────────────────────────────────────────────────────────────────────────────────


FAR = {
    "ssh://ann@far:2222": "ssh -t -p 2222 ann@far sudo tiercel",
    "tcp://192.0.2.1:2376": "ssh -t 192.0.2.1 sudo tiercel",
    "tcp://[2001:db8::1]:2376": "ssh -t 2001:db8::1 sudo tiercel",
}
"""Addresses for documentation: no machine has them."""


@pytest.mark.parametrize("url", FAR)
def test_a_daemon_of_another_machine_is_passed_over_and_said(tmp_path: Path, listen: object, url: str) -> None:
    """The kernel that is watched is this one: those containers are not on it."""
    context(tmp_path / "home/.docker", "far", url)
    with pytest.raises(TiercelError, match="its containers do not run on this kernel") as nothing:
        find_daemon(None, environ(tmp_path))
    assert FAR[url] in nothing.value.hint
    listen(tmp_path / "run/docker.sock")  # type: ignore[operator]
    choice = choose(environ(tmp_path), tmp_path)
    assert choice.taken == Endpoint(f"unix://{tmp_path}/run/docker.sock", "Docker")
    assert choice.note.startswith(f"not {url} (context far): ")
    assert choice.note.endswith("its containers do not run here")


def test_what_is_given_by_hand_is_taken_but_for_ssh(tmp_path: Path) -> None:
    """It may be this machine by an address that we cannot know for ours, as from within a container."""
    assert find("tcp://192.0.2.1:2375", {}) == (Endpoint("tcp://192.0.2.1:2375", "--docker"), "")
    with pytest.raises(TiercelError, match="ssh leads to another machine"):
        find("ssh://far", {})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.77", "[::1]", ""])
def test_addresses_of_this_machine_are_known(host: str) -> None:
    assert elsewhere(Endpoint(f"tcp://{host}:2375", "")) == ""


def test_a_name_that_there_is_not_is_said() -> None:
    assert elsewhere(Endpoint("tcp://nowhere.invalid:2375", "")) == "there is no host nowhere.invalid"


# ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_keys_are_those_of_the_variables_or_of_the_context(tmp_path: Path) -> None:
    config = tmp_path / "home/.docker"
    context(config, "vault", "tcp://localhost:2376")
    assert keys(tmp_path) is None
    (config / "contexts/tls" / hashlib.sha256(b"vault").hexdigest() / "docker").mkdir(parents=True)
    assert keys(tmp_path) == Keys(config / "contexts/tls" / hashlib.sha256(b"vault").hexdigest() / "docker")
    host = {"DOCKER_HOST": "tcp://localhost:2376"}
    assert keys(tmp_path, **host) is None
    assert keys(tmp_path, **host, DOCKER_TLS_VERIFY="1") == Keys(config)
    assert keys(tmp_path, **host, DOCKER_TLS="1", DOCKER_CERT_PATH="/keys") == Keys(Path("/keys"), verify=False)
    assert keys(tmp_path, DOCKER_HOST="unix:///x", DOCKER_TLS_VERIFY="1") is None


def keys(root: Path, **more: str) -> Keys | None:
    taken = choose(environ(root, **more), root).taken
    assert taken is not None
    return taken.keys


def test_the_port_is_dockers_with_and_without_keys() -> None:
    assert Endpoint("tcp://localhost", "").at_network() == ("localhost", 2375)
    assert Endpoint("tcp://localhost", "", Keys(Path())).at_network() == ("localhost", 2376)


async def test_a_daemon_behind_a_context_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real socket, of a daemon in miniature, where Podman has its own."""
    path = tmp_path / "podman.sock"
    context(tmp_path / "config", "pod", f"unix://{path}")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    async with MiniDocker().serving(path), connected() as docker:
        assert (await docker.version())["ApiVersion"] == "1.41"


@pytest.mark.parametrize(
    ("cgroup", "path"),
    [("0::/system.slice/x.service", "/run/docker.sock"), (f"0::/system.slice/docker-{'ab' * 32}.scope", "")],
    ids=["on the host", "in a container"],
)
def test_inside_a_container_a_sockets_path_is_not_that_of_the_host(cgroup: str, path: str, tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text(f"{cgroup}\n")
    assert Endpoint("unix:///run/docker.sock", "Docker").path_on_host(tmp_path) == path


def test_what_is_reached_by_the_network_has_no_path() -> None:
    assert Endpoint("tcp://localhost:2375", "Docker").path_on_host() == ""

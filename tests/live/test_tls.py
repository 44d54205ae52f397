"""A real dockerd behind TLS, its keys made by openssl: reached as Docker's command line reaches it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.errors import TiercelError
from engine.events import ContainerInfo, Input, RuntimeState
from probes.docker.address import Endpoint, Keys
from probes.docker.api import connected_to
from probes.docker.endpoints import choose
from probes.docker.failures import calling
from probes.docker.ping import ping
from probes.docker.source import DockerSource
from probes.doctor.doctor import CHECKS, Status
from probes.doctor.facts import Machine
from tests.helpers.lab import Lab
from tests.helpers.lab.certificates import make_keys

pytestmark = pytest.mark.live


@dataclass(frozen=True)
class Behind:
    """A laboratory behind TLS, the keys for it, and those of another authority."""

    lab: Lab
    url: str
    keys: Path
    foreign: Path


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp("keys")
    server, client = make_keys(folder / "own")
    _, foreign = make_keys(folder / "foreign")
    with _address() as port:
        url = f"tcp://localhost:{port}"
    files = {"tlscacert": "ca.pem", "tlscert": "cert.pem", "tlskey": "key.pem"}
    options = [f"--host=tcp://127.0.0.1:{port}", "--tlsverify", *(f"--{o}={server / f}" for o, f in files.items())]
    with Lab.open(options) as lab:
        yield Behind(lab, url, client, foreign)


@contextmanager
def _address() -> Iterator[int]:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]


def context(folder: Path, url: str, keys: Path, **more: object) -> dict[str, str]:
    """The environment of somebody who uses a context, made by Docker's command line."""
    where = ",".join(f"{name}={keys / f'{name}.pem'}" for name in ("ca", "cert", "key"))
    environ = {"PATH": os.environ["PATH"], "DOCKER_CONFIG": str(folder), "HOME": str(folder)}
    for command in (["create", "vault", "--docker", f"host={url},{where}"], ["use", "vault"]):
        subprocess.run(["docker", "context", *command], env=environ, check=True, capture_output=True)
    return environ


def test_a_context_with_keys_leads_to_it(behind: Behind, tmp_path: Path) -> None:
    taken = choose(context(tmp_path, behind.url, behind.keys), tmp_path).taken
    assert taken is not None
    assert (taken.url, taken.origin) == (behind.url, "context vault")
    assert ping(taken).runtime == "docker"


def test_variables_lead_to_it(behind: Behind, tmp_path: Path) -> None:
    environ = {"DOCKER_HOST": behind.url, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(behind.keys)}
    taken = choose(environ, tmp_path).taken
    assert taken == Endpoint(behind.url, "DOCKER_HOST", Keys(behind.keys))
    assert ping(taken).kernel == os.uname().release


async def test_its_containers_are_followed(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(behind.keys))
    web = await asyncio.to_thread(behind.lab.run, "web")
    told = asyncio.Event()
    inputs: list[Input] = []

    def emit(new: Sequence[Input]) -> None:
        inputs.extend(new)
        if any(isinstance(one, ContainerInfo) and one.complete and one.id == web for one in inputs):
            told.set()

    task = asyncio.create_task(DockerSource(behind.url).run(emit))
    async with asyncio.timeout(60):
        await told.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    state = next(one for one in inputs if isinstance(one, RuntimeState))
    assert (state.connected, state.detail) == (True, "")


_FAILURES = {
    "an authority that has not signed it": ("foreign", True, "is not to be trusted"),
    "keys that it does not know": ("foreign", False, "it does not accept our certificate"),
    "no keys of ours": ("half", True, "it does not accept our certificate"),
    "no authority": ("none", True, "is not to be trusted"),
    "an authority that is no certificate": ("torn", True, "cannot be used"),
    "a certificate without its key": ("open", True, "key.pem is missing"),
    "no TLS at all": (None, True, "HTTP request to an HTTPS server"),
}


@pytest.mark.parametrize("case", _FAILURES)
async def test_what_fails_is_said_with_what_to_do(behind: Behind, tmp_path: Path, case: str) -> None:
    """By the doctor's question and by the sensor's connection, in the same words."""
    name, verify, expected = _FAILURES[case]
    endpoint = Endpoint(behind.url, "", _keys(behind, tmp_path, name, verify=verify))
    with pytest.raises(TiercelError, match=expected) as asked:
        ping(endpoint)
    with pytest.raises(TiercelError, match=expected) as connected, calling():
        async with connected_to(endpoint) as docker:
            await docker.version()
    assert asked.value.message == connected.value.message
    assert "ca.pem" in asked.value.hint or "DOCKER_CERT_PATH" in asked.value.hint
    assert asked.value.hint == connected.value.hint


def _keys(behind: Behind, folder: Path, name: str | None, *, verify: bool) -> Keys | None:
    """``foreign``: of another authority; ``half``: the authority alone; ``open``: without the key; ``none``."""
    if name is None:
        return None
    if name == "foreign":
        return Keys(behind.foreign, verify)
    for file in {"half": ("ca.pem",), "open": ("ca.pem", "cert.pem")}.get(name, ()):
        (folder / file).write_bytes((behind.keys / file).read_bytes())
    if name == "torn":
        (folder / "ca.pem").write_text("no certificate")
    return Keys(folder, verify)


def test_the_doctor_says_what_answers_there(behind: Behind, tmp_path: Path) -> None:
    environ = context(tmp_path, behind.url, behind.keys)
    found = CHECKS["Docker"](Machine(root=tmp_path, environ=environ))
    assert found.status is Status.OK
    assert found.found.startswith(f"{behind.url} (context vault): docker ")
    foreign = context(tmp_path / "other", behind.url, behind.foreign)
    found = CHECKS["Docker"](Machine(root=tmp_path, environ=foreign))
    assert found.status is Status.WARN
    assert "is not to be trusted" in found.found
    assert "ca.pem" in found.mend


def test_keys_that_are_fifos_hold_nothing_up(behind: Behind, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ca.pem")
    with pytest.raises(TiercelError, match=r"ca\.pem is missing, or no file"):
        ping(Endpoint(behind.url, "", Keys(tmp_path)))


def test_a_context_may_say_that_nobody_verifies(behind: Behind, tmp_path: Path) -> None:
    environ = context(tmp_path, behind.url, behind.foreign)
    digest = hashlib.sha256(b"vault").hexdigest()
    meta = tmp_path / "contexts/meta" / digest / "meta.json"
    told = json.loads(meta.read_text())
    told["Endpoints"]["docker"]["SkipTLSVerify"] = True
    meta.write_text(json.dumps(told))
    for file in ("cert.pem", "key.pem"):
        (tmp_path / "contexts/tls" / digest / "docker" / file).write_bytes((behind.keys / file).read_bytes())
    taken = choose(environ, tmp_path).taken
    assert taken is not None
    assert ping(taken).runtime == "docker"

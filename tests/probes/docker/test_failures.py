"""Docker's failures in plain words: each made by a real client at something that is not a working Docker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.errors import TiercelError
from probes.docker.api import connected
from probes.docker.failures import calling

NOT_FOUND = (
    b'HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n{"message":"no such thing"}'
)
ALIEN = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
GARBAGE = b"SSH-2.0-OpenSSH_9.2\r\n"


@contextlib.asynccontextmanager
async def answering(path: Path, answer: bytes) -> AsyncIterator[None]:
    """A server that gives every request the same answer and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(serve, path):
        yield


async def failure(url: str) -> TiercelError:
    with pytest.raises(TiercelError) as caught:
        async with connected(url) as docker:
            with calling("Docker does not tell its version"):
                await docker.version()
    return caught.value


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "docker.sock"


async def test_nothing_there(path: Path) -> None:
    expected = f"Docker does not tell its version: no daemon listens on {path}"
    assert (await failure(f"unix://{path}")).message == expected


async def test_a_socket_that_nobody_listens_on(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert (await failure(f"unix://{path}")).message.endswith(f": no daemon listens on {path}")


async def test_no_listener_on_a_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert (await failure(f"tcp://127.0.0.1:{port}")).message.endswith(f": no daemon listens on 127.0.0.1:{port}")


@pytest.mark.parametrize("answer", [ALIEN, GARBAGE], ids=["http", "ssh"])
async def test_something_else_that_listens(path: Path, answer: bytes) -> None:
    async with answering(path, answer):
        assert (await failure(f"unix://{path}")).message.endswith(": what listens there does not answer as Docker does")


async def test_a_daemon_that_hangs_up(path: Path) -> None:
    async with answering(path, b""):
        assert (await failure(f"unix://{path}")).message.endswith(": the daemon has closed the connection")


async def test_what_docker_itself_says(path: Path) -> None:
    async with answering(path, NOT_FOUND):
        assert (await failure(f"unix://{path}")).message == "Docker does not tell its version: no such thing"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not")
async def test_a_socket_that_we_may_not_use(path: Path) -> None:
    async with answering(path, ALIEN):
        path.chmod(0o600)
        path.parent.chmod(0o711)
        os.seteuid(65534)
        try:
            error = await failure(f"unix://{path}")
        finally:
            os.seteuid(0)
    assert error.message.endswith(f": no permission to use {path}")
    assert error.hint


async def test_a_call_without_a_subject_gives_the_reason_alone() -> None:
    with pytest.raises(TiercelError, match=r"^no answer in time$"), calling():
        raise TimeoutError

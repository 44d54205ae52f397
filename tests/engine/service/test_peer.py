"""Who asks is told by the socket, whatever they say."""

from __future__ import annotations

import asyncio
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.protocol import Done, Reply, Request, SetRule
from engine.response.audit import Who
from engine.service.client import Client
from engine.service.peer import who_asks
from engine.service.server import Server

ASK = """
import asyncio, os, sys
if os.geteuid() == 0:
    os.setresgid(0, 0, 0)
    os.setresuid(65534, 65534, 65534)
from engine.protocol import SetRule
from engine.service.client import Client
async def main():
    client = await Client.connect(sys.argv[1])
    print((await client.ask(SetRule("x", True))).detail, os.getpid(), flush=True)
asyncio.run(main())
"""


async def desk(request: Request) -> Reply:
    """Says who asks; slowly, so that the answers to two overlap."""
    await asyncio.sleep(0)
    assert isinstance(request, SetRule)
    who = who_asks("root\x1b[31m" + "x" * 100)
    return Done(detail=f"{who.uid} {who.pid}")


@pytest.fixture
def path() -> Iterator[Path]:
    """In a folder that every user can reach: pytest's own are for one."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder, "sensor.sock")


async def test_each_front_end_is_told_apart(path: Path) -> None:
    ready = asyncio.Event()
    serving = asyncio.create_task(Server(desk).serve(path, ready=ready.set))
    await ready.wait()
    path.chmod(0o666)
    ours = await Client.connect(path)
    command = [sys.executable, "-c", ASK, str(path)]
    theirs = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])
    said, _ = await theirs.communicate()
    uid, pid, asked_by = said.split()
    assert (await ours.ask(SetRule("x", True))).detail == f"{os.getuid()} {os.getpid()}"
    assert int(uid) == (65534 if os.geteuid() == 0 else os.getuid())
    assert pid == asked_by
    await ours.close()
    serving.cancel()
    await asyncio.wait([serving])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
async def test_others_leave_room_for_the_sensors_own_user(path: Path) -> None:
    ready, server = asyncio.Event(), Server(desk, most=2)
    serving = asyncio.create_task(server.serve(path, ready=ready.set))
    await ready.wait()
    path.chmod(0o666)
    ours = await Client.connect(path)
    command = [sys.executable, "-c", ASK, str(path)]
    theirs = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE, cwd=Path(__file__).parents[3])
    _, said = await theirs.communicate()
    assert b"there is no room: 1 front end looks" in said
    own = await Client.connect(path)
    for client in (ours, own):
        await client.close()
    serving.cancel()
    await asyncio.wait([serving])


async def test_a_name_is_cut_and_an_account_has_its_own() -> None:
    assert who_asks() == Who(-1)
    assert len(who_asks("x" * 1000).says) == 64


@pytest.mark.parametrize("uid", [0, os.getuid()])
def test_accounts_have_names(uid: int) -> None:
    from engine.service.peer import _name_of

    assert _name_of(uid) == pwd.getpwuid(uid).pw_name
    assert _name_of(-1) == ""

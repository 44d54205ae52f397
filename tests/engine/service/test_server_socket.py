"""The socket of a sensor: whose it is, who is let in, what lies in its place."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.service.client import Client, SensorGone, start_on
from engine.service.server import Server
from engine.service.sockets import SOCKET
from tests.helpers.served import desk, serving


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sensor.sock"


async def test_the_socket_is_its_owners_alone_and_goes_with_the_sensor(path: Path) -> None:
    async with serving(Server(desk), path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


async def test_a_group_can_be_let_in(path: Path) -> None:
    import grp

    group = grp.getgrgid(os.getegid())
    ready = asyncio.Event()
    task = asyncio.create_task(Server(desk).serve(path, group=group.gr_name, ready=ready.set))
    await ready.wait()
    assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid) == (0o660, group.gr_gid)
    task.cancel()
    await asyncio.wait([task])
    with pytest.raises(UsageError, match="no group"):
        await Server(desk).serve(path, group="no-such-group-here")


async def test_a_dead_sensors_socket_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with serving(Server(desk), path):
        client = await Client.connect(path)
        await client.close()


async def test_a_second_sensor_is_refused_and_the_first_goes_on(path: Path) -> None:
    async with serving(Server(desk), path):
        with pytest.raises(UsageError, match="another sensor listens"):
            await Server(desk).serve(path)
        client = await Client.connect(path)
        await client.close()


async def test_other_programs_sockets_and_files_are_left_alone(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(UsageError, match="listens on"):
            await Server(desk).serve(path)
    path.unlink()
    path.write_text("precious")
    with pytest.raises(UsageError, match="not a socket"):
        await Server(desk).serve(path)
    assert path.read_text() == "precious"


@pytest.mark.parametrize("name", ["nowhere/sensor.sock", "x" * 200])
async def test_a_path_that_cannot_be_used_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot listen on"):
        await Server(desk).serve(tmp_path / name)


async def test_no_sensor_there_says_so(path: Path) -> None:
    with pytest.raises(SensorGone, match="no sensor answers") as gone:
        await Client.connect(path)
    assert f"sensor --socket {path}" in gone.value.hint, "and what to do, as it can be typed"


def test_what_to_do_without_a_sensor_can_be_typed_as_it_stands() -> None:
    assert start_on(Path(SOCKET)).endswith("tiercel sensor")
    assert start_on(Path("/tmp/a b.sock")).endswith("tiercel sensor --socket '/tmp/a b.sock'")


async def test_who_may_not_use_a_sensor_is_told_who_may(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", refused)  # root, as whom we run, may do all
    with pytest.raises(SensorGone, match="Permission denied") as gone:
        await Client.connect(path)
    assert "--group" in gone.value.hint

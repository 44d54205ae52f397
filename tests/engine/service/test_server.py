"""Sensor and front ends talk over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import pytest

from engine.errors import ProtocolError, TiercelError
from engine.protocol import (
    VERSION,
    Alerts,
    Around,
    Changes,
    EventRow,
    Failure,
    GetAlert,
    GetHealth,
    Hello,
    ListAround,
    ListChanges,
    ListContainers,
    ListRules,
    Pulse,
    Reply,
    Request,
    SetRule,
    Welcome,
)
from engine.service.client import Client, SensorGone
from engine.service.frames import FrameReader, to_frame, to_reply
from engine.service.server import REFUSING, Server
from tests.helpers.sample_alerts import alert
from tests.helpers.served import attached, desk, serving, until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sensor.sock"


async def test_requests_are_answered_by_type() -> None:
    async with attached(Server(desk, hostname="prod-7", private=True)) as (client, _):
        assert (client.welcome.hostname, client.welcome.private) == ("prod-7", True)
        assert (await client.ask(SetRule(name="shell", enabled=False))).detail == "shell switched"
        assert (await client.ask(ListRules())).rows == []


async def test_an_answer_can_overtake_another() -> None:
    release = asyncio.Event()

    async def answer(request: Request) -> Reply:
        if isinstance(request, ListChanges):
            await release.wait()
            return Changes(rows=[])
        return await desk(request)

    async with attached(Server(answer)) as (client, _):
        slow = asyncio.create_task(client.ask(ListChanges(container_id="a")))
        await client.ask(ListRules())
        assert not slow.done()
        release.set()
        assert (await slow).rows == []


async def test_a_cancelled_question_leaves_the_others_alone() -> None:
    async def answer(request: Request) -> Reply:
        if isinstance(request, ListChanges):
            await asyncio.Event().wait()
        return await desk(request)

    async with attached(Server(answer)) as (client, _):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await client.ask(ListChanges(container_id="a"))
        assert (await client.ask(ListRules())).rows == []


async def test_what_cannot_be_done_is_raised_with_its_reason() -> None:
    async with attached(Server(desk)) as (client, _):
        with pytest.raises(TiercelError, match="there is no alert 5") as caught:
            await client.ask(GetAlert(alert_id=5))
        assert caught.value.hint == "look again"


async def test_a_bug_in_a_handler_is_a_failure_and_the_server_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    async with attached(Server(desk)) as (client, _):
        with pytest.raises(TiercelError, match=r"internal error: ValueError: a bug \\x1b"):
            await client.ask(GetHealth())
        assert (await client.ask(ListRules())).rows == []
    assert "Traceback" in caplog.text
    assert "\x1b" not in caplog.text


async def test_an_answer_of_the_wrong_kind_is_noticed() -> None:
    async with attached(Server(desk)) as (client, _):
        with pytest.raises(ProtocolError, match="answered ListContainers with Done"):
            await client.ask(ListContainers())


async def test_replies_are_scrubbed_at_the_border() -> None:
    hostile = alert(process="sh\x1b]0;owned\x07", args="\u202e", target="/tmp/a\nb")

    async def answer(_request: Request) -> Reply:
        return Alerts(total=1, rows=[hostile])

    async with attached(Server(answer)) as (client, _):
        (row,) = (await client.ask(GetAlert(alert_id=1))).rows
    assert row.lineage[0].cmdline == r"sh\x1b]0;owned\x07 \u202e"
    assert row.target == r"/tmp/a\nb"


async def test_what_surrounds_an_alert_is_scrubbed_row_by_row() -> None:
    hostile = "sh\x1b]0;owned\x07"
    events = [EventRow(number, 0, "openat", 1, hostile, "", "", kind="read") for number in range(500)]

    async def answer(_request: Request) -> Reply:
        return Around(rows=events, origin=hostile, left_out=3)

    async with attached(Server(answer)) as (client, _):
        found = await client.ask(ListAround(1))
    assert {row.process for row in found.rows} == {found.origin} == {r"sh\x1b]0;owned\x07"}
    assert (len(found.rows), found.left_out) == (500, 3)


async def test_many_front_ends_share_a_sensor(path: Path) -> None:
    server = Server(desk)
    async with serving(server, path):
        clients = [await Client.connect(path) for _ in range(5)]
        for client in clients:
            assert (await client.ask(ListRules())).rows == []
        assert server.clients == 5
        await clients[0].close()
        await until(lambda: server.clients == 4)
        assert (await clients[1].ask(ListRules())).rows == []
        for client in clients[1:]:
            await client.close()


async def test_one_more_than_there_is_room_for_is_told_so_and_gets_in_when_one_has_gone(path: Path) -> None:
    server = Server(desk, most=3)
    async with serving(server, path):
        clients = [await Client.connect(path) for _ in range(3)]
        for _ in range(2):
            with pytest.raises(TiercelError, match="no room: 3 front ends look at this sensor already"):
                await Client.connect(path)
        assert server.bounds == {"front ends that found no room": 2}
        assert (await clients[0].ask(ListRules())).rows == []
        await clients[0].close()
        await until(lambda: server.clients == 2)
        clients[0] = await Client.connect(path)
        for client in clients:
            await client.close()


async def test_connections_that_say_nothing_hold_nobody_up_for_long(path: Path) -> None:
    """As many as there is room for, as many as are told so, and many more."""
    server = Server(desk, stall=0.5, most=3)
    async with serving(server, path):
        client = await Client.connect(path)
        silent = [await asyncio.open_unix_connection(path) for _ in range(2 + REFUSING + 30)]
        await until(lambda: server.turned_away == REFUSING + 30)
        await asyncio.gather(*(reader.read() for reader, _ in silent[-30:]), return_exceptions=True)  # cut at once
        assert (await client.ask(ListRules())).rows == []
        await until(lambda: server.clients == 1)
        another = await Client.connect(path)
        for _, writer in silent:
            writer.close()
        await another.close()
        await client.close()


async def test_a_private_sensor_ends_with_its_front_end_even_while_it_works_for_it() -> None:
    cancelled = asyncio.Event()

    async def answer(_request: Request) -> Reply:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    async with attached(Server(answer, private=True)) as (client, serving_it):
        asking = asyncio.create_task(client.ask(ListRules()))
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(SensorGone):
            await asking
        await serving_it
    assert cancelled.is_set()


async def test_when_the_sensor_goes_who_waits_is_told(path: Path) -> None:
    async def answer(_request: Request) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(Server(answer), path):
        client = await Client.connect(path)
        asking = asyncio.create_task(client.ask(ListRules()))
        await asyncio.sleep(0)
    with pytest.raises(SensorGone, match="has ended"):
        await asking
    assert isinstance(await client.wait_closed(), SensorGone)
    with pytest.raises(SensorGone):
        await client.ask(ListRules())
    await client.close()


async def first_reply(path: Path, data: bytes) -> tuple[Reply, bytes]:
    """What a sensor says to these bytes, and what comes after it."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(data)
    body = await FrameReader(reader, 1 << 20).read()
    rest = await reader.read()
    writer.close()
    assert body is not None
    return to_reply(body), rest


async def test_another_version_is_told_why_it_is_refused(path: Path) -> None:
    server = Server(desk)
    async with serving(server, path):
        reply, rest = await first_reply(path, to_frame(Hello(id=4, version=VERSION + 1)))
        assert isinstance(reply, Failure)
        assert reply.id == 4
        assert f"version {VERSION + 1}" in reply.message
        assert rest == b"", "and the connection is closed"
        reply, _ = await first_reply(path, to_frame(ListRules()))
        assert isinstance(reply, Failure)
        await until(lambda: server.refused == 2)


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100, b"\x05\0\0\0hello"])
async def test_garbage_ends_its_connection_and_nothing_else(path: Path, garbage: bytes) -> None:
    server = Server(desk)
    async with serving(server, path):
        client = await Client.connect(path)
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(garbage)
        with contextlib.suppress(ConnectionResetError):  # cut before it had read all of it
            assert await reader.read() == b""
        writer.close()
        assert (await client.ask(ListRules())).rows == []
        await until(lambda: server.refused == 1)
        await client.close()


async def test_a_sensor_of_another_version_is_refused_by_the_front_end() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(to_frame(Failure(id=1, message="the sensor speaks version 9", hint="update")))
    with pytest.raises(TiercelError, match="version 9"):
        await Client.over(ours)
    theirs.close()


def test_every_request_has_its_answer() -> None:
    import typing

    from engine.service.client import ANSWERS

    assert set(ANSWERS) == set(typing.get_args(Request))
    assert {Welcome, *ANSWERS.values(), Failure, Pulse} == set(typing.get_args(Reply))

"""Sensor and front ends talk over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.errors import ProtocolError, TiercelError, UsageError
from engine.protocol import (
    VERSION,
    Alerts,
    Around,
    Changes,
    Done,
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
    Rest,
    Rules,
    SetRule,
    Welcome,
)
from engine.service.client import Client, SensorGone, start_on
from engine.service.connection import IN_WORK
from engine.service.frames import FrameReader, to_frame, to_reply
from engine.service.server import REFUSING, Server
from engine.service.sockets import SOCKET
from tests.helpers.patience import PATIENCE
from tests.helpers.sample_alerts import alert
from tests.helpers.sample_health import health


async def desk(request: Request) -> Reply:
    """A sensor that knows some answers."""
    match request:
        case SetRule():
            return Done(detail=f"{request.name} switched")
        case ListRules():
            return Rules(rows=[])
        case GetAlert():
            raise TiercelError(f"there is no alert {request.alert_id}", hint="look again")
        case GetHealth():
            raise ValueError("a bug \x1b[31m")
        case ListContainers():
            return Done(detail="not what was asked for")
    raise AssertionError(request)


@asynccontextmanager
async def serving(server: Server, path: Path) -> AsyncIterator[Path]:
    ready = asyncio.Event()
    task = asyncio.create_task(server.serve(path, ready=ready.set))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if task.done():
            task.result()
        yield path
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def attached(server: Server) -> AsyncIterator[tuple[Client, asyncio.Task[None]]]:
    """A private sensor and its front end."""
    ours, theirs = socket.socketpair()
    task = asyncio.create_task(server.serve_socket(theirs))
    client = await Client.over(ours)
    try:
        yield client, task
    finally:
        await client.close()
        await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0)


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


async def test_pulses_reach_every_front_end(path: Path) -> None:
    server = Server(desk)
    seen: list[int] = []
    async with serving(server, path):
        clients = [await Client.connect(path) for _ in range(2)]
        for client in clients:
            client.on_pulse = lambda pulse: seen.append(pulse.alerts)
        server.pulse(Pulse(alerts=7, containers=0, processes=0, rules=0))
        await until(lambda: len(seen) == 2)
        for client in clients:
            await client.close()
    assert seen == [7, 7]


async def test_pulses_that_wait_are_merged_and_health_is_kept() -> None:
    server = Server(desk)
    seen: list[Pulse] = []
    async with attached(server) as (client, _):
        client.on_pulse = seen.append
        server.pulse(Pulse(alerts=1, containers=0, processes=0, rules=0, health=health(events=5)))
        for number in range(2, 100):
            server.pulse(Pulse(alerts=number, containers=0, processes=0, rules=0))
        await until(lambda: bool(seen))
    assert [pulse.alerts for pulse in seen] == [99]
    assert seen[0].health is not None
    assert seen[0].health.events == 5


async def test_a_front_end_that_never_reads_is_dropped_and_the_others_are_served(path: Path) -> None:
    asked = 0

    async def answer(_request: Request) -> Reply:
        nonlocal asked
        asked += 1
        return Done(detail="x" * 16_000)

    server = Server(answer, stall=0.2)
    async with serving(server, path):
        hung = socket.socket(socket.AF_UNIX)
        hung.connect(str(path))
        hung.sendall(to_frame(Hello()) + b"".join(to_frame(ListRules(id=number)) for number in range(500)))
        client = await Client.connect(path)
        await client.ask(SetRule(name="shell", enabled=True))
        await until(lambda: server.dropped == 1)
        assert asked < 500 - IN_WORK, "its requests are not even read while its replies wait"
        await client.ask(SetRule(name="shell", enabled=True))
        hung.close()
        await client.close()


async def test_a_front_end_that_rests_is_not_dropped_and_hears_later_what_it_was_to_hear(path: Path) -> None:
    async def answer(request: Request) -> Reply:
        return Done(detail="x" * 16_000) if isinstance(request, ListRules) else Done()

    asks = b"".join(to_frame(ListRules(id=number)) for number in range(2, 102))
    server = Server(answer, stall=0.2)
    async with serving(server, path):
        reader, writer = await asyncio.open_unix_connection(path, limit=1 << 12)
        frames = FrameReader(reader, 1 << 20)
        writer.write(to_frame(Hello()) + to_frame(Rest(id=1)))
        assert [type(await next_reply(frames)) for _ in range(2)] == [Welcome, Done]
        server.pulse(Pulse(alerts=7, containers=0, processes=0, rules=0))
        writer.write(asks)
        hung = socket.socket(socket.AF_UNIX)
        hung.connect(str(path))
        hung.sendall(to_frame(Hello()) + asks)
        await until(lambda: server.dropped == 1)  # the one that has said nothing
        replies = [await next_reply(frames) for _ in range(100)]
        assert {type(reply) for reply in replies} == {Done}
        writer.write(to_frame(Rest(id=200, on=False)))
        told = [await next_reply(frames) for _ in range(2)]
        assert {type(reply) for reply in told} == {Done, Pulse}
        assert server.dropped == 1
        hung.close()
        writer.close()


async def under_way(path: Path, first: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter, int]:
    """A front end that has seen the head of a long reply and reads no further, and the bytes that are to follow."""
    reader, writer = await asyncio.open_unix_connection(path, limit=1 << 12)
    writer.write(to_frame(Hello()) + first + to_frame(ListAround(1, id=9)))
    for _ in range(2 if first else 1):
        await reader.readexactly(int.from_bytes(await reader.readexactly(4), "little"))
    return reader, writer, int.from_bytes(await reader.readexactly(4), "little")


async def long_answer(request: Request) -> Reply:
    rows = [EventRow(number, 0, "openat", 1, "x" * 2_000, "", "", kind="read") for number in range(500)]
    return Around(rows=rows) if isinstance(request, ListAround) else Done()


async def test_it_may_rest_while_a_reply_is_under_way(path: Path) -> None:
    server = Server(long_answer, stall=0.5)
    async with serving(server, path):
        reader, writer, length = await under_way(path)
        writer.write(to_frame(Rest(id=10)))
        hung = await under_way(path)  # later, and says nothing
        await until(lambda: server.dropped == 1)
        assert len(await reader.readexactly(length)) == length
        assert server.dropped == 1
        hung[1].close()
        writer.close()


async def test_who_no_longer_rests_is_waited_for_as_ever_also_with_what_is_under_way(path: Path) -> None:
    server = Server(long_answer, stall=0.2)
    async with serving(server, path):
        resting = await under_way(path, first=to_frame(Rest(id=8)))
        resting[1].write(to_frame(Rest(id=10, on=False)))
        await until(lambda: server.dropped == 1)
        resting[1].close()


async def next_reply(frames: FrameReader) -> Reply:
    body = await frames.read()
    assert body is not None
    return to_reply(body)


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


def test_every_request_has_its_answer() -> None:
    import typing

    from engine.service.client import ANSWERS

    assert set(ANSWERS) == set(typing.get_args(Request))
    assert {Welcome, *ANSWERS.values(), Failure, Pulse} == set(typing.get_args(Reply))

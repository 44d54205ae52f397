"""Front ends that read late, rest or never read: what they hear, and that nobody else waits for them."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from engine.protocol import (
    Around,
    Done,
    EventRow,
    Hello,
    ListAround,
    ListRules,
    Pulse,
    Reply,
    Request,
    Rest,
    SetRule,
    Welcome,
)
from engine.service.client import Client
from engine.service.connection import IN_WORK
from engine.service.frames import FrameReader, to_frame, to_reply
from engine.service.server import Server
from tests.helpers.sample_health import health
from tests.helpers.served import attached, desk, serving, until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sensor.sock"


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

"""A server on a real socket, and who knows some answers behind it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from engine.errors import TiercelError
from engine.protocol import Done, GetAlert, GetHealth, ListContainers, ListRules, Reply, Request, Rules, SetRule
from engine.service.client import Client
from engine.service.server import Server
from tests.helpers.patience import PATIENCE


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
    """A shared sensor at this path."""
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
    """Let the others go on until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0)

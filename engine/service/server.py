"""The sensor's end of the protocol: many front ends on a Unix socket, or one on a connected socket.

A front end never holds up detection. Each has a bounded number of requests in work, a reply is built only when there
is room for it, pulses are merged into the latest, and a front end that does not read for a while, and has not said so,
is dropped and counted. There is room for :data:`MOST` of them, the last :data:`OWN` for the sensor's own user: a group
that was let in cannot lock them out. A bug in a handler becomes a :class:`~engine.protocol.Failure` and a traceback on
stderr.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from engine.errors import TiercelError
from engine.protocol import VERSION, Failure, Hello, Pulse, Reply, Request, Welcome
from engine.scrub import scrub
from engine.service.connection import Connection
from engine.service.peer import Peer, note_peer
from engine.service.sockets import ListeningSocket

Handler = Callable[[Request], Awaitable[Reply]]
"""Answers one request; raises TiercelError for what cannot be done."""

STALL = 10.0
"""Seconds after which a front end that takes nothing is dropped."""
MOST = 64
"""Front ends at a time; one more is told so."""
OWN = 8
"""Of these places, those that only the sensor's own user gets."""
REFUSING = 16
"""Front ends that are told so at a time; beyond, the connection is cut."""

_log = logging.getLogger(__name__)


class Server:
    """Serves front ends until it is cancelled or, in private mode, until its one front end has gone."""

    def __init__(
        self,
        answer: Handler,
        *,
        hostname: str = "",
        private: bool = False,
        store: str = "",
        stall: float = STALL,
        most: int = MOST,
    ) -> None:
        self._answer = answer
        self._stall = stall
        self._most = most
        self._refusing = 0
        self._welcome = Welcome(version=VERSION, hostname=hostname, private=private, store=store)
        self._connections: set[Connection] = set()
        self.dropped = 0
        """Front ends that were dropped because they did not read."""
        self.refused = 0
        """Connections that did not speak our protocol, or another version of it."""
        self.turned_away = 0
        """Front ends for which there was no room."""

    @property
    def bounds(self) -> dict[str, int]:
        """What the bounds on front ends have cost so far, by what it was; only what there is of."""
        counts = {"front ends that found no room": self.turned_away, "front ends that did not read": self.dropped}
        return {what: count for what, count in counts.items() if count}

    @property
    def clients(self) -> int:
        """Front ends connected now."""
        return len(self._connections)

    async def serve(self, path: Path, *, group: str = "", ready: Callable[[], None] | None = None) -> None:
        """Listen on a path until cancelled; the socket is the owner's alone, or the group's too.

        ``ready`` is called once front ends can connect. Raises UsageError when the path cannot be used or another
        sensor listens there.
        """
        with ListeningSocket(path, group) as listening:
            server = await asyncio.start_unix_server(self._serve_stream, sock=listening)
            if ready is not None:
                ready()
            try:
                await asyncio.get_running_loop().create_future()  # until cancelled
            finally:
                server.close()
                self.close()

    async def serve_socket(self, connected: socket.socket) -> None:
        """Serve the front end at the other end of a connected socket, until it closes."""
        reader, writer = await asyncio.open_unix_connection(sock=connected)
        await self._serve_stream(reader, writer)

    def pulse(self, pulse: Pulse) -> None:
        """Tell every front end. Returns at once; what a slow one has not taken yet is merged."""
        for connection in self._connections:
            connection.pulse(pulse)

    def close(self) -> None:
        """Cut all connections."""
        for connection in self._connections:
            connection.abort()

    async def _serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._has_room(note_peer(writer)):
            await self._turn_away(reader, writer)
            return
        connection = Connection(reader, writer, self._reply, stall=self._stall)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
            self.dropped += connection.stalled
            self.refused += connection.refused

    def _has_room(self, peer: Peer) -> bool:
        own = peer.uid == os.geteuid()
        return len(self._connections) < self._most - (0 if own else min(OWN, self._most // 2))

    async def _turn_away(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.turned_away += 1
        if self._refusing >= REFUSING:
            writer.transport.abort()
            return
        self._refusing += 1
        try:
            full = TiercelError(
                f"there is no room: {_front_ends(len(self._connections))} at this sensor already",
                hint="close one of them",
            )
            await _refuse(reader, writer, full, self._stall)
        finally:
            self._refusing -= 1

    async def _reply(self, request: Request) -> Reply:
        if isinstance(request, Hello):
            return self._welcome
        try:
            return await self._answer(request)
        except TiercelError as error:
            return Failure(message=error.message, hint=error.hint)
        except Exception as error:  # noqa: BLE001 - whatever a handler does wrong, the sensor goes on watching
            _log.error("%s", "\n".join(scrub(line) for line in traceback.format_exc().splitlines()))
            return Failure(
                message=f"internal error: {type(error).__name__}: {error}", hint="please report it; detection goes on"
            )


def _front_ends(count: int) -> str:
    return "1 front end looks" if count == 1 else f"{count} front ends look"


async def refuse(connected: socket.socket, error: TiercelError) -> None:
    """Tell the front end at the other end of a connected socket why there is no sensor, instead of a welcome."""
    await _refuse(*await asyncio.open_unix_connection(sock=connected), error, STALL)


async def _refuse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, error: TiercelError, stall: float
) -> None:
    async def answer(_request: Request) -> Reply:
        return Failure(message=error.message, hint=error.hint)

    await Connection(reader, writer, answer, stall=stall).run()

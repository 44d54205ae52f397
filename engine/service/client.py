"""A front end's end of the protocol: ask and be answered, and be told when something changed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shlex
import socket
from collections.abc import Callable
from pathlib import Path
from typing import overload

import msgspec

from engine.errors import ProtocolError, TiercelError
from engine.invocation import command
from engine.protocol import (
    Acknowledge,
    AddException,
    Alerts,
    Around,
    Changes,
    Containers,
    Control,
    Done,
    Entry,
    Events,
    Explain,
    Failure,
    Figures,
    GetAlert,
    GetEntry,
    GetFigures,
    GetHealth,
    GetHistory,
    GetImage,
    GetInspection,
    GetLogs,
    GetRuleText,
    GetTop,
    HealthReply,
    Hello,
    HistoryReply,
    Image,
    Inspection,
    ListAlerts,
    ListAround,
    ListChanges,
    ListContainers,
    ListEvents,
    ListMoments,
    ListProcesses,
    ListResponses,
    ListRules,
    ListStacks,
    Locate,
    Located,
    Logs,
    Moments,
    OpenShell,
    Processes,
    Proposals,
    ProposeExceptions,
    Pulse,
    ReloadRules,
    Reply,
    Request,
    Respond,
    Responses,
    Rest,
    Rules,
    RuleText,
    SaveRules,
    SetRule,
    SetRules,
    SetState,
    Shell,
    Shutdown,
    Stacks,
    Top,
    Tried,
    TryRules,
    UndoException,
    Welcome,
    Why,
    Zoom,
)
from engine.service.frames import REPLY_LIMIT, FrameReader, to_frame
from engine.service.long_reading import reply_of
from engine.service.sockets import SOCKET, peer_uid

ANSWERS: dict[type, type] = {
    Hello: Welcome,
    ListStacks: Stacks,
    ListAlerts: Alerts,
    GetAlert: Alerts,
    ListContainers: Containers,
    ListProcesses: Processes,
    ListEvents: Events,
    ListAround: Around,
    GetEntry: Entry,
    ListChanges: Changes,
    ListRules: Rules,
    Explain: Why,
    ProposeExceptions: Proposals,
    AddException: Done,
    UndoException: Done,
    GetRuleText: RuleText,
    TryRules: Tried,
    SaveRules: Done,
    Locate: Located,
    ListMoments: Moments,
    ListResponses: Responses,
    Respond: Done,
    GetFigures: Figures,
    GetTop: Top,
    GetLogs: Logs,
    GetImage: Image,
    GetInspection: Inspection,
    OpenShell: Shell,
    GetHealth: HealthReply,
    GetHistory: HistoryReply,
    Acknowledge: Done,
    SetState: Done,
    SetRule: Done,
    SetRules: Done,
    Zoom: Done,
    ReloadRules: Done,
    Control: Done,
    Rest: Done,
    Shutdown: Done,
}
"""The reply that answers each request; a Failure can come instead."""


def start_on(path: Path) -> str:
    """What to do without a sensor to attach to."""
    return f"start one: {command('sensor' if str(path) == SOCKET else f'sensor --socket {shlex.quote(str(path))}')}"


_MAY_NOT = "it is for root and the members of the sensor's --group"


class SensorGone(TiercelError):  # noqa: N818 - a state of affairs, like asyncio.QueueEmpty
    """The connection to the sensor has ended, by its will or ours."""


class Client:
    """A connection to a sensor. Made by :meth:`connect` or :meth:`over`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, hint: str = "") -> None:
        self._frames = FrameReader(reader, REPLY_LIMIT)
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._hint = hint
        self._end: TiercelError | None = None
        self._reading = asyncio.create_task(self._read_replies())
        self.on_pulse: Callable[[Pulse], None] | None = None
        """Called in the loop for each pulse."""
        self.welcome = Welcome(version=0, hostname="", private=False)
        """What the sensor said at the start."""

    @classmethod
    async def connect(cls, path: Path) -> Client:
        """Connect to the sensor that listens on a path, run by root or by oneself."""
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.setblocking(False)
            await asyncio.get_running_loop().sock_connect(connected, str(path))
            _check_owner(connected, path)
        except OSError as error:
            connected.close()
            reason = error.strerror or str(error)
            hint = _MAY_NOT if isinstance(error, PermissionError) else start_on(path)
            raise SensorGone(f"no sensor answers on {path}: {reason}", hint=hint) from error
        except TiercelError:
            connected.close()
            raise
        return await cls.over(connected, hint=start_on(path))

    @classmethod
    async def over(cls, connected: socket.socket, *, hint: str = "") -> Client:
        """Use a connected socket, which the client closes in the end. ``hint`` says what to do when the sensor ends."""
        client = cls(*await asyncio.open_unix_connection(sock=connected), hint=hint)
        try:
            client.welcome = await client.ask(Hello())
        except BaseException:
            await client.close()
            raise
        return client

    @overload
    async def ask(self, request: Hello) -> Welcome: ...
    @overload
    async def ask(self, request: ListStacks) -> Stacks: ...
    @overload
    async def ask(self, request: ListAlerts | GetAlert) -> Alerts: ...
    @overload
    async def ask(self, request: ListContainers) -> Containers: ...
    @overload
    async def ask(self, request: ListProcesses) -> Processes: ...
    @overload
    async def ask(self, request: ListEvents) -> Events: ...
    @overload
    async def ask(self, request: ListAround) -> Around: ...
    @overload
    async def ask(self, request: GetEntry) -> Entry: ...
    @overload
    async def ask(self, request: ListChanges) -> Changes: ...
    @overload
    async def ask(self, request: ListRules) -> Rules: ...
    @overload
    async def ask(self, request: Explain) -> Why: ...
    @overload
    async def ask(self, request: ProposeExceptions) -> Proposals: ...
    @overload
    async def ask(self, request: ListResponses) -> Responses: ...
    @overload
    async def ask(self, request: GetFigures) -> Figures: ...
    @overload
    async def ask(self, request: GetTop) -> Top: ...
    @overload
    async def ask(self, request: GetLogs) -> Logs: ...
    @overload
    async def ask(self, request: GetImage) -> Image: ...
    @overload
    async def ask(self, request: GetInspection) -> Inspection: ...
    @overload
    async def ask(self, request: OpenShell) -> Shell: ...
    @overload
    async def ask(self, request: GetHealth) -> HealthReply: ...
    @overload
    async def ask(
        self,
        request: (
            Acknowledge
            | SetState
            | SetRule
            | SetRules
            | Zoom
            | ReloadRules
            | AddException
            | UndoException
            | Respond
            | Control
            | Rest
            | Shutdown
        ),
    ) -> Done: ...

    async def ask(self, request: Request) -> Reply:
        """The reply to a request; many may be on their way at once.

        Raises TiercelError with the sensor's reason when it cannot be done, SensorGone when the sensor is no more.
        """
        reply = await self._exchange(msgspec.structs.replace(request, id=next(self._ids)))
        if isinstance(reply, Failure):
            raise TiercelError(reply.message, hint=reply.hint)
        if type(reply) is not ANSWERS[type(request)]:
            raise ProtocolError(f"the sensor answered {type(request).__name__} with {type(reply).__name__}")
        return reply

    async def wait_closed(self) -> TiercelError:
        """Wait until the connection has ended, and say why."""
        await asyncio.wait([self._reading])
        return self._end or SensorGone("the connection was closed")

    async def close(self) -> None:
        """End the connection; requests on their way raise SensorGone."""
        self._reading.cancel()
        await asyncio.wait([self._reading])
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _exchange(self, request: Request) -> Reply:
        if self._end is not None:
            raise self._end
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[request.id] = future
        try:
            self._writer.write(to_frame(request))
            await self._drain()
            return await future
        finally:
            self._waiting.pop(request.id, None)

    async def _drain(self) -> None:
        """Why the connection ended is what the reading side found: its future is about to say it."""
        with contextlib.suppress(OSError):
            await self._writer.drain()

    async def _read_replies(self) -> None:
        end: TiercelError = SensorGone("the sensor has ended", hint=self._hint)
        try:
            while (body := await self._frames.read()) is not None:
                self._deliver(await reply_of(body))
        except ProtocolError as error:
            end = error
        except OSError:
            pass  # it ended before it had read all we sent
        except asyncio.CancelledError:
            end = SensorGone("the connection was closed")
        finally:
            self._finish(end)

    def _deliver(self, reply: Reply) -> None:
        if isinstance(reply, Pulse):
            if self.on_pulse is not None:  # not called from here: what it does wrong is not the connection's trouble
                asyncio.get_running_loop().call_soon(self.on_pulse, reply)
            return
        future = self._waiting.get(reply.id)  # None when who asked was cancelled meanwhile
        if future is not None and not future.done():
            future.set_result(reply)

    def _finish(self, end: TiercelError) -> None:
        self._end = end
        self._writer.close()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(end)


def _check_owner(connected: socket.socket, path: Path) -> None:
    """A stranger's program must not pose as the sensor."""
    uid = peer_uid(connected)
    if uid not in (0, os.geteuid()):
        raise TiercelError(
            f"what listens on {path} is run by user {uid}", hint="attach only to root's or your own sensor"
        )

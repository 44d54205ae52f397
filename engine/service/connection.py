"""One front end as the sensor sees it: requests in, replies and pulses out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import msgspec

from engine.errors import ProtocolError
from engine.protocol import VERSION, Done, Failure, Hello, Pulse, Reply, Request, Rest
from engine.scrub import scrub_struct
from engine.service.frames import REPLY_LIMIT, REQUEST_LIMIT, FrameReader, to_frame, to_request
from engine.service.long_replies import frame_of

IN_WORK = 16
"""Requests of one front end that are answered at the same time; more are not read off its socket."""


class Connection:
    """Serves one front end. At most :data:`IN_WORK` replies and one pulse wait for it, however slow it is: so one that
    rests costs no more, however long."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answer: Callable[[Request], Awaitable[Reply]],
        *,
        stall: float,
    ) -> None:
        self._frames = FrameReader(reader, REQUEST_LIMIT)
        self._writer = writer
        self._answer = answer
        self._stall = stall
        self._slots = asyncio.Semaphore(IN_WORK)
        self._turn = asyncio.Lock()
        self._pulse: Pulse | None = None
        self._has_pulse = asyncio.Event()
        self._reads = asyncio.Event()
        """It has not said that it rests."""
        self._reads.set()
        self._writing: asyncio.Timeout | None = None
        """How long it is still waited for that it reads what is under way."""
        self.stalled = False
        """It was dropped because it did not read."""
        self.refused = False
        """It did not speak our protocol, or another version of it."""

    async def run(self) -> None:
        """Serve until the front end has gone. What it does wrong ends this connection and nothing else."""
        try:
            if await self._greet():
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._send_pulses())
                    await self._read_requests(tasks)
        except* (ProtocolError, OSError) as errors:
            self.refused = errors.subgroup(ProtocolError) is not None
        finally:
            self.abort()

    def pulse(self, pulse: Pulse) -> None:
        """Send it when there is room. It replaces one that still waits, and keeps what only that one tells."""
        if (waiting := self._pulse) is not None:
            pulse = msgspec.structs.replace(
                pulse, health=pulse.health or waiting.health, reload=pulse.reload or waiting.reload
            )
        self._pulse = pulse
        self._has_pulse.set()

    def abort(self) -> None:
        """Cut the connection; what was not sent yet is dropped."""
        self._writer.transport.abort()

    async def _greet(self) -> bool:
        """Whether the first message is a Hello of our version, and welcome; anything else is told why it is not."""
        async with asyncio.timeout(self._stall):
            body = await self._frames.read()
        if body is None:
            return False
        hello = to_request(body)
        failure = _refusal(hello)
        self.refused = failure is not None
        reply = failure or await self._answer(hello)
        await self._send(reply, hello.id)
        if isinstance(reply, Failure):
            await self._hang_up()
            return False
        return True

    async def _hang_up(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._stall):
                await self._writer.wait_closed()

    async def _read_requests(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            await self._slots.acquire()
            body = await self._frames.read()
            if body is None:
                raise ConnectionResetError("the front end has gone")  # ends what is still in work for it
            tasks.create_task(self._handle(to_request(body)))

    async def _handle(self, request: Request) -> None:
        try:
            reply = self._rest(request) if isinstance(request, Rest) else await self._answer(request)
            await self._send(reply, request.id)
        finally:
            self._slots.release()

    def _rest(self, request: Rest) -> Reply:
        if request.on:
            self._reads.clear()
        else:
            self._reads.set()
        if self._writing is not None and not self._writing.expired():
            self._writing.reschedule(self._deadline())
        return Done()

    def _deadline(self) -> float | None:
        return asyncio.get_running_loop().time() + self._stall if self._reads.is_set() else None

    async def _send_pulses(self) -> None:
        while True:
            await self._has_pulse.wait()
            await self._reads.wait()
            async with self._turn:
                self._has_pulse.clear()
                pulse, self._pulse = self._pulse, None
                if pulse is not None:
                    await self._write(to_frame(scrub_struct(pulse)))

    async def _send(self, reply: Reply, request_id: int) -> None:
        frame = await frame_of(msgspec.structs.replace(reply, id=request_id))
        if sum(map(len, frame)) > REPLY_LIMIT:
            frame = [to_frame(Failure(id=request_id, message="the answer is too long", hint="ask for a smaller page"))]
        frame.reverse()
        async with self._turn:
            while frame:
                await self._write(frame.pop())

    async def _write(self, piece: bytes) -> None:
        self._writer.write(piece)
        try:
            async with asyncio.timeout_at(self._deadline()) as self._writing:
                await self._writer.drain()
        except TimeoutError:
            self.stalled = True
            raise  # a TimeoutError is an OSError: run() ends
        finally:
            self._writing = None


def _refusal(first: Request) -> Failure | None:
    if not isinstance(first, Hello):
        return Failure(message="the first message must be a Hello")
    if first.version == VERSION:
        return None
    return Failure(
        message=f"the sensor speaks version {VERSION} of the protocol, the front end version {first.version}",
        hint="use the same version of Tiercel at both ends",
    )

"""A receiver of alerts on 127.0.0.1, as falcosidekick is one: it really listens, and answers as it is told."""

from __future__ import annotations

import asyncio
import json
import re
from types import TracebackType


class Receiver:
    """Takes POSTs. ``answers`` are the next statuses (200 when used up); ``raw`` is said instead of any answer."""

    def __init__(self) -> None:
        self.rules: list[str] = []
        """The rules of the alerts it took with 200."""
        self.heads: list[str] = []
        self.answers: list[int] = []
        self.raw = b""
        self.connections = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Receiver:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._server.close()
        await self.cut()

    def url(self, path: str = "/") -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{path}"

    async def cut(self) -> None:
        """Close all connections."""
        for writer in list(self._writers):
            writer.transport.abort()
        while self._writers:
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side has gone
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"(?i)content-length: (\d+)", head)
        assert length is not None
        body = json.loads(await reader.readexactly(int(length[1])))
        status = self.answers.pop(0) if self.answers else 200
        self.heads.append(head)
        if status == 200:
            self.rules.append(body["rule"])
        writer.write(self.raw or f"HTTP/1.1 {status} Said\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        await writer.drain()

"""The logs of containers, read while a front end looks at them and not longer.

A reader follows one container: it holds the latest lines in bounded memory, and its pages are fetched by number. It
ends when nobody has asked for a while. A container that writes without end is read at a bounded pace: Docker then
waits for us, and the container for neither of us.
"""

from __future__ import annotations

import asyncio
import time as clock
from collections import deque
from collections.abc import Callable, Iterable

from engine.errors import TiercelError
from engine.protocol import GetLogs, LogLine, Logs
from probes.docker.api import connected
from probes.docker.failures import calling
from probes.docker.log_lines import LogParser, Written

TAIL = 1000
"""Lines of before that a reader begins with."""
KEPT_LINES = 5000
KEPT_CHARACTERS = 4 << 20
"""What a reader holds at most."""
MOST_AT_ONCE = 1000
"""Lines in one answer, …"""
MOST_CHARACTERS = 1 << 20
"""… and their characters."""
IDLE = 10.0
"""Seconds after which nobody looks any more."""
AGAIN = 3.0
"""Seconds after the end of a container until somebody who asks again makes us look whether it has begun anew."""
MOST_READERS = 8
PACE = 2 << 20
"""Bytes a second read from one container."""
_CHUNK = 1 << 16
_FIRST_WORD = 1.0
"""Seconds that the first answer waits for the first line, so that it is not empty."""


class LogReader:
    """Follows one container. ``number`` tells it from the readers before it."""

    def __init__(self, url: str | None, container_id: str, number: int) -> None:
        self._url = url
        self._container_id = container_id
        self.number = number
        self.asked = clock.monotonic()
        """When somebody last asked."""
        self._lines: deque[LogLine] = deque()
        self._characters = 0
        self._newest = 0
        self._end = ""
        self._hint = ""
        self._failed = False
        self._over = 0.0
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def page(self, request: GetLogs) -> Logs:
        """The lines behind one. Raises TiercelError when it could not be read at all."""
        self.asked = clock.monotonic()
        if not self._newest and not self._end:
            await self._first_word()
        if self._failed and not self._newest:
            raise TiercelError(self._end, hint=self._hint)
        after = request.after if request.stream == self.number else 0
        oldest = self._lines[0].number if self._lines else self._newest + 1
        rows = _bounded([line for line in self._lines if line.number > after], min(request.limit, MOST_AT_ONCE))
        missed = max(0, oldest - after - 1)
        last = not rows or rows[-1].number == self._newest
        return Logs(stream=self.number, rows=rows, dropped=missed, end=self._end if last else "")

    def is_over(self, request: GetLogs) -> bool:
        """Whether it ended a while ago, and whoever asks has had all of it."""
        has_all = request.stream == self.number and request.after >= self._newest
        return self.task.done() and has_all and clock.monotonic() - self._over > AGAIN

    async def _first_word(self) -> None:
        try:
            async with asyncio.timeout(_FIRST_WORD):
                await self._news.wait()
        except TimeoutError:
            return

    def take(self, written: Written) -> None:
        """One more line; the oldest go when there are too many."""
        time, text, error = written
        self._newest += 1
        self._lines.append(LogLine(self._newest, time, text, error))
        self._characters += len(text)
        while len(self._lines) > KEPT_LINES or self._characters > KEPT_CHARACTERS:
            self._characters -= len(self._lines.popleft().text)

    async def _run(self) -> None:
        try:
            await self._follow()
            self._end = self._end or "the container has ended"
        except TiercelError as error:
            self._failed, self._end, self._hint = True, error.message, error.hint
        finally:
            self._over = clock.monotonic()
            self._news.set()

    async def _follow(self) -> None:
        async with connected(self._url) as docker:
            with calling("Docker gives no logs"):
                about = await docker.containers.container(self._container_id).show()
                parser = LogParser(terminal=bool(about["Config"]["Tty"]))
                wanted = {"stdout": 1, "stderr": 1, "follow": 1, "timestamps": 1, "tail": TAIL}
                # aiodocker's own method does not tell the streams apart
                query = docker._query(f"containers/{self._container_id}/logs", params=wanted, timeout=None)
                async with query as response:
                    while data := await response.content.read(_CHUNK):
                        self._feed(parser.feed(data))
                        await asyncio.sleep(len(data) / PACE)
                self._feed(parser.rest())

    def _feed(self, lines: Iterable[Written]) -> None:
        for line in lines:
            self.take(line)
        if self._newest:
            self._news.set()


class LogReaders:
    """The readers by container, at most :data:`MOST_READERS`; ``make`` begins one."""

    def __init__(self, url: str | None, make: Callable[[str | None, str, int], LogReader] = LogReader) -> None:
        self._url = url
        self._make = make
        self._readers: dict[str, LogReader] = {}
        self._count = 0
        self._tidying: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self._readers)

    async def page(self, request: GetLogs) -> Logs:
        """A page of a container's logs. Raises TiercelError with Docker's reason."""
        reader = self._readers.get(request.container_id)
        if reader is not None and reader.is_over(request):
            self._stop(request.container_id)  # it may have been started again since
            reader = None
        if reader is None:
            reader = self._begin(request.container_id)
        try:
            return await reader.page(request)
        except TiercelError:
            self._stop(request.container_id)
            raise

    def _begin(self, container_id: str) -> LogReader:
        if len(self._readers) >= MOST_READERS:
            self._stop(min(self._readers, key=lambda one: self._readers[one].asked))
        self._count += 1
        reader = self._readers[container_id] = self._make(self._url, container_id, self._count)
        if self._tidying is None or self._tidying.done():
            self._tidying = asyncio.create_task(self._tidy())
        return reader

    def _stop(self, container_id: str) -> None:
        if (reader := self._readers.pop(container_id, None)) is not None:
            reader.task.cancel()

    async def _tidy(self) -> None:
        """End those that nobody looks at, until none is left."""
        while self._readers:
            await asyncio.sleep(IDLE / 4)
            self.end_idle(clock.monotonic())

    def end_idle(self, now: float) -> None:
        """End the readers that nobody has asked for a while."""
        for container_id in [one for one, reader in self._readers.items() if now - reader.asked > IDLE]:
            self._stop(container_id)


def _bounded(lines: list[LogLine], most: int) -> list[LogLine]:
    """As many of the first as go into one answer."""
    room = MOST_CHARACTERS
    rows: list[LogLine] = []
    for line in lines[:most]:
        room -= len(line.text)
        if room < 0 and rows:
            break
        rows.append(line)
    return rows

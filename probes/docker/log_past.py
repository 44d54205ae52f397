"""What a container had written by a time: the last lines until then, read once, and nothing that follows.

Docker counts its last lines from the end of the log, whatever time is asked for. So where many lines follow that time,
stretches of time that end there are read, one longer than the other, until one has enough lines.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from engine.protocol import LogLine, Logs
from probes.docker.log_lines import LogParser, Written
from probes.docker.logs import MOST_AT_ONCE, MOST_CHARACTERS
from probes.docker.responses import asking

if TYPE_CHECKING:
    from aiodocker import Docker

STRETCHES = (60, 3600, 86_400)
"""Seconds before the time that are looked through, one after the other."""
LONGEST = 16 << 20
"""Bytes read of one stretch."""
PATIENCE = 20.0
"""Seconds for all of it."""
CUT = "more was written in that minute than is read"
LONG = "older lines are left out: these are long"
OLDER = "lines of more than a day before are not read"
_CHUNK = 1 << 16


class Latest:
    """The last lines of those taken, in bounded memory."""

    def __init__(self, most: int) -> None:
        self._most = max(1, min(most, MOST_AT_ONCE))
        self.lines: deque[Written] = deque()
        self.cut = False
        """There was more than is read: the last lines are missing."""
        self.note = ""
        """Why these are not all."""
        self.is_full = False
        """There may be more before them."""
        self._characters = 0

    def take(self, lines: Iterable[Written]) -> None:
        """More lines; the oldest go when there are too many."""
        for line in lines:
            self.lines.append(line)
            self._characters += len(line[1])
            while len(self.lines) > self._most or self._characters > MOST_CHARACTERS:
                self.note = LONG if self._characters > MOST_CHARACTERS else self.note
                self._characters -= len(self.lines.popleft()[1])
                self.is_full = True
            self.is_full |= len(self.lines) == self._most


class LogPast:
    """A container's log, asked for once."""

    def __init__(self, docker: Docker, container_id: str, *, terminal: bool) -> None:
        self._docker = docker
        self._container_id = container_id
        self._terminal = terminal

    async def until(self, until: int, most: int) -> Latest:
        """The last lines written until then."""
        latest = await self._read(most, {"tail": min(most, MOST_AT_ONCE)})
        if not latest.is_full or not latest.lines or latest.lines[-1][0] <= until:
            return _until(latest, until)
        found = Latest(most)
        for seconds in STRETCHES:
            longer = await self._read(most, {"since": _stamp(until - seconds * 10**9), "until": _stamp(until)})
            if not longer.cut or not found.lines:
                found = longer
            if longer.cut or found.is_full:
                break
        found.note = CUT if found.cut else found.note if found.is_full else OLDER
        return _until(found, until)

    async def _read(self, most: int, wanted: Mapping[str, int | str]) -> Latest:
        latest, parser, left = Latest(most), LogParser(terminal=self._terminal), LONGEST
        params: dict[str, int | str] = {"stdout": 1, "stderr": 1, "timestamps": 1, **wanted}
        # aiodocker's own method does not tell the streams apart
        query = self._docker._query(f"containers/{self._container_id}/logs", params=params, timeout=None)
        async with query as response:
            while data := await response.content.read(_CHUNK):
                latest.take(parser.feed(data))
                left -= len(data)
                if left <= 0:
                    latest.cut = True
                    return latest
        latest.take(parser.rest())
        return latest


async def written_until(url: str | None, container_id: str, until: int, most: int) -> Logs:
    """The last ``most`` lines that a container had written by a time, at most. Raises TiercelError."""
    async with asking(url, "Docker gives no logs", PATIENCE) as docker:
        about = await docker.containers.container(container_id).show()
        latest = await LogPast(docker, container_id, terminal=bool(about["Config"]["Tty"])).until(until, most)
    rows = [LogLine(number, *line) for number, line in enumerate(latest.lines, 1)]
    return Logs(stream=0, rows=rows, end=latest.note)


def _until(found: Latest, until: int) -> Latest:
    found.lines = deque(line for line in found.lines if line[0] <= until)
    return found


def _stamp(time: int) -> str:
    """A time as Docker takes it: seconds, with nanoseconds behind the point."""
    return f"{max(0, time) // 10**9}.{max(0, time) % 10**9:09}"

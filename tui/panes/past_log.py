"""What a container had written by a time that is looked at. Some of what follows is fetched with it, so that a step on
asks nobody."""

from __future__ import annotations

from bisect import bisect_right

from engine.protocol import GetLogs, LogLine, Logs
from tui.front import Front
from tui.words import SECOND

AHEAD = 60 * SECOND
LINES = 1000
"""Asked for at a time."""


class PastLog:
    """The lines of one container around a time."""

    def __init__(self, container_id: str) -> None:
        self._container_id = container_id
        self._rows: list[LogLine] = []
        self._until = 0
        self._is_whole = False
        """Nothing was written before the first of them."""
        self.note = ""
        """Why there are not more lines."""

    async def at(self, front: Front, at: int) -> list[LogLine]:
        """Those written until then. Raises what :meth:`Front.ask` raises."""
        if not self._covers(at):
            await self._fetch(front, at + AHEAD)
        if not self._covers(at):  # too much was written since
            await self._fetch(front, at)
        return self._rows[: bisect_right(self._rows, at, key=lambda row: row.time)]

    def _covers(self, at: int) -> bool:
        return at <= self._until and (self._is_whole or bool(self._rows and self._rows[0].time <= at))

    async def _fetch(self, front: Front, until: int) -> None:
        end = front.travel.moments.end
        until = min(until, end) if end else until  # what is written later is not there yet
        page = await front.ask(GetLogs(self._container_id, until=until, limit=LINES), Logs)
        self._rows, self._until, self.note = page.rows, until, page.end
        self._is_whole = len(page.rows) < LINES and not page.end

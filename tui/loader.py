"""Loading what a pane shows: one request at a time, and once more if something changed meanwhile.

A sensor that answers slowly is so asked less often, never more; and keys never wait: while somebody types, what the
sensor pushes is looked at every other second.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from textual.widget import Widget

from tui.workers import start

_REST = 4
"""Times as long as a load takes the next one for a pulse is away: what takes long is done less often."""
CALM = 0.3
"""Seconds after a key within which another is to be expected, and nothing is loaded for a pulse, …"""
LONGEST = 2.0
"""… but for once in so many."""


def can_wait(now: float, pressed: float, last: float) -> bool:
    """Whether what no key has asked for can wait: somebody types, and it was done at ``last``, a moment ago."""
    return now - pressed < CALM and now - last < LONGEST


class Loader:
    """Runs ``load`` for a widget. ``pace`` is the shortest time, in seconds, between two loads for pulses; ``pressed``
    gives the monotonic time of the latest key."""

    def __init__(
        self,
        owner: Widget,
        load: Callable[[], Awaitable[None]],
        pace: float = 0.0,
        pressed: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._owner = owner
        self._load = load
        self._pace = pace
        self._pressed = pressed
        self._wanted = False
        self._running = False
        self._waiting = False
        self._last = 0.0
        self._took = 0.0
        """Seconds that the last load took."""

    def now(self) -> None:
        """Load as soon as the load that is on its way is over."""
        self._wanted = True
        if not self._running and self._owner.is_attached:
            self._running = True
            start(self._owner, self._run, group="load")

    def soon(self) -> None:
        """Load, but not sooner than the pace, and who types, allows."""
        wait = self._due_at() - time.monotonic()
        if wait <= 0:
            self.now()
        elif not self._waiting:
            self._waiting = True
            self._owner.set_timer(wait, self._due)

    def _due_at(self) -> float:
        earliest = self._last + max(self._pace, _REST * self._took)
        return max(earliest, min(self._pressed() + CALM, self._last + LONGEST))

    def _due(self) -> None:
        self._waiting = False
        self.soon()

    async def _run(self) -> None:
        try:
            while self._wanted:
                self._wanted = False
                self._last = time.monotonic()
                await self._load()
                self._took = time.monotonic() - self._last
        finally:
            self._running = False

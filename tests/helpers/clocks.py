"""Clocks of the tests: the local time of this process, and seconds that pass when they are told to."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

BEGIN = 1000.0
"""Seconds of a clock that stands still, …"""
WALL = 1_790_000_000_000_000_000
"""… and the wall clock then."""


@contextmanager
def timezone(name: str) -> Iterator[None]:
    """Local time is that of a place (``UTC``, ``CET-1``, ``Europe/Berlin``)."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


class StillClock:
    """Seconds that pass only by :meth:`forward`."""

    def __init__(self) -> None:
        self._seconds = BEGIN

    def __call__(self) -> float:
        return self._seconds

    def wall(self) -> int:
        """The wall clock by it, in nanoseconds since the epoch."""
        return WALL + round((self._seconds - BEGIN) * 10**9)

    def forward(self, seconds: float) -> None:
        """So many have passed."""
        self._seconds += seconds

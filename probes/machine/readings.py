"""Counters that only grow, read now and then: two readings make a rate."""

from __future__ import annotations

import asyncio
from typing import Generic, NamedTuple, TypeVar

STALE = 15.0
"""Seconds after which a reading is too old to make a rate of: it would be the average of a time nobody looked at."""
LEAST = 0.5
"""Seconds between two readings of which a rate is made: the kernel counts in hundredths, and of a shorter time these
would say nothing, or everything."""
_MANY = 500
"""Entries looked at between two breaths: less than a millisecond."""
Key = TypeVar("Key")
Rates = list[float | None]


class _Last(NamedTuple):
    """A reading, and what it came to."""

    time: float
    counters: tuple[int | None, ...]
    rates: Rates


class Readings(Generic[Key]):
    """The counters of the last reading, by who they belong to."""

    def __init__(self) -> None:
        self._last: dict[Key, _Last] = {}
        self.stale = STALE

    def rates(self, key: Key, now: float, counters: tuple[int | None, ...]) -> Rates:
        """By how much each has grown a second since the reading before; None where that cannot be told. Who asks again
        a moment later is told the same."""
        before = self._last.get(key)
        if before is not None and 0 <= now - before.time < LEAST:
            return before.rates
        rates: Rates = [None] * len(counters)
        if before is not None and 0 < now - before.time <= self.stale:
            seconds = now - before.time
            rates = [_rate(new, old, seconds) for new, old in zip(counters, before.counters, strict=True)]
        self._last[key] = _Last(now, counters, rates)
        return rates

    def __contains__(self, key: Key) -> bool:
        return key in self._last

    def __len__(self) -> int:
        return len(self._last)

    async def forget(self, now: float) -> None:
        """What is too old to make a rate of: nobody looks at it any more."""
        for number, key in enumerate(list(self._last), 1):
            if (last := self._last.get(key)) is not None and now - last.time > self.stale:
                del self._last[key]
            if number % _MANY == 0:
                await asyncio.sleep(0)


def _rate(new: int | None, old: int | None, seconds: float) -> float | None:
    return None if new is None or old is None or new < old else (new - old) / seconds

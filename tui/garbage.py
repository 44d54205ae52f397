"""Python's garbage collector, kept from holding up keys.

A place that is left is a circle of some 15,000 objects, which only the collector finds: it takes 30 ms to look through
them, and 100 to look through everything, as it would do with every other key. So that is done behind the key that
leaves a place, or when somebody makes a pause and there is enough to be found, and what stays is not looked at again
each time: ten thousand rows would take a third of a second.
"""

from __future__ import annotations

import gc

from textual._styles_cache import StylesCache

_SELDOM = (20_000, 5, 1_000_000)
"""A page of a list is a thousand objects, and as many circles: with the 700 that are usual most would be taken for old
while they are shown, and be left for when all is looked through. That is done only when it is said."""
GLANCE = 0.1
"""Seconds after a key that leads back within which no other is expected."""
CALM = 0.3
"""Seconds after a key from which on nobody waits."""
LONGEST = 20.0
"""Seconds until it is done all the same, for who makes no pause: some megabytes lie about by then, …"""
RARELY = 60.0
"""… and for who does nothing: then really through everything."""
_SETTLED = 1.0
"""Seconds after which a place that was left is gone."""
WORTH = 1
"""Collections of the young (not the youngest) after which there is enough to be found: each comes behind 100,000
objects more than before. Who presses a key every second would else meet it at each."""


class Garbage:
    """When to look for it. Times are seconds of a clock that never goes back. ``home``: no place is open, so that what
    is there will stay. It waits for ``worth`` collections of the young."""

    def __init__(self, worth: int = WORTH) -> None:
        gc.set_threshold(*_SELDOM)
        self._worth = worth
        self._last = 0.0
        self._young = _young()
        """Collections of them by then."""
        self._away = 0.0
        """When a place was open last."""

    def look(self, now: float, pressed: float, *, home: bool) -> bool:
        """To be called every second, with the time of the latest key; whether it was done."""
        self._away = self._away if home else now
        if pressed > self._last:
            due = self._is_worth_it() and (now - pressed > CALM or now - self._last > LONGEST)
        else:
            due = now - self._last > RARELY
            if due:
                gc.unfreeze()  # what was there for long may be garbage, too
        if due:
            self._collect(now)
            if now - self._away > _SETTLED:
                gc.freeze()
        return due

    def left(self, now: float, pressed: float) -> bool:
        """A place was left a moment ago; whether it was done."""
        self._away = now
        if now - pressed < GLANCE:
            return False  # somebody is in a hurry
        self._collect(now)
        return True

    def _is_worth_it(self) -> bool:
        return _young() - self._young >= self._worth

    def _collect(self, now: float) -> None:
        self._last = now
        # It has each widget's lines for a key, and so keeps those of a thousand widgets that are gone.
        StylesCache.get_inner_outer.cache_clear()
        gc.collect()
        self._young = _young()


def _young() -> int:
    """How often the young were collected so far."""
    return int(gc.get_stats()[1]["collections"])

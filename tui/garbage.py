"""Python's garbage collector, kept from holding up keys.

A place that is left is a circle of widgets, which only the collector finds: to look through everything takes 50 to
100 ms, and it would do so with every other key. So that is done when somebody makes a pause. What is there soon after
the start, and stays, is never looked at again.
"""

from __future__ import annotations

import gc

_SELDOM = (700, 10, 1_000_000)
"""The young are collected as ever, all of them only when it is said."""
CALM = 0.7
"""Seconds after a key from which on nobody waits."""
LONGEST = 10.0
"""Seconds until it is done all the same, for who makes no pause, …"""
RARELY = 60.0
"""… and for who does nothing."""


class Garbage:
    """When to look through everything. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        gc.set_threshold(*_SELDOM)
        self._last = 0.0

    def look(self, now: float, pressed: float) -> bool:
        """To be called every second, with the time of the latest key; whether it was done."""
        if not self._is_due(now, pressed):
            return False
        is_first, self._last = not self._last, now
        gc.collect()
        if is_first:
            gc.freeze()
        return True

    def _is_due(self, now: float, pressed: float) -> bool:
        if pressed > self._last:
            return now - pressed > CALM or now - self._last > LONGEST
        return now - self._last > RARELY or not self._last

"""The time of the inputs, on two scales.

*Wall* time is what people read, and it can be set back. What has to be in order (which event is older, how long
something has waited) goes by the *moment*: nanoseconds since boot, which never go back. Only kernel events carry both;
they tell how far the scales are apart. A recording from before there were moments has wall time on both scales.

Live, time goes on between two inputs, also while the machine is suspended; in a replay only the recording moves it.
"""

from __future__ import annotations

import time as clock

from engine.events import KernelEvent, Snapshot


def moment_of(item: KernelEvent | Snapshot) -> int:
    """When it was, on the scale that never goes back."""
    return item.since_boot or item.time


_SINCE_BOOT = getattr(clock, "CLOCK_BOOTTIME", clock.CLOCK_MONOTONIC)
"""Counts suspension, as the kernel's events do; only Linux has it."""


def since_boot() -> int:
    """The present moment of this machine."""
    return clock.clock_gettime_ns(_SINCE_BOOT)


class Clock:
    """The present as the inputs have it."""

    def __init__(self) -> None:
        self.replaying = False
        self._moment = 0
        self._at = 0
        """The wall time of that moment."""
        self._ticked = since_boot()
        """When it was reached, by this machine's clock; 0 as long as nobody has looked."""

    def note(self, event: KernelEvent) -> int:
        """An event happened; gives the moment up to which the inputs have come."""
        moment = event.since_boot or event.time
        if moment > self._moment:
            self._moment, self._at, self._ticked = moment, event.time, 0
        return self._moment

    def tick(self) -> None:
        """The inputs have come up to now: called once for many events, as a look at the clock takes time."""
        if not self._ticked:
            self._ticked = since_boot()

    @property
    def latest(self) -> int:
        """The moment up to which the inputs have come."""
        return self._moment

    @property
    def moment(self) -> int:
        """The present moment."""
        self.tick()
        return self._moment if self.replaying else self._moment + since_boot() - self._ticked

    @property
    def _offset(self) -> int:
        return self._at - self._moment

    @property
    def wall(self) -> int:
        """The present in nanoseconds since the epoch."""
        return self._moment + self._offset if self.replaying else clock.time_ns()

    def moment_at(self, wall: int) -> int:
        """The moment of a wall time between the latest event and now, whatever the wall clock has been set to since."""
        return min(max(wall - self._offset, self._moment), self.moment)

    def wall_at(self, moment: int) -> int:
        """The wall time of a moment."""
        return moment + self._offset

"""What is done beside the reading of the ring, and may fail: looks at what was lost, what the kernel is told.

A map that cannot be read now costs this look and not the watch: it is counted, told once until it works again, and
tried again with the next. Only of the ring this has an end: who cannot read it sees nothing, and must not look well.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from engine.contracts import Emit
from engine.errors import SourceError
from engine.events import Input, Loss
from probes.kernel.losses import Losses, added
from probes.kernel.slices import in_slices
from probes.machine.snapshots import Snapshots

T = TypeVar("T")

LOOK_PERIOD = 1.0
"""Seconds between two looks at what was lost."""
BLIND_SECONDS = 5.0
"""How long the ring may refuse to be read, with nothing read in between, until the watch has failed."""
UNREADABLE = "the ring cannot be read"
UNDELIVERED = "not taken by the sensor"
"""The cause of a loss: a bug behind the reader."""
_GOES_ON = "it is tried again and again; detection goes on"
_COUNTED = "they are counted as lost; please report it"
_WAITS = f"events wait in the ring; it is tried again for {BLIND_SECONDS:.0f} seconds"


class Upkeep:
    """Does it, each on its own. ``now`` tells the seconds."""

    def __init__(self, snapshots: Snapshots, now: Callable[[], float] = time.monotonic) -> None:
        self._snapshots = snapshots
        self._now = now
        self._blind_since: float | None = None
        """When the ring refused to be read for the first time since it was read last."""
        self._undelivered = 0
        """Inputs that were not taken, and of which that is not told yet."""
        self._untold: deque[Loss] = deque()
        """What was found lost, and is not told yet."""
        self._next_look = 0.0
        self._failing: set[str] = set()
        self.failed = 0
        """How often something failed so far."""
        self.report: Callable[[str, str], None] = lambda _what, _hint: None
        """Told what fails, once until it works again."""

    @contextmanager
    def attempt(self, what: str, hint: str = _GOES_ON) -> Iterator[None]:
        """Whatever goes wrong inside ends there; ``what`` is said to be so then."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - also a bug of ours must not end the watch
            self.fail(what, error, hint)
        else:
            self._failing.discard(what)

    def tried(self, what: str, look: Callable[[], T], default: T) -> T:
        """What a look says; ``default`` where it fails."""
        with self.attempt(f"what was counted cannot be shown ({what})"):
            return look()
        return default

    def read(self, drain: Callable[[int], list[bytes]], limit: int) -> list[bytes] | None:
        """What a reader gives; None when it fails, which loses nothing. Raises SourceError when it does for long."""
        try:
            records = drain(limit)
        except Exception as error:  # noqa: BLE001 - as above
            self.fail(UNREADABLE, error, _WAITS)
            self._end_if_blind(error)
            return None
        if self._blind_since is not None:
            self._blind_since = None
            self._failing.discard(UNREADABLE)
        return records

    def _end_if_blind(self, error: Exception) -> None:
        now = self._now()
        if self._blind_since is None:
            self._blind_since = now
        if now - self._blind_since >= BLIND_SECONDS:
            raise SourceError(
                f"{UNREADABLE}: {_reason(error)}", hint="nothing is seen any more; start the sensor anew"
            ) from error

    def deliver(self, emit: Emit, inputs: Sequence[Input]) -> None:
        """Emit; what fails behind costs these inputs, which are counted as lost."""
        with self.attempt("events are not taken by the sensor", _COUNTED):
            emit(inputs)
            inputs = ()
        self.drop(emit, len(inputs))

    def deliver_until(
        self, end: float, emit: Emit, parts: Sequence[list[bytes]], inputs_of: Callable[[list[bytes]], Sequence[Input]]
    ) -> None:
        """Emit what these parts hold; those for which there is no time, by time.monotonic(), are counted as lost."""
        left = deque(parts)
        while left and self._now() < end:
            self.deliver(emit, inputs_of(left.popleft()))
        self.drop(emit, sum(map(len, left)))

    def drop(self, emit: Emit, number: int) -> None:
        """So many inputs are lost on the way; that is told, at once or with the next."""
        self._undelivered += number
        if self._undelivered:
            with self.attempt("a loss is not taken by the sensor"):
                emit([Loss(time=time.time_ns(), count=self._undelivered, cause=UNDELIVERED)])
                self._undelivered = 0

    def fail(self, what: str, error: Exception, hint: str = _GOES_ON) -> None:
        """Count a failure, and tell of it once."""
        self.failed += 1
        if what not in self._failing:
            self.report(f"{what}: {_reason(error)}", hint)
        self._failing.add(what)

    async def look(self, losses: Losses, emit: Emit) -> None:
        """Tell what was lost, once a second."""
        if self._now() < self._next_look:
            return
        self._next_look = self._now() + LOOK_PERIOD
        with self.attempt("what was lost cannot be read"):
            self._untold = deque(added(self._untold, await in_slices(losses.read(time.time_ns()))))
        if self._untold:
            with self.attempt("a loss is not taken by the sensor"):
                self._tell(emit)
        with self.attempt("the counters of events cannot be read"):
            if losses.of_state():
                self._snapshots.want()

    def _tell(self, emit: Emit) -> None:
        """Each on its own: of several it would not be known which were taken when that fails. One that is not taken
        comes behind the others the next time."""
        while self._untold:
            self._untold.rotate(-1)
            emit([self._untold[-1]])
            self._untold.pop()


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else repr(error)

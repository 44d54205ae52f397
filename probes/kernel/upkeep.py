"""What is done beside the reading of the ring, and may fail: looks at what was lost, what the kernel is told.

A map that cannot be read now costs this look and not the watch: it is counted, told once until it works again, and
tried again with the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from engine.contracts import Emit
from probes.kernel.losses import Losses
from probes.kernel.slices import in_slices
from probes.machine.snapshots import Snapshots

T = TypeVar("T")

LOOK_PERIOD = 1.0
"""Seconds between two looks at what was lost."""


class Upkeep:
    """Does it, each on its own."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._next_look = 0.0
        self._failing: set[str] = set()
        self.failed = 0
        """How often something failed so far."""
        self.report: Callable[[str, str], None] = lambda _what, _hint: None
        """Told what fails, once until it works again."""

    @contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """Whatever goes wrong inside ends there; ``what`` is said to be so then."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - also a bug of ours must not end the watch
            self.fail(what, error)
        else:
            self._failing.discard(what)

    def tried(self, what: str, look: Callable[[], T], default: T) -> T:
        """What a look says; ``default`` where it fails."""
        with self.attempt(f"what was counted cannot be shown ({what})"):
            return look()
        return default

    def fail(self, what: str, error: Exception) -> None:
        """Count a failure, and tell of it once."""
        self.failed += 1
        if what not in self._failing:
            self.report(f"{what}: {_reason(error)}", "it is tried again and again; detection goes on")
        self._failing.add(what)

    async def look(self, losses: Losses, emit: Emit) -> None:
        """Tell what was lost, once a second."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_PERIOD
        with self.attempt("what was lost cannot be read"):
            if found := await in_slices(losses.read(time.time_ns())):
                emit(found)
        with self.attempt("the counters of events cannot be read"):
            if losses.of_state():
                self._snapshots.want()


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else repr(error)

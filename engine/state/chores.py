"""Work on all of the state, done in slices: a look at a hundred thousand processes takes long, and events do not wait.

A chore is an iterator that has done a little more after each step. Between two steps anything may have happened, so it
decides about each entry at the moment at which it comes to it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from itertools import islice

SLICE_SECONDS = 0.002
"""How long chores are worked on at once."""
_STEPS = 64
"""Steps between two looks at the clock."""


class Chores:
    """Chores in their order."""

    def __init__(self) -> None:
        self._chores: deque[Iterator[None]] = deque()

    def __len__(self) -> int:
        return len(self._chores)

    def __contains__(self, chore: object) -> bool:
        return chore in self._chores

    def add(self, chore: Iterator[None]) -> None:
        """Do ``chore`` after all others."""
        self._chores.append(chore)

    def work(self, seconds: float = SLICE_SECONDS) -> bool:
        """Go on for about so long. Returns whether there is more to do. A chore that fails is given up."""
        end = time.monotonic() + seconds
        while self._chores:
            chore = self._chores.popleft()
            if sum(1 for _ in islice(chore, _STEPS)) == _STEPS:
                self._chores.appendleft(chore)
            if time.monotonic() >= end:
                break
        return bool(self._chores)

    def finish(self) -> None:
        """Do all there is to do now."""
        while self.work():
            pass

"""How many came since a list stands still, of which only the latest are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class Count:
    """By one filter. What was counted stays so, though it may be remembered nowhere any more."""

    newest: int
    """The number of the latest that is counted, or stood there before."""
    number: int = 0
    is_least: bool = False
    """Whether more may have come in between than are told of."""

    def add(self, numbers: Iterable[int], most: int) -> None:
        """Those that are told now, so many at most at once."""
        told = list(numbers)
        new = [number for number in told if number > self.newest]
        gaps = sum(number < 0 for number in told)
        self.is_least |= len(told) >= most and len(new) + gaps == len(told)
        self.number += len(new)
        self.newest = max(new, default=self.newest)


class Waiting:
    """Since a list stands still, by filter; it begins anew with each time it does."""

    def __init__(self) -> None:
        self._counts: dict[str, Count] = {}

    def add(self, sought: str, shown: int, numbers: Iterable[int], most: int) -> None:
        """The latest by a filter are these, ``most`` at most; up to ``shown`` they stood there before."""
        self._counts.setdefault(sought, Count(shown)).add(numbers, most)

    def by(self, sought: str) -> Count:
        """Those that pass a filter."""
        return self._counts.get(sought) or Count(0)

"""The few pages of a long list that the screen has in hand."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")

PAGE = 100
"""Rows asked for at a time: more than any terminal shows."""
KEPT = 6
"""Pages kept: what is on the screen, and the way back."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and how many there are in all."""

    total: int
    rows: Sequence[Row]


class PageCache(Generic[Row]):
    """Pages by number. A *stale* page is still shown while its successor is on the way, so nothing flickers."""

    def __init__(self, key: Callable[[Row], Hashable]) -> None:
        self._key = key
        self._pages: dict[int, list[Row]] = {}
        self._stale: set[int] = set()
        self.total = 0
        self.loaded = False
        """Whether any page has arrived."""

    def row(self, index: int) -> Row | None:
        """The row at an index, None where its page is not at hand."""
        rows = self._pages.get(index // PAGE)
        return rows[index % PAGE] if rows is not None and 0 <= index % PAGE < len(rows) else None

    def rows(self) -> Iterator[Row]:
        """All rows at hand."""
        return (row for rows in self._pages.values() for row in rows)

    def put(self, number: int, page: Page[Row]) -> None:
        """Take in a page that arrived."""
        self.loaded = True
        self.total = page.total
        self._pages.pop(number, None)
        self._pages[number] = list(page.rows)
        self._stale.discard(number)
        self._forget_beyond()

    def _forget_beyond(self) -> None:
        beyond = [number for number in self._pages if number * PAGE >= max(self.total, 1)]
        oldest = list(self._pages)[: max(0, len(self._pages) - KEPT)]
        for number in {*beyond, *oldest}:
            del self._pages[number]
            self._stale.discard(number)

    def expire(self) -> None:
        """Every page has to be asked for again."""
        self._stale.update(self._pages)

    def clear(self) -> None:
        """Forget everything: another question is asked."""
        self._pages.clear()
        self._stale.clear()
        self.total = 0
        self.loaded = False

    def wanted(self, first: int, last: int) -> int | None:
        """The number of the first page between two row indexes that must be asked for."""
        if not self.loaded:
            return max(0, first) // PAGE
        last = min(last, max(0, self.total - 1))
        numbers = range(max(0, first) // PAGE, last // PAGE + 1)
        return next((n for n in numbers if n not in self._pages or n in self._stale), None)

    def ahead(self, first: int, last: int) -> int | None:
        """The number of the first page that is not at hand within as many rows before and behind these two indexes:
        that of the next key, perhaps."""
        if not self.total:
            return None
        span = last - first
        begin, end = max(0, first - span), min(last + span, self.total - 1)
        return next((n for n in range(begin // PAGE, end // PAGE + 1) if n not in self._pages), None)

    def find(self, key: Hashable) -> int | None:
        """Where a row is, if it is in a page that is not stale."""
        for number, rows in self._pages.items():
            if number in self._stale:
                continue
            for place, row in enumerate(rows):
                if self._key(row) == key:
                    return number * PAGE + place
        return None

    def amend(self, newer: Mapping[Hashable, Row]) -> None:
        """Put newer rows in the place of those with the same key; nothing moves."""
        for rows in self._pages.values():
            rows[:] = [newer.get(self._key(row), row) for row in rows]

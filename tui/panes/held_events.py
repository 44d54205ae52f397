"""What a pause holds of the events: the rows that were there, and what there was else by then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from engine.errors import UsageError
from engine.filters.query import Column, Table, has_field, split_inversion, words
from engine.protocol import EventRow

_TABLE: Table[EventRow] = Table(
    Column("evt.type", attrgetter("type")),
    Column("proc.name", attrgetter("process")),
    Column("proc.pid", attrgetter("pid")),
)
"""What a row has of its event just as rules see it."""


class Held:
    """The rows by the filter of when the pause began; others are asked for anew, as of ``at``. Events that are on the
    screen may be remembered nowhere else, so what can be told of these rows by themselves goes along."""

    def __init__(self, sought: str, rows: Sequence[EventRow], asked_at: int) -> None:
        self._sought = sought
        self._rows = rows
        self.newest = max((row.num for row in rows), default=0)
        """What came later waits."""
        latest = max((row.time for row in rows), default=0)
        self.at = latest if latest and not sought else max(latest, asked_at)
        """The moment that is held, in nanoseconds since the epoch: a filter may have left out what came last."""
        self.is_answered = True
        """Whether the rows shown are those of the filter in force."""

    def leave(self, sought: str, rows: Sequence[EventRow]) -> None:
        """Another filter is given: keep the rows of the first."""
        if self.is_answered and sought == self._sought:
            self._rows = rows
        self.is_answered = False

    def known(self, sought: str) -> Sequence[EventRow] | None:
        """The rows by this filter, None where they have to be asked for."""
        return self._rows if sought == self._sought else None

    def joined(self, found: Iterable[EventRow], sought: str, words_of: Callable[[EventRow], str]) -> Sequence[EventRow]:
        """What was found by a filter, and what it keeps of the rows at hand; the newest first."""
        test = _test_of(sought, words_of)
        found = list(found)
        known = {row.num for row in found}
        at_hand = [row for row in self._rows if row.num not in known and row.kind != "gap"]
        more = [row for row in at_hand if test is not None and test(row)]
        return sorted([*found, *more], key=_when, reverse=True) if more else found


def _when(row: EventRow) -> tuple[int, int]:
    return row.time, row.num


def _test_of(sought: str, words_of: Callable[[EventRow], str]) -> Callable[[EventRow], bool] | None:
    """A filter as a test of rows, None where it asks for more than they have."""
    inverted, text = split_inversion(sought)
    occurs = words(text)
    try:
        test = _TABLE.test(text) if has_field(text) else lambda row: occurs(words_of(row))
    except UsageError:
        return None
    return lambda row: test(row) is not inverted

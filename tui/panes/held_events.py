"""What a pause holds of the events: the rows that were there, and what there was else by then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from operator import attrgetter

from engine.errors import UsageError
from engine.filters.query import Column, Table, has_field, split_inversion, words
from engine.protocol import EventRow

_TABLE: Table[EventRow] = Table(
    Column("evt.type", attrgetter("type")),
    Column("proc.pid", attrgetter("pid")),
)
"""What a row has of its event just as rules see it; its process is named as it was then."""
Ask = Callable[[str], Awaitable[Iterable[EventRow]]]
"""All rows that pass a filter, as of the moment that is held."""


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

    async def joined(
        self, found: Sequence[EventRow], sought: str, words_of: Callable[[EventRow], str], ask: Ask
    ) -> Sequence[EventRow]:
        """What was found by a filter, and what it keeps of the rows at hand that are forgotten; the newest first."""
        more = await _forgotten(self._perhaps(found, sought, words_of), ask)
        return sorted([*found, *more], key=_when, reverse=True) if more else found

    def _perhaps(
        self, found: Iterable[EventRow], sought: str, words_of: Callable[[EventRow], str]
    ) -> Sequence[EventRow]:
        """Those that pass by what they tell, and were not found: the sensor has refused or forgotten them."""
        test = _test_of(sought, words_of)
        if test is None:
            return []
        known = {row.num for row in found}
        return [row for row in self._rows if row.num not in known and row.kind != "gap" and test(row)]


async def _forgotten(rows: Sequence[EventRow], ask: Ask) -> Sequence[EventRow]:
    """Those that are remembered nowhere else, asked for by number: of all that there is only the latest is told."""
    if not rows:
        return []
    known = {row.num for row in await ask(f"evt.num in ({', '.join(str(row.num) for row in rows)})")}
    return [row for row in rows if row.num not in known]


def _when(row: EventRow) -> tuple[int, int]:
    return row.time, row.num


def _test_of(sought: str, words_of: Callable[[EventRow], str]) -> Callable[[EventRow], bool] | None:
    """A filter as a test of rows, None where it asks for more than they have: words may stand in a command line, too,
    and no row can tell that they do not."""
    inverted, text = split_inversion(sought)
    occurs = words(text)
    if not has_field(text):
        return None if inverted else lambda row: occurs(words_of(row))
    try:
        test = _TABLE.test(text)
    except UsageError:
        return None
    return lambda row: test(row) is not inverted

"""What a pause holds of the events: the rows that were there, and what there was else by then."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol import EventRow


class Held:
    """The rows by the filter of when the pause began; others are asked for anew, as of ``at``: events that are on the
    screen may be remembered nowhere else."""

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

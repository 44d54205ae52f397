"""A place in which there were alerts, while what surrounds them is collected."""

from __future__ import annotations

from engine.alerts import Alert
from engine.flight.places import AROUND, MINUTE
from engine.flight.slices import Slice
from engine.state.event import Event
from engine.state.processes import ProcessKey

_MOST_WANTED = 10_000
"""Events that raised alerts, remembered until their minute is written."""


class Watched:
    """A place with its minutes that are not written yet."""

    def __init__(self, place: str, container_id: str, top: ProcessKey | None, seen: int, since: int) -> None:
        self.place = place
        self.container_id = container_id
        self.top = top
        """On the host: whose tree it is."""
        self.seen = seen
        """The number of the latest event that was looked at."""
        self.since = since
        self.until = 0
        self.wanted: set[int] = set()
        """Events that raised alerts."""
        self.firsts: dict[int, int] = {}
        """By minute, the first alert in it."""
        self.fresh: list[Event] = []
        """Events taken at once, of which no rows are made yet."""
        self.slices: dict[int, Slice] = {}

    def note(self, alert: Alert) -> None:
        """One more alert in this place."""
        self.until = max(self.until, alert.time + AROUND)
        self.firsts.setdefault(alert.time // MINUTE, alert.id)
        if len(self.wanted) < _MOST_WANTED:
            self.wanted.add(alert.event_num)

    def slice_at(self, time: int) -> Slice:
        """The minute of this time."""
        minute = time // MINUTE
        if minute not in self.slices:
            self.slices[minute] = Slice(minute, self.wanted)
        return self.slices[minute]

    def first_alert(self, minute: int) -> int:
        """The first that this minute is about."""
        return next((self.firsts[one] for one in (minute - 1, minute, minute + 1) if one in self.firsts), 0)

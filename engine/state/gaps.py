"""Where events are missing: what was lost, as rows between the events that came.

A loss is counted in Health; a gap says where it lies. Losses of one container with one cause that follow each other are
one gap.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.events import HOST, Loss
from engine.protocol import EventRow, ListEvents

MAX_GAPS = 500
"""Gaps remembered; older ones are forgotten first."""
CLOSE = 5_000_000_000
"""Nanoseconds between two losses that are one gap."""
LOST = "lost"
"""Stands where the type of an event would."""


@dataclass(slots=True)
class Gap:
    """Events that are missing. ``loss`` is the latest of the losses."""

    num: int
    loss: Loss
    begin: int
    count: int

    def is_continued(self, loss: Loss) -> bool:
        """Whether a loss belongs to this gap."""
        mine = self.loss
        return (loss.container_id, loss.cause) == (mine.container_id, mine.cause) and loss.time - mine.time <= CLOSE

    def go_on(self, loss: Loss) -> None:
        """It has become wider."""
        self.loss = loss
        self.count += loss.count


class Gaps:
    """A bounded memory of gaps."""

    def __init__(self, maximum: int = MAX_GAPS) -> None:
        self._gaps: deque[Gap] = deque(maxlen=maximum)
        self._latest: dict[tuple[str, str], Gap] = {}
        self._num = 0

    def note(self, loss: Loss) -> None:
        """Events were lost."""
        key = loss.container_id, loss.cause
        latest = self._latest.get(key)
        if latest is not None and latest.is_continued(loss):
            latest.go_on(loss)
            return
        self._num += 1
        self._gaps.append(Gap(self._num, loss, loss.time, loss.count))
        if len(self._latest) >= (self._gaps.maxlen or 1):
            self._latest.clear()
        self._latest[key] = self._gaps[-1]

    def asked(self, request: ListEvents, container_id: str | None) -> list[EventRow]:
        """Those in the time that a front end asks for, the newest first; ``container_id`` is where it looks.

        Whose events were lost is not always known: such a gap may be anybody's. No filter leaves out a gap: what is
        missing might have passed it.
        """
        here = {container_id, HOST}
        gaps = (gap for gap in self._gaps if container_id is None or gap.loss.container_id in here)
        return sorted((_row(gap) for gap in gaps if _is_in_time(gap, request)), key=_time, reverse=True)


def between(events: Iterable[EventRow | None], gaps: list[EventRow], limit: int) -> Iterator[EventRow | None]:
    """Rows of events, the newest first, with gaps where they lie; behind ``limit`` events none, as events are missing
    there for another reason."""
    rest = deque(gaps)
    shown = 0
    for row in events:
        while row is not None and rest and rest[0].time >= row.time:
            yield rest.popleft()
        shown += row is not None
        yield row
    if shown < limit:
        yield from rest


def _row(gap: Gap) -> EventRow:
    loss = gap.loss
    events = f"{gap.count:,} event{'s' * (gap.count != 1)}"
    return EventRow(
        num=-gap.num,
        time=loss.time,
        type=LOST,
        pid=loss.pid,
        process=loss.comm,
        result="",
        summary=f"{LOST} {events}: {loss.cause}",
        container_id=loss.container_id,
        kind="gap",
    )


def _is_in_time(gap: Gap, request: ListEvents) -> bool:
    return request.since <= gap.loss.time and (not request.until or gap.begin <= request.until)


def _time(row: EventRow) -> int:
    return row.time

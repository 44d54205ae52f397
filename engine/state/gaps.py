"""Where events are missing: what was lost, as rows between the events that came.

A loss is counted in Health; a gap says where it lies. Losses of one container with one cause that follow each other are
one gap.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from engine.events import HOST, OTHER, Loss
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
    """A bounded memory of gaps. ``name`` gives the name of a container by its id."""

    def __init__(
        self, maximum: int = MAX_GAPS, name: Callable[[str], str] = lambda container_id: container_id[:12]
    ) -> None:
        self._name = name
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

        Whose events were lost is not always known: such a gap may be anybody's, and says so. No filter leaves out a
        gap: what is missing might have passed it.
        """
        here = {container_id, HOST, OTHER}
        gaps = (gap for gap in self._gaps if container_id is None or gap.loss.container_id in here)
        rows = (self._row(gap, container_id) for gap in gaps if _is_in_time(gap, request))
        return sorted(rows, key=_time, reverse=True)

    def _row(self, gap: Gap, seen_from: str | None) -> EventRow:
        loss = gap.loss
        pid, process = _who(loss, foreign=seen_from not in (None, loss.container_id))
        return EventRow(
            num=-gap.num,
            time=loss.time,
            type=LOST,
            pid=pid,
            process=process,
            result="",
            summary=f"{LOST} {gap.count:,} event{'s' * (gap.count != 1)}{self._whose(loss, seen_from)}: {loss.cause}",
            container_id=loss.container_id,
            kind="gap",
        )

    def _whose(self, loss: Loss, seen_from: str | None) -> str:
        """In words, where the place that is looked at does not say it."""
        if loss.container_id not in (HOST, OTHER):
            return "" if seen_from is not None else f" of {self._name(loss.container_id)}"
        if not _is_of_host(loss):
            return ", nobody knows whose"
        if seen_from is None:
            return " of the host"
        return f" of the host, not of this container (the last of {loss.comm}, pid {loss.pid})" if seen_from else ""


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


def _who(loss: Loss, *, foreign: bool) -> tuple[int, str]:
    """The process that lost the latest; seen from another place it is none of those looked at."""
    if loss.pid and not foreign:
        return loss.pid, loss.comm
    return 0, "(host)" if _is_of_host(loss) else "(unknown)"


def _is_of_host(loss: Loss) -> bool:
    """Whether somebody on the host is known to have lost them, as far as it is known which cgroups are containers."""
    return loss.container_id == HOST and loss.pid != 0


def _is_in_time(gap: Gap, request: ListEvents) -> bool:
    return request.since <= gap.loss.time and (not request.until or gap.begin <= request.until)


def _time(row: EventRow) -> int:
    return row.time

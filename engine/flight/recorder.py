"""Watches places in which there were alerts, and keeps what happened there a minute before and after.

::

    alert ──▶ its place is watched ──▶ once a second: its new events, by minutes ──▶ the store, when a minute is over

Alerts of one place share what surrounds them, however many there are: a flood writes each minute once. What is in
memory of the minute before an alert is taken at once, before others push it out. Nothing waits between an event and its
alert: the rows are made by the tick, some at a time, and packed in a thread.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from engine.alerts import DROP_RULE, Alert
from engine.flight.packing import pack
from engine.flight.places import AROUND, place_of, tree_of
from engine.flight.slices import Kept, Slice
from engine.flight.watched import Watched
from engine.protocol import ExecRow
from engine.state.event import Event
from engine.state.processes import Process, ProcessKey
from engine.state.world import World
from engine.store import Surrounding
from engine.views.views import Views

MOST_PLACES = 64
"""Places watched at a time; alerts of others are counted, and nothing is kept of what surrounds them."""
MOST_ROWS = 20_000
"""Events held in memory for all of them, until their minutes are over."""
SETTLE = 5 * 10**9
"""Nanoseconds after the end of a minute until it is written: events may wait for a container's metadata."""
_MOST_ENDED = 1_000
_ANCESTORS = 16
"""Of each process; more are in the alerts themselves."""
_SLICE = 20
"""Rows made between two breaths: about a millisecond."""

Write = Callable[[Surrounding], None]


async def _ready() -> None:
    """Nothing is to be completed."""


class FlightRecorder:
    """See the module. ``write`` puts a slice into the store; it must not raise. ``prepare`` completes what is known of
    processes, each time before their rows are kept."""

    def __init__(
        self, world: World, write: Write, *, places: int = MOST_PLACES, prepare: Callable[[], Awaitable[None]] = _ready
    ) -> None:
        self._world = world
        self._prepare = prepare
        self._views = Views(world)
        self._write = write
        self._places = places
        self._watched: dict[str, Watched] = {}
        self._ended: OrderedDict[str, int] = OrderedDict()
        """By place, up to where its events were looked at."""
        self._unended: dict[ProcessKey, int] = {}
        """Entries that are kept without their end, with the first alert that each is kept for."""
        self.refused = 0
        """Alerts whose surroundings were not kept: too many places had alerts."""

    @property
    def bounds(self) -> dict[str, int]:
        """What its bounds have cost so far, by what it was; only what there is of."""
        return {"alerts without what surrounds them": self.refused} if self.refused else {}

    def note(self, alerts: Iterable[Alert]) -> None:
        """There were alerts: what surrounds them will be kept."""
        for alert in alerts:
            if alert.rule == DROP_RULE or not (place := place_of(alert)):
                continue
            watched = self._watched.get(place) or self._begin(place, alert)
            if watched is None:
                self.refused += 1
            else:
                watched.note(alert)

    async def collect(self) -> None:
        """Take in what happened since, and write the minutes that are over: call about once a second."""
        await self._prepare()
        self._write_ends()
        newest = self._world.newest
        for _ in self._share_out(newest):
            await asyncio.sleep(0)
        for watched in list(self._watched.values()):
            for _ in self._take_in(watched, newest):
                await asyncio.sleep(0)
            now = self._world.now - SETTLE
            over = now > watched.until
            for part in [part for part in watched.slices.values() if over or part.until < now]:
                del watched.slices[part.minute]
                watched.wanted -= part.rows.keys()
                for _ in self._brought_up(part):
                    await asyncio.sleep(0)
                kept = self._kept(watched, part)
                self._put(watched, part, await asyncio.to_thread(pack, kept))
            if now > watched.until:  # unless there was an alert while its minutes were written
                self._end(watched)

    def finish(self) -> None:
        """The watch ends: write everything there is, also of minutes that are not over."""
        newest = self._world.newest
        for _ in self._share_out(newest):
            pass
        for watched in list(self._watched.values()):
            for _ in self._take_in(watched, newest):
                pass
            for part in watched.slices.values():
                for _ in self._brought_up(part):
                    pass
                self._put(watched, part, pack(self._kept(watched, part)))
            self._end(watched)
        self._write_ends()

    def _put(self, watched: Watched, part: Slice, body: bytes) -> None:
        if part.rows:
            first = watched.first_alert(part.minute)
            self._write(Surrounding(watched.place, watched.container_id, first, part.since, part.until, body))

    # ── places ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, place: str, alert: Alert) -> Watched | None:
        if len(self._watched) >= self._places:
            return None
        container_id = alert.container.id if alert.container else ""
        seen = self._ended.pop(place, 0)
        watched = Watched(place, container_id, tree_of(alert), seen, alert.time - AROUND)
        watched.fresh = self._at_once(watched, alert)
        self._watched[place] = watched
        return watched

    def _at_once(self, watched: Watched, alert: Alert) -> list[Event]:
        """What may be pushed out before the next tick; on the host only what is found without a look at all."""
        recent = self._world.recent
        if watched.container_id:
            return [event for _, events in recent.since(watched.seen, watched.container_id) for event in events]
        keys = [(step.pid, step.start) for step in alert.lineage[:2]]
        return [event for key in keys for event in recent.of_process(key)]

    def _end(self, watched: Watched) -> None:
        del self._watched[watched.place]
        self._ended[watched.place] = watched.seen
        if len(self._ended) > _MOST_ENDED:
            self._ended.popitem(last=False)

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _take_in(self, watched: Watched, newest: int) -> Iterator[None]:
        """Make rows of what is new up to an event; yields where others may go on."""
        found, watched.fresh = watched.fresh, []
        if watched.top is None:
            news = self._world.recent.since(watched.seen, watched.container_id)
            found += [event for _, events in news for event in events]
        room, watched.seen = MOST_ROWS - self._rows(), max(newest, watched.seen)
        for number, event in enumerate(found, 1):
            if event.kernel.time >= watched.since:
                self._add(watched, event, has_room=number <= room)
            if number % _SLICE == 0:
                yield

    def _share_out(self, newest: int) -> Iterator[None]:
        """Give the trees on the host what is new in them, by one look at all processes; yields as above."""
        trees = {watched.top: watched for watched in self._watched.values() if watched.top is not None}
        if not trees:
            return
        oldest = min(watched.seen for watched in trees.values())
        for number, (key, events) in enumerate(self._world.recent.since(oldest, None), 1):
            for top in trees.keys() & self._line_of(key):
                seen = trees[top].seen
                trees[top].fresh += [event for event in events if seen < event.num <= newest]
            if number % _SLICE == 0:
                yield

    def _line_of(self, key: ProcessKey) -> set[ProcessKey]:
        process = self._world.processes.get(*key)
        return {key, *(one.key for one in process.ancestors())} if process is not None else {key}

    def _add(self, watched: Watched, event: Event, *, has_room: bool) -> None:
        part = watched.slice_at(event.kernel.time)
        if not has_room and event.num not in watched.wanted:
            part.left_out += 1
            return
        part.add(self._views.event_row(event))
        for process in _line(event.process):
            if process.key not in part.processes:
                part.processes[process.key] = self._views.process_row(process)

    def _rows(self) -> int:
        return sum(len(part.rows) for watched in self._watched.values() for part in watched.slices.values())

    def _brought_up(self, part: Slice) -> Iterator[None]:
        """Its processes as they are known now: some have ended since; yields where others may go on."""
        for number, key in enumerate(list(part.processes), 1):
            if (process := self._world.processes.get(*key)) is not None:
                part.processes[key] = self._views.process_row(process)
            if number % _SLICE == 0:
                yield

    def _kept(self, watched: Watched, part: Slice) -> Kept:
        return Kept(
            rows=list(part.rows.values()),
            processes=list(part.processes.values()),
            execs=self._execs(watched, part),
            container=self._views.container_row(watched.container_id),
            starter=self._world.execs.starter(watched.container_id),
            left_out=part.left_out,
        )

    # ── entries ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _execs(self, watched: Watched, part: Slice) -> list[ExecRow]:
        """By whom these processes came in; of those that are not over the end is kept later."""
        found = [row for key in part.processes if (row := self._world.execs.get(key)) is not None]
        first = watched.first_alert(part.minute)
        for row in found:
            if row.exec_id and not row.ended and len(self._unended) < _MOST_ENDED:
                self._unended.setdefault((row.pid, row.start), first)
        return found

    def _write_ends(self) -> None:
        for key, first in list(self._unended.items()):
            row = self._world.execs.get(key)
            if row is None or row.ended:
                del self._unended[key]
            if row is not None and row.ended:
                body = pack(Kept(execs=[row]))
                self._write(Surrounding(row.container_id, row.container_id, first, row.time, row.ended, body))


def _line(process: Process) -> Sequence[Process]:
    """It and its ancestors, as many as are kept."""
    line = [process]
    for ancestor in process.ancestors():
        if len(line) > _ANCESTORS:
            break
        line.append(ancestor)
    return line

"""What surrounds an alert, from memory and from what is kept with it, whichever there is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from engine.alerts import DROP_RULE, Alert
from engine.flight.packing import unpack
from engine.flight.places import AROUND, place_of, tree_of
from engine.flight.slices import Kept
from engine.protocol import Around, ExecRow, ListAround, ListEvents, ProcessRow
from engine.state.processes import ProcessKey
from engine.state.world import World
from engine.store import AlertStore
from engine.views.views import Views

MEMORY = "memory"
KEPT = "the store"
_MOST = 10_000


async def around(world: World, store: AlertStore, alert: Alert, request: ListAround) -> Around:
    """The events around an alert, and why there are none."""
    remembered = await Views(world).event_rows(_in_memory(alert, request)) if place_of(alert) else []
    kept = await kept_with(store, alert)
    stored = [row for row in kept.rows if abs(row.time - alert.time) <= AROUND]
    if request.tree:
        family = below(kept.processes, _key(alert))
        stored = [row for row in stored if (row.pid, row.start) in family]
    known = {(row.num, row.time) for row in remembered}
    only_stored = [row for row in stored if (row.num, row.time) not in known]
    rows = sorted([*remembered, *only_stored], key=lambda row: (row.time, row.num), reverse=True)
    return Around(
        rows=rows[: min(request.limit, _MOST)],
        processes=list(in_tree_order(kept.processes)),
        container=kept.container,
        origin=" and ".join(name for name, found in ((MEMORY, remembered), (KEPT, only_stored)) if found),
        why="" if rows else await _why(world, store, alert, kept),
        left_out=kept.left_out,
    )


async def kept_with(store: AlertStore, alert: Alert) -> Kept:
    """All that is kept of the place and time of an alert, as one."""
    bodies = await store.surroundings(place_of(alert), alert.time - AROUND, alert.time + AROUND)
    if not bodies:
        return Kept()
    parts = [part for part in await asyncio.to_thread(lambda: list(map(unpack, bodies))) if part is not None]
    return Kept(
        rows=[row for part in parts for row in part.rows],
        processes=list({(row.pid, row.start): row for part in parts for row in part.processes}.values()),
        execs=list(_latest(row for part in parts for row in part.execs)),
        container=next((part.container for part in reversed(parts) if part.container), None),
        starter=next((part.starter for part in reversed(parts) if part.starter), None),
        left_out=sum(part.left_out for part in parts),
    )


def _latest(rows: Iterable[ExecRow]) -> Iterable[ExecRow]:
    """Each as it was known last: with its end, if that was seen."""
    ordered = sorted(rows, key=lambda row: row.ended)
    return {(row.pid, row.start): row for row in ordered}.values()


def _in_memory(alert: Alert, request: ListAround) -> ListEvents:
    limit = min(request.limit, _MOST)
    if request.tree and alert.process is not None:
        pid, start = _key(alert)
        return ListEvents(pid, start, tree=True, limit=limit)
    since, until = alert.time - AROUND, alert.time + AROUND
    if alert.container is not None:
        return ListEvents(container_id=alert.container.id, limit=limit, since=since, until=until)
    pid, start = tree_of(alert) or (0, 0)
    return ListEvents(pid, start, tree=True, limit=limit, since=since, until=until)


def _key(alert: Alert) -> ProcessKey:
    return (alert.process.pid, alert.process.start) if alert.process is not None else (0, 0)


async def _why(world: World, store: AlertStore, alert: Alert, kept: Kept) -> str:
    """Why there is nothing of it."""
    if kept.rows:
        return "Nothing of this was seen; the timeline has what others did."
    if alert.rule == DROP_RULE or not place_of(alert):
        return "No process did this, and no container: there is nothing around it."
    marks = await store.marks()
    if alert.id <= marks.get("alerts before", 0):
        return "This alert is from before Tiercel kept what surrounds alerts."
    if alert.time <= marks.get("surroundings dropped", 0):
        return "What was kept of that time was dropped for want of room."
    if world.now - alert.time <= 2 * AROUND:
        return "Nothing has been seen yet: only what some rule asks for leaves the kernel."
    return "Nothing was kept: the sensor was killed within two minutes, or too many places had alerts at that time."


# ── rows of processes as a tree ─────────────────────────────────────────────────────────────────────────────────────


def below(rows: Iterable[ProcessRow], top: ProcessKey) -> set[ProcessKey]:
    """A process and those of the rows that descend from it."""
    found, pids = {top}, {top[0]}
    for row in sorted(rows, key=lambda row: row.start):
        if row.start >= top[1] and row.ppid in pids:
            found.add((row.pid, row.start))
            pids.add(row.pid)
    return found


def in_tree_order(rows: Iterable[ProcessRow]) -> Iterator[ProcessRow]:
    """The rows with the depth that they have among themselves, parents first, the oldest first."""
    ordered = sorted(rows, key=lambda row: (row.start, row.pid))
    newest: dict[int, ProcessKey] = {}
    children: dict[ProcessKey, list[ProcessRow]] = {}
    for row in ordered:  # a parent is older than its child: of a pid that was used again it is the latest by then
        children.setdefault(newest.get(row.ppid, _NOBODY), []).append(row)
        newest[row.pid] = (row.pid, row.start)
    stack = [(row, 0) for row in reversed(children.get(_NOBODY, []))]
    while stack:
        row, depth = stack.pop()
        row.depth = depth
        yield row
        stack += [(child, depth + 1) for child in reversed(children.get((row.pid, row.start), []))]


_NOBODY: ProcessKey = (0, 0)

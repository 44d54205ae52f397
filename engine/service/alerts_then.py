"""The alerts of processes by another time: the state counts those of now, and the store knows when they came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.alerts import Priority
from engine.errors import TiercelError
from engine.protocol import ProcessRow
from engine.sliced import SLICE, breathing
from engine.state.processes import ProcessKey
from engine.store import AlertStore

Counts = Mapping[ProcessKey, Mapping[Priority, int]]


async def count_then(store: AlertStore, rows: Sequence[ProcessRow], at: int) -> None:
    """Give rows that have alerts now those that they had by then, in nanoseconds since the epoch; others go on
    meanwhile. Where the store cannot tell they have none, rather than those of now."""
    marked = [row for row in rows if row.alerts]
    if not marked:
        return
    try:
        found = await _kept(store, marked, at)
    except TiercelError:
        found = {}
    await breathing(_counted(marked, found))


async def _kept(store: AlertStore, rows: Sequence[ProcessRow], at: int) -> Counts:
    """Of this boot only: a pid and a start mean nothing beyond it."""
    last = (await store.locate(at, 0)).alert_id
    return await store.of_processes([(row.pid, row.start) for row in rows], range(store.earlier.start, last + 1))


def _counted(rows: Sequence[ProcessRow], found: Counts) -> Iterator[None]:
    for number, row in enumerate(rows, 1):
        counts = found.get((row.pid, row.start), {})
        row.alerts = sum(counts.values())
        row.worst = min(counts, default=None)
        row.severities = {priority.label: count for priority, count in counts.items()}
        if number % SLICE == 0:
            yield None

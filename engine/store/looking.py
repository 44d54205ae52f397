"""Single alerts of a stack, a process or a container that pass a filter: each is looked at, so the latest only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import islice

import msgspec

from engine.alerts import Alert
from engine.filters.alert_filter import parse_filter
from engine.protocol import Alerts, ListAlerts, State
from engine.store.reader import read_alerts, stack_of
from engine.store.rows import Stored, subject

LOOKED = 2_000
"""Alerts that are looked at: some 50 ms, in a thread."""
_STEP = 500


def read_matching(connection: sqlite3.Connection, waiting: list[Stored], query: ListAlerts) -> Alerts:
    """A page of alerts; without a filter of all. Raises UsageError for a filter that cannot be understood."""
    if not query.filter.strip():
        return read_alerts(connection, waiting, query)
    wanted, states = parse_filter(query.filter), dict[int, State]()
    rows = [
        alert
        for alert in islice(_latest(connection, waiting, query), LOOKED)
        if wanted.matches(subject(alert, _state(connection, alert.stack, states)))
    ]
    every = read_alerts(connection, waiting, msgspec.structs.replace(query, offset=0, limit=0)).total
    page = rows[query.offset : query.offset + query.limit]
    return Alerts(total=len(rows), rows=page, unlooked=max(0, every - LOOKED))


def _latest(connection: sqlite3.Connection, waiting: list[Stored], query: ListAlerts) -> Iterator[Alert]:
    for offset in range(0, LOOKED, _STEP):
        page = read_alerts(connection, waiting, msgspec.structs.replace(query, offset=offset, limit=_STEP))
        yield from page.rows
        if len(page.rows) < _STEP:
            return


def _state(connection: sqlite3.Connection, stack: int, known: dict[int, State]) -> State:
    if stack not in known:
        row = stack_of(connection, stack)
        known[stack] = row.state if row is not None else "new"
    return known[stack]

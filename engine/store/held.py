"""A paused view: stacks that got alerts since, as they were then.

It is asked for again with each page, while more and more stacks move on. What the index can tell is asked anew; the
latest alerts of then, which stay what they are, are remembered, and when alerts came is found out only for rows that
are shown.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from engine.alerts import Alert
from engine.protocol import ListStacks, StackRow
from engine.store import beats
from engine.store.rows import TRIAGE_COLUMNS, Triage, row_of

REMEMBERED = 4_000
"""Alerts remembered: some megabytes."""
TAKEN_BACK = 5_000
"""Alerts that are taken back out of the beats of the rows of a page; where they are more the beats end with the
latest."""
_ALERTS = msgspec.msgpack.Decoder(Alert)

# The texts of these queries are put together from constants only; values always go in as parameters.
# ruff: noqa: S608


class Reading(sqlite3.Connection):
    """A connection for queries, with the latest alerts of stacks of a paused view and their rows, by id."""

    remembered: dict[int, tuple[Alert, StackRow]]


class Then(NamedTuple):
    """A stack as it was: its latest alert, its row but for when its alerts came, and what that is found out from."""

    alert: Alert
    row: StackRow
    told: str
    since: int
    """Alerts that came later."""


def as_of(connection: sqlite3.Connection, query: ListStacks, until: int) -> Iterator[Then]:
    """The stacks that a query may be about, with their latest alert up to ``until``."""
    if not query.before:
        return
    moved = connection.execute(
        "SELECT (SELECT count(*) FROM alerts WHERE stack = stacks.id AND alerts.id > ?),"
        " (SELECT max(id) FROM alerts WHERE stack = stacks.id AND alerts.id <= ?),"
        f" count, first, beats, {TRIAGE_COLUMNS} FROM stacks WHERE last_id > ? AND first_id <= ?"
        " AND (? IS NULL OR container_id = ?) AND ? IN ('', rule)",
        (until, until, until, until, query.container_id, query.container_id, query.rule),
    ).fetchall()
    for since, latest, count, first, told, acknowledged, *rest in moved:
        if latest is None:
            continue  # all it had then have been dropped
        alert, row = _remembered(connection, latest)
        triage = Triage(bool(acknowledged), *rest)._asdict()
        yield Then(alert, msgspec.structs.replace(row, count=count - since, first=first, **triage), told, since)


def _remembered(connection: sqlite3.Connection, alert_id: int) -> tuple[Alert, StackRow]:
    known = connection.remembered if isinstance(connection, Reading) else {}
    found = known.get(alert_id)
    if found is None:
        body = connection.execute("SELECT body FROM alerts WHERE id = ?", (alert_id,)).fetchone()[0]
        alert = _ALERTS.decode(body)
        found = known[alert_id] = alert, row_of(alert, count=0, first=alert.time, triage=Triage(), told="")
        if len(known) > REMEMBERED:
            del known[next(iter(known))]
    return found


def with_beats(
    connection: sqlite3.Connection, rows: Sequence[StackRow], then: Mapping[int, Then], until: int
) -> list[StackRow]:
    """The rows of a page, also with when their alerts came."""
    left = TAKEN_BACK
    made: list[StackRow] = []
    for row in rows:
        if (known := then.get(row.stack)) is not None and row is known.row:
            left -= known.since
            told = _taken_back(connection, known, until) if left >= 0 else known.told
            span, counts = beats.between(told, row.first, row.last)
            made.append(msgspec.structs.replace(row, span=span, beats=counts))
        else:
            made.append(row)
    return made


def _taken_back(connection: sqlite3.Connection, then: Then, until: int) -> str:
    times = connection.execute("SELECT time FROM alerts WHERE stack = ? AND id > ?", (then.row.stack, until))
    return beats.without(then.told, (time for (time,) in times))

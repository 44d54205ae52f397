"""Queries: what is on the disk, joined with the alerts that still wait in memory.

Each function runs in the reader's thread, inside one read transaction, so that it sees one moment of the store.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from engine.alerts import Alert, Priority
from engine.filters.alert_filter import Filter, parse_filter
from engine.protocol import Alerts, ListAlerts, ListStacks, StackRow, Stacks
from engine.store import beats
from engine.store.held import Then, as_of, with_beats
from engine.store.rows import (
    STACK_COLUMNS,
    Hits,
    Stored,
    Tally,
    Triage,
    deltas,
    row_of,
    stack_row,
    subject,
)

_ALERTS = msgspec.msgpack.Decoder(Alert)

# The texts of these queries are put together from constants only; values always go in as parameters.
# ruff: noqa: S608


@contextmanager
def moment(connection: sqlite3.Connection) -> Iterator[None]:
    """A read transaction."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.rollback()


def not_on_disk(connection: sqlite3.Connection, waiting: list[Stored]) -> list[Stored]:
    """Those of the alerts that waited a moment ago and wait still."""
    if not waiting:
        return []
    newest = _newest_on_disk(connection)
    return [stored for stored in waiting if stored.alert.id > newest]


def _newest_on_disk(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT max(id) FROM alerts").fetchone()[0] or 0)


class Selection(NamedTuple):
    """The stacks that a query is about, as of one moment."""

    special: list[StackRow]
    """Those whose latest alert is not what the table says, the newest first; …"""
    where: str
    """… and the condition for all others in the table, with …"""
    parameters: tuple[str | int, ...]
    until: int
    """The newest alert that counts."""
    then: dict[int, Then]
    """Of a paused view, by stack; their rows among ``special`` do not tell yet when alerts came (:func:`with_beats`).
    """


def select(connection: sqlite3.Connection, waiting: list[Stored], query: ListStacks, newest: int) -> Selection:
    """What passes the filter; ``newest`` was so when it was asked for, and more may have come to the disk since.

    Raises UsageError for a filter that cannot be understood.
    """
    wanted = parse_filter(query.filter)
    until = query.before or max(newest, _newest_on_disk(connection))
    then = {each.row.stack: each for each in as_of(connection, query, until)}
    moved = {row.stack: (alert, row) for alert, row in _moved(connection, waiting, query, until, then)}
    special = sorted((row for alert, row in moved.values() if wanted.matches(subject(alert, row.state))), key=_age)
    return Selection(special, *_plain_stacks(wanted, query, until, moved), until, then)


def read_stacks(connection: sqlite3.Connection, waiting: list[Stored], query: ListStacks, newest: int) -> Stacks:
    """A page of stacks. Raises UsageError for a filter that cannot be understood."""
    special, where, parameters, until, then = select(connection, waiting, query, newest)
    total, alerts = connection.execute(
        f"SELECT count(*), total(count) FROM stacks WHERE {where}", parameters
    ).fetchone()
    passed = max(0, query.offset - len(special))  # so many of the table stand before the page, wherever the others do
    begin = query.offset - passed
    plain = connection.execute(
        f"SELECT {STACK_COLUMNS} FROM stacks WHERE {where} ORDER BY last_id DESC LIMIT ? OFFSET ?",
        (*parameters, begin + query.limit, passed),
    )
    page = list(islice(heapq.merge(special, map(stack_row, plain), key=_age), begin, begin + query.limit))
    return Stacks(
        total=total + len(special),
        alerts=int(alerts) + sum(row.count for row in special),
        newest=until,
        rows=with_beats(connection, page, then, until) if then else page,
    )


def _age(row: StackRow) -> int:
    return -row.alert_id


def _plain_stacks(
    wanted: Filter, query: ListStacks, until: int, moved: Iterable[int]
) -> tuple[str, tuple[str | int, ...]]:
    """The condition for stacks that the table shows as they were at that moment."""
    where, parameters = f"({wanted.sql})", wanted.parameters
    if query.container_id is not None:
        where, parameters = f"container_id = ? AND {where}", (query.container_id, *parameters)
    if query.rule:
        where, parameters = f"rule = ? AND {where}", (query.rule, *parameters)
    if query.before:
        where, parameters = f"{where} AND last_id <= ?", (*parameters, until)
    if numbers := ",".join(map(str, moved)):
        where = f"{where} AND id NOT IN ({numbers})"
    return where, parameters


def _moved(
    connection: sqlite3.Connection,
    waiting: list[Stored],
    query: ListStacks,
    until: int,
    earlier: Mapping[int, Then],
) -> Iterator[tuple[Alert, StackRow]]:
    """Stacks whose latest alert is not what the table says: it came after ``until``, or it waits in memory."""
    yield from ((then.alert, then.row) for then in earlier.values())
    for stack, delta in deltas([stored for stored in waiting if stored.alert.id <= until]).items():
        latest = delta.latest
        if query.container_id not in (None, latest.container.id if latest.container else ""):
            continue
        if query.rule not in ("", latest.rule):
            continue
        known = earlier[stack].row if stack in earlier else stack_of(connection, stack)
        yield (
            latest,
            row_of(
                latest,
                count=delta.count + (known.count if known else 0),
                first=known.first if known else delta.first.time,
                triage=_triage(known),
                told=beats.merged(_beats(connection, stack), beats.of(delta.times)),
            ),
        )


def _beats(connection: sqlite3.Connection, stack: int) -> str:
    row = connection.execute("SELECT beats FROM stacks WHERE id = ?", (stack,)).fetchone()
    return row[0] if row else ""


def _triage(row: StackRow | None) -> Triage:
    return Triage(row.acknowledged, row.state, row.muted_until, row.note, row.who) if row else Triage()


def stack_of(connection: sqlite3.Connection, stack: int) -> StackRow | None:
    """A stack as the table has it."""
    row = connection.execute(f"SELECT {STACK_COLUMNS} FROM stacks WHERE id = ?", (stack,)).fetchone()
    return stack_row(row) if row else None


def read_alerts(connection: sqlite3.Connection, waiting: list[Stored], query: ListAlerts) -> Alerts:
    """A page of alerts: those in memory are newer than those on the disk."""
    where, parameters = _alert_condition(query)
    young = [stored.alert for stored in reversed(waiting) if _is_asked_for(stored.alert, query)]
    total = _count_alerts(connection, query)
    rows = young[query.offset : query.offset + query.limit]
    bodies = connection.execute(
        f"SELECT body FROM alerts WHERE id IN (SELECT id FROM alerts WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?)"
        " ORDER BY id DESC",
        (*parameters, query.limit - len(rows), max(0, query.offset - len(young))),
    )
    return Alerts(total=total + len(young), rows=[*rows, *(_ALERTS.decode(body) for (body,) in bodies)])


def _alert_condition(query: ListAlerts) -> tuple[str, tuple[Any, ...]]:
    terms: list[tuple[str, Any]] = []
    if query.stack:
        terms.append(("stack = ?", query.stack))
    if query.pid:
        terms.append(("pid = ?", query.pid))
    if query.start:
        terms.append(("start = ?", query.start))
    if query.container_id is not None:
        terms.append(("container_id = ?", query.container_id))
    if query.before:
        terms.append(("id <= ?", query.before))
    return " AND ".join(term for term, _ in terms) or "1", tuple(value for _, value in terms)


def _count_alerts(connection: sqlite3.Connection, query: ListAlerts) -> int:
    """Counted one by one only for a process, of which there are few, and as of another time; else the stacks know."""
    if query.pid or query.start or query.before:
        where, parameters = _alert_condition(query)
        return int(connection.execute(f"SELECT count(*) FROM alerts WHERE {where}", parameters).fetchone()[0])
    counted = "SELECT total(count) FROM stacks WHERE ? IN (0, id) AND (? IS NULL OR container_id = ?)"
    if query.stack:
        counted = "SELECT total(count) FROM stacks WHERE id = ? AND (? IS NULL OR container_id = ?)"
    return int(connection.execute(counted, (query.stack, query.container_id, query.container_id)).fetchone()[0])


def _is_asked_for(alert: Alert, query: ListAlerts) -> bool:
    pid, start = (alert.process.pid, alert.process.start) if alert.process else (0, 0)
    return (
        query.stack in (0, alert.stack)
        and (not query.before or alert.id <= query.before)
        and query.pid in (0, pid)
        and query.start in (0, start)
        and query.container_id in (None, alert.container.id if alert.container else "")
    )


def read_alert(connection: sqlite3.Connection, waiting: list[Stored], alert_id: int) -> Alert | None:
    """One alert, None if there is none (any more)."""
    for stored in waiting:
        if stored.alert.id == alert_id:
            return stored.alert
    row = connection.execute("SELECT body FROM alerts WHERE id = ?", (alert_id,)).fetchone()
    return _ALERTS.decode(row[0]) if row else None


def read_hits(connection: sqlite3.Connection, waiting: list[Stored]) -> dict[str, Hits]:
    """The alerts kept of each rule."""
    rows = connection.execute("SELECT rule, sum(count), max(last) FROM stacks GROUP BY rule")
    hits = {rule: Hits(count, last) for rule, count, last in rows}
    for alert, _ in waiting:
        known = hits.get(alert.rule, Hits(0, 0))
        hits[alert.rule] = Hits(known.count + 1, max(known.last, alert.time))
    return hits


def read_tallies(
    connection: sqlite3.Connection, waiting: list[Stored], query: ListStacks, newest: int
) -> dict[str, Tally]:
    """The alerts of each container that a query is about, by the priority of their stacks: what their list shows, added
    up."""
    chosen = select(connection, waiting, query, newest)
    rows = connection.execute(
        f"SELECT container_id, priority, sum(count), max(last) FROM stacks WHERE {chosen.where}"
        " GROUP BY container_id, priority",
        chosen.parameters,
    )
    parts = [(container_id, Priority(priority), count, last) for container_id, priority, count, last in rows]
    parts += [(row.container_id, row.priority, row.count, row.last) for row in chosen.special]
    tallies: dict[str, Tally] = {}
    for container_id, priority, count, last in parts:
        known = tallies.get(container_id, Tally({}, 0))
        alerts = known.alerts | {priority.label: known.alerts.get(priority.label, 0) + count}
        tallies[container_id] = Tally(alerts, max(known.last, last))
    return tallies

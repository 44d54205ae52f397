"""Stacks put together by rule or by container, and alerts one by one: pages as :mod:`engine.store.reader` has them.

Groups are few, so all of them are counted for each page; what a row says of its latest alert is looked up for the page
only.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from engine.alerts import Alert, Priority
from engine.protocol import ListStacks, StackRow, Stacks, State
from engine.store import beats
from engine.store.held import with_beats
from engine.store.reader import Selection, select, stack_of
from engine.store.rows import STACK_COLUMNS, TRIAGE_COLUMNS, Stored, Triage, row_of, stack_row

# The texts of these queries are put together from constants only; values always go in as parameters.
# ruff: noqa: S608

_ALERTS = msgspec.msgpack.Decoder(Alert)
_COLUMNS = {"rule": "rule", "container": "container_id"}
_APART = {"rule": "container_id", "container": "rule"}
"""What those of one group may differ in, …"""
_NUMBERS = {"rule": "containers", "container": "rules"}
"""… and where its row has how many of them there are."""
BEATEN = 200
"""Stacks, the latest of all, whose times are in the rows of their groups."""
_ENDS = "SELECT (SELECT min(id) FROM alerts), (SELECT max(id) FROM alerts)"
"""One by one: both at once SQLite would look for among all."""
_SORTED = 8
"""Alerts that are passed over in their order for what it costs to put one of a stack in order."""


class _Group(NamedTuple):
    """What stacks with one rule, or in one container, come to; ``last_id`` is that of their latest alert."""

    stacks: int
    alerts: int
    first: int
    last_id: int
    worst: str
    """The digit of the most severe priority, then its rule; of several the first by name."""
    first_rule: str
    last_rule: str
    """By name: two, where there are several rules."""
    new: int
    """Stacks in the state "new", …"""
    incidents: int
    other: State
    """… and, where there is neither, the state of one of them."""

    def joined(self, other: _Group) -> _Group:
        """Both."""
        return _Group(
            self.stacks + other.stacks,
            self.alerts + other.alerts,
            min(self.first, other.first),
            max(self.last_id, other.last_id),
            min(self.worst, other.worst),
            min(self.first_rule, other.first_rule),
            max(self.last_rule, other.last_rule),
            self.new + other.new,
            self.incidents + other.incidents,
            max(self.other, other.other),
        )

    @property
    def priority(self) -> Priority:
        """The most severe."""
        return Priority(int(self.worst[0]))

    @property
    def worst_rule(self) -> str:
        """Its rule, where there are others."""
        return self.worst[1:] if self.first_rule != self.last_rule else ""

    @property
    def state(self) -> State:
        """New while one is; an incident while one is."""
        return "new" if self.new else "incident" if self.incidents else self.other


def read_groups(connection: sqlite3.Connection, waiting: list[Stored], query: ListStacks, newest: int) -> Stacks:
    """A page of groups, that with the latest alert first. Raises UsageError for a filter that cannot be understood."""
    chosen = select(connection, waiting, query, newest)
    column, apart = _COLUMNS[query.group], _APART[query.group]
    groups: dict[str, _Group] = {}
    parts: defaultdict[str, set[str]] = defaultdict(set)
    special = ((getattr(row, column), getattr(row, apart), _of_row(row)) for row in chosen.special)
    for key, part, one in chain(_counted(connection, chosen, column, apart), special):
        groups[key] = groups[key].joined(one) if key in groups else one
        parts[key].add(part)
    ordered = sorted(groups.items(), key=lambda item: -item[1].last_id)
    page = ordered[query.offset : query.offset + query.limit]
    latest = _latest(connection, chosen, [group.last_id for _, group in page])
    told = _told(connection, chosen, column)
    return Stacks(
        total=len(ordered),
        alerts=sum(group.alerts for _, group in ordered),
        newest=chosen.until,
        rows=[
            msgspec.structs.replace(
                _row(latest[group.last_id], group, told.get(key, "")), **{_NUMBERS[query.group]: len(parts[key])}
            )
            for key, group in page
        ],
    )


def _counted(
    connection: sqlite3.Connection, chosen: Selection, column: str, apart: str
) -> Iterable[tuple[str, str, _Group]]:
    """The parts of groups: what they have in common, what they differ in, and what they come to."""
    rows = connection.execute(
        f"SELECT {column}, {apart}, count(*), sum(count), min(first), max(last_id), min(priority || rule), min(rule),"
        f" max(rule), sum(state = 'new'), sum(state = 'incident'), max(state) FROM stacks WHERE {chosen.where}"
        f" GROUP BY {column}, {apart}",
        chosen.parameters,
    )
    return ((key, part, _Group(*values)) for key, part, *values in rows)


def _of_row(row: StackRow) -> _Group:
    new, incident = row.state == "new", row.state == "incident"
    worst = f"{int(row.priority)}{row.rule}"
    return _Group(1, row.count, row.first, row.alert_id, worst, row.rule, row.rule, new, incident, row.state)


def _latest(connection: sqlite3.Connection, chosen: Selection, last_ids: list[int]) -> dict[int, StackRow]:
    """The stacks with these latest alerts."""
    found = {row.alert_id: row for row in chosen.special}
    marks = ",".join("?" * len(last_ids))
    rows = connection.execute(f"SELECT {STACK_COLUMNS} FROM stacks WHERE last_id IN ({marks})", last_ids)
    return {row.alert_id: row for row in map(stack_row, rows)} | found


def _told(connection: sqlite3.Connection, chosen: Selection, column: str) -> dict[str, str]:
    """When the alerts of each group came, as far as the latest stacks tell."""
    found: dict[str, list[str]] = {}
    texts = connection.execute(
        f"SELECT {column}, beats FROM stacks WHERE {chosen.where} ORDER BY last_id DESC LIMIT {BEATEN}",
        chosen.parameters,
    )
    for key, text in texts:
        found.setdefault(key, []).append(text)
    for row in with_beats(connection, chosen.special[:BEATEN], chosen.then, chosen.until):
        found.setdefault(getattr(row, column), []).append(beats.again(row.span, row.beats, row.first))
    return {key: beats.together(several) for key, several in found.items()}


def _row(latest: StackRow, group: _Group, told: str) -> StackRow:
    """The row of a group: what the latest alert says, and what all of them come to."""
    width, counts = beats.between(told, group.first, latest.last)
    return msgspec.structs.replace(
        latest,
        stacks=group.stacks,
        count=group.alerts,
        first=group.first,
        priority=group.priority,
        worst_rule=group.worst_rule,
        state=group.state,
        acknowledged=group.state != "new",
        note=latest.note if group.stacks == 1 else "",
        who=latest.who if group.stacks == 1 else "",
        span=width,
        beats=counts,
    )


# ── one by one ───────────────────────────────────────────────────────────────────────────────────────────────────────


def read_singles(connection: sqlite3.Connection, waiting: list[Stored], query: ListStacks, newest: int) -> Stacks:
    """A page of single alerts, the newest first: those of the stacks that the filter keeps."""
    chosen = select(connection, waiting, query, newest)
    kept = connection.execute(f"SELECT total(count) FROM stacks WHERE {chosen.where}", chosen.parameters).fetchone()[0]
    total = int(kept) + sum(row.count for row in chosen.special)
    ids = {row.stack for row in chosen.special}
    young = [one.alert for one in reversed(waiting) if one.alert.id <= chosen.until and one.alert.stack in ids]
    rows = young[query.offset : query.offset + query.limit]
    part = _Part(total - len(young), max(0, query.offset - len(young)), query.limit - len(rows))
    older = _older(connection, chosen, part, whole=_is_whole(query))
    made = [_single(alert, _triage(connection, alert.stack)) for alert in rows] + list(older)
    return Stacks(total=total, alerts=total, newest=chosen.until, rows=made)


class _Part(NamedTuple):
    """Some of the alerts on the disk that a query is about: of ``total``, the newest first."""

    total: int
    offset: int
    limit: int

    @property
    def is_nearer_to_the_oldest(self) -> bool:
        """Then it is counted from there."""
        return self.offset > self.total // 2

    @property
    def turned(self) -> _Part:
        """The same alerts, the oldest first."""
        limit = max(0, min(self.limit, self.total - self.offset))
        return _Part(self.total, max(0, self.total - self.offset - limit), limit)


def _is_whole(query: ListStacks) -> bool:
    """Whether it is about all alerts."""
    return not query.filter.strip() and query.container_id is None and not query.rule


def _older(connection: sqlite3.Connection, chosen: Selection, part: _Part, *, whole: bool) -> Iterable[StackRow]:
    ids, parameters = _ids(connection, chosen, part, whole=whole)
    found = connection.execute(
        f"SELECT body, {TRIAGE_COLUMNS} FROM alerts JOIN stacks ON stacks.id = alerts.stack"
        f" WHERE alerts.id IN ({ids}) ORDER BY alerts.id DESC",
        parameters,
    )
    for body, acknowledged, *triage in found:
        yield _single(_ALERTS.decode(body), Triage(bool(acknowledged), *triage))


def _ids(
    connection: sqlite3.Connection, chosen: Selection, part: _Part, *, whole: bool
) -> tuple[str, tuple[str | int, ...]]:
    """The ids: counted back where all are kept, else passed over, from the nearer end, in the cheaper way."""
    oldest, newest = connection.execute(_ENDS).fetchone()
    last = min(chosen.until, newest or 0)
    if oldest and part.total == last - oldest + 1:
        return "SELECT id FROM alerts WHERE id <= ? ORDER BY id DESC LIMIT ?", (last - part.offset, part.limit)
    turned = part.is_nearer_to_the_oldest
    there = part.turned if turned else part
    among, parameters, index = ("1", (), _IN_ORDER) if whole else _among(chosen, there, last - (oldest or 0))
    return (
        f"SELECT id FROM alerts INDEXED BY {index} WHERE {among} AND id <= ?"
        f" ORDER BY id {'' if turned else 'DESC'} LIMIT ? OFFSET ?",
        (*parameters, chosen.until, there.limit, there.offset),
    )


_IN_ORDER, _BY_STACK = "alerts_in_order", "alerts_of_stack"


def _among(chosen: Selection, part: _Part, span: int) -> tuple[str, tuple[str | int, ...], str]:
    """The condition that alerts are of the stacks asked for, and by which index, with ids that ``span`` so many."""
    passed = (part.offset + part.limit) * span // max(part.total, 1)
    special = ",".join(str(row.stack) for row in chosen.special)
    wanted = f"SELECT id FROM stacks WHERE {chosen.where} UNION ALL SELECT id FROM stacks WHERE id IN ({special})"
    return f"stack IN ({wanted})", chosen.parameters, _BY_STACK if part.total * _SORTED < passed else _IN_ORDER


def _single(alert: Alert, triage: Triage) -> StackRow:
    return row_of(alert, count=1, first=alert.time, triage=triage, told="")


def _triage(connection: sqlite3.Connection, stack: int) -> Triage:
    row: Any = stack_of(connection, stack)
    return Triage(row.acknowledged, row.state, row.muted_until, row.note, row.who) if row else Triage()

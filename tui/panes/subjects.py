"""What an alert is about, in words: its ancestry with relatives and their alerts, its container, its rule."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content

from engine.alerts import Alert, Ancestor, Priority
from engine.ending import ending
from engine.protocol import (
    Alerts,
    Around,
    Containers,
    Entry,
    GetEntry,
    ListAlerts,
    ListAround,
    ListContainers,
    ListProcesses,
    ListRules,
    Processes,
    ProcessRow,
)
from engine.protocol import Rules as RuleRows
from tui import words
from tui.front import Front
from tui.panes import inspect, rule
from tui.panes.base import priority_cell
from tui.texts import entry as entry_text
from tui.texts import lineage
from tui.texts.alert import facts, lines, section
from tui.theme import Span, priority_tone
from tui.trees.drawing import guides
from tui.widgets.cutting import short

_ALERTS = 200
"""Alerts of the container that are looked through for those of the same tree."""
Key = tuple[int, int]


class Family(NamedTuple):
    """The process tree that an alert is part of."""

    rows: list[ProcessRow]
    """From where it begins, in tree order."""
    origin: str
    """Where they are from, unless that is the present."""
    kin: list[Alert]
    """The other alerts of it, the oldest first."""
    entry: Entry


def top(alert: Alert) -> Ancestor | None:
    """Where its tree begins: by which somebody entered the container, or the parent on the host."""
    outside, inside = lineage.split(alert.lineage)
    if inside:
        return inside[0]
    return outside[-2] if len(outside) > 1 else outside[-1] if outside else None


async def ancestry(front: Front, alert: Alert) -> Content:
    """The way down to it, its relatives as they are now, and their alerts."""
    beginning = top(alert)
    if beginning is None:
        return lines([("No process did this: it came from Docker.", "dim")])
    return drawn(alert, await family(front, alert, beginning))


async def family(front: Front, alert: Alert, beginning: Ancestor) -> Family:
    """All that is known of the tree that it is part of."""
    (rows, origin), kin, entry = await asyncio.gather(
        _relatives(front, alert, beginning), _kin(front, alert, beginning), front.ask(GetEntry(alert.id), Entry)
    )
    return Family(rows, origin, kin, entry)


def drawn(alert: Alert, family: Family) -> Content:
    """The way down to it, its relatives, and their alerts."""
    return lines(
        *lineage.draw(alert),
        *entry_text.describe(family.entry, alert),
        *section(f"The whole tree{family.origin}", _tree(family.rows, alert)),
        *section("Other alerts of it", [_alert(other, alert) for other in family.kin]),
    )


async def entry_of(front: Front, alert: Alert) -> list[list[Span]]:
    """How somebody came there."""
    return entry_text.describe(await front.ask(GetEntry(alert.id), Entry), alert)


async def _kin(front: Front, alert: Alert, beginning: Ancestor) -> list[Alert]:
    """The other alerts of its tree, the oldest first."""
    found = (await front.ask(ListAlerts(container_id=beginning.container_id, limit=_ALERTS), Alerts)).rows
    return [other for other in reversed(found) if other.id != alert.id and _is_of_tree(other, beginning)]


async def _relatives(front: Front, alert: Alert, beginning: Ancestor) -> tuple[list[ProcessRow], str]:
    """The tree that it is part of, as it is now or else as it was kept with the alert; and where that is from."""
    key = (beginning.pid, beginning.start)
    if rows := below((await front.ask(ListProcesses(beginning.container_id), Processes)).rows, key):
        return rows, ""
    kept = (await front.ask(ListAround(alert.id, limit=0), Around)).processes
    return below(kept, key), ", as it was kept with the alert"


def _is_of_tree(alert: Alert, beginning: Ancestor) -> bool:
    return any((step.pid, step.start) == (beginning.pid, beginning.start) for step in alert.lineage)


def below(rows: Sequence[ProcessRow], key: Key) -> list[ProcessRow]:
    """A process and all that descends from it, of rows in tree order."""
    first = next((index for index, row in enumerate(rows) if (row.pid, row.start) == key), len(rows))
    end = next((n for n in range(first + 1, len(rows)) if rows[n].depth <= rows[first].depth), len(rows))
    return list(rows[first:end])


def _tree(rows: Sequence[ProcessRow], alert: Alert) -> list[list[Span]]:
    culprit = (alert.process.pid, alert.process.start) if alert.process else None
    least = rows[0].depth if rows else 0
    drawn = guides([row.depth - least for row in rows])
    return [
        _node(row, guide, alert if (row.pid, row.start) == culprit else None)
        for row, guide in zip(rows, drawn, strict=True)
    ]


def _node(row: ProcessRow, guide: str, alert: Alert | None) -> list[Span]:
    tone = priority_tone(alert.priority) if alert else "dim" if row.exit_time else ""
    life = f"{ending(row.exit_status)} {words.clock(row.exit_time)}" if row.exit_time else words.clock(row.started)
    who = [row.user or f"uid {row.uid}", words.terminal(row.tty), f"pid {row.pid}", life]
    return [
        (guide, "faint"),
        (short(row.cmdline or row.name, lineage.WIDTH), tone),
        ("  ◀ this alert" if alert else "", "strong"),
        (_counts(row), "warn"),
        ("  " + " · ".join(word for word in who if word), "dim"),
    ]


def _counts(row: ProcessRow) -> str:
    """Its alerts by priority, the most severe first; of those kept by an earlier version only how many."""
    if not row.severities:
        worst = f", worst {row.worst.label}" if row.worst is not None else ""
        return f"  {words.plural(row.alerts, 'alert')}{worst}" if row.alerts else ""
    counts = ((priority.label, row.severities.get(priority.label, 0)) for priority in Priority)
    return "  " + ", ".join(f"{label} ×{number}" for label, number in counts if number)


def _alert(other: Alert, alert: Alert) -> list[Span]:
    apart = (other.time - alert.time) / words.SECOND
    return [
        *priority_cell(other.priority),
        (f"  {apart:+9.1f} s  ", "dim"),
        (other.rule, ""),
        (f"  {other.target}", "dim"),
    ]


async def container(front: Front, alert: Alert) -> Content:
    """The container as it is now, or as it was known then."""
    if alert.container is None:
        return lines([("This happened on the host, in no container.", "dim")])
    rows = (await front.ask(ListContainers(), Containers)).rows
    row = next((row for row in rows if row.info.id == alert.container.id), None)
    if row is not None:
        return inspect.describe(row)
    if kept := (await front.ask(ListAround(alert.id, limit=0), Around)).container:
        was = lines([("This container is no longer known; this is what was kept with the alert.", "dim")], [])
        return Content("\n").join([was, inspect.describe(kept)])
    known = [("Container", alert.container.name), ("Id", alert.container.id), ("Image", alert.container.image)]
    return lines([("This container is no longer known; this is what was known then.", "dim")], [], *facts(known))


async def rule_of(front: Front, alert: Alert) -> Content:
    """The rule as it is now."""
    rows = (await front.ask(ListRules(), RuleRows)).rows
    row = next((row for row in rows if row.name == alert.rule), None)
    if row is None:
        return lines([(rule.missing(alert.rule), "dim")], [], [(alert.description, "")], *rule.in_words(alert.tags))
    return rule.describe(row, front.now())

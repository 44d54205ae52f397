"""An alert in words: what the detail beside the list and the full screen show."""

from __future__ import annotations

import json
from collections.abc import Sequence

from textual.content import Content

from engine.alerts import Alert, Priority
from engine.protocol import StackRow
from engine.sinks.falco_json import to_falco
from tui import words
from tui.marks import NEW, Mark, told
from tui.sparkline import CELLS, counted
from tui.texts import lineage
from tui.theme import Span, content, priority_tone
from tui.widgets.columns import fit
from tui.widgets.cutting import short

_LABEL = 11
"""Cells of the labels before the facts."""
_PARENT = 90
"""Cells of the parent's command line, two lines beside a list: a runtime's is long, and seldom the point."""


def badge(priority: Priority) -> Span:
    """Letter and word: ``W Warning``."""
    return f"{words.LETTERS[priority]} {priority.label}", priority_tone(priority)


def lines(*rows: list[Span]) -> Content:
    """Rows of spans under each other."""
    return Content("\n").join([content(*row) for row in rows])


def facts(pairs: list[tuple[str, str]]) -> list[list[Span]]:
    """Labels and values under each other, without those that have no value."""
    return [[(f"{label:<{_LABEL}} ", "dim"), (value, "")] for label, value in pairs if value]


def section(title: str, rows: list[list[Span]]) -> list[list[Span]]:
    """Rows under a title, nothing where there are none."""
    return [[], [(title, "accent")], *rows] if rows else []


def preview(row: StackRow) -> Content:
    """What the list knows already, while the alert itself is on its way."""
    return lines([badge(row.priority), ("  ", ""), (row.rule, "strong")], [(words.moment(row.last), "dim")])


def _repeated(row: StackRow | None) -> list[list[Span]]:
    """Of several alerts the first and the last, and when the others came."""
    if row is None or row.count < 2:
        return []
    stacks = f"{words.plural(row.stacks, 'stack')}, " if row.stacks > 1 else ""
    span = f"{stacks}×{row.count:,} from {words.moment(row.first)[:19]} to {words.moment(row.last)[11:19]}"
    each = f"  {words.duration(row.span * -(-len(row.beats) // CELLS))} each" if row.beats else ""
    return [[(span, ""), ("  ", ""), (counted(row.beats), "accent"), (each, "dim")]]


def overview(
    alert: Alert,
    count: int = 1,
    mark: Mark = NEW,
    width: int = 0,
    row: StackRow | None = None,
    *,
    entry: Sequence[list[Span]] = (),
    steps: Sequence[list[Span]] = (),
) -> Content:
    """Everything needed to judge it, the story first. ``width`` is where the tree's lines are cut, 0 for nowhere;
    ``row`` is that of the list, where it is one of several; ``entry`` is how somebody came there, where that was asked
    for; ``steps`` is what to do next."""
    rows: list[list[Span]] = [
        [badge(alert.priority), ("  ", ""), (alert.rule, "strong")],
        [*_moment(alert, count, row), ("  " + " ".join(alert.tags), "dim")],
        *_standing(mark),
        *_repeated(row),
        lineage.glance(alert),
        [],
        *_tree(alert, width),
        *entry,
        *section("Why it matters", [[(alert.description, "")]] if alert.description else []),
        *steps,
        *section("Details", facts(_facts(alert))),
        *section("As Falco prints it", [[(alert.output, "")]]),
        *section("Fields of the output", _fields(alert)),
    ]
    return lines(*rows)


def brief(alert: Alert, count: int = 1, mark: Mark = NEW, width: int = 0, row: StackRow | None = None) -> Content:
    """The same for the few lines below a narrow list: the way, what and who, why it matters, then the rest."""
    rows: list[list[Span]] = [
        [badge(alert.priority), ("  ", ""), (alert.rule, "strong"), ("  ", ""), *_moment(alert, count, row)],
        *_standing(mark),
        *_repeated(row),
        lineage.glance(alert),
        _who_did_what(alert),
        *([[(alert.description, "")]] if alert.description else []),
        [(alert.output, "dim" if alert.description else "")],
        *facts([*_facts(alert), ("Tags", " ".join(alert.tags))]),
        *_tree(alert, width),
    ]
    return lines(*rows)


def _who_did_what(alert: Alert) -> list[Span]:
    process, parent = alert.process, alert.lineage[1] if len(alert.lineage) > 1 else None
    story = [
        words.who(alert.user, alert.uid),
        words.terminal(alert.tty),
        f"pid {process.pid}" if process else "",
        f"parent {parent.name} ({parent.pid})" if parent else "",
    ]
    told = " · ".join(word for word in story if word)
    return [(alert.target, "strong"), ("  " if alert.target else "", ""), (told, "dim")]


def _tree(alert: Alert, width: int) -> list[list[Span]]:
    drawn = lineage.draw(alert, width)
    return [fit(line, width) for line in drawn] if width else drawn


def _standing(mark: Mark) -> list[list[Span]]:
    return [line] if (line := told(mark)) else []


def _moment(alert: Alert, count: int, stack: StackRow | None) -> list[Span]:
    row: list[Span] = [(words.moment(alert.time), "")]
    if stack is not None and stack.stacks > 1:
        row.append(("  the latest", "dim"))
    elif count > 1:
        row.append((f"  ×{count:,}", "strong"))
    return row


def _facts(alert: Alert) -> list[tuple[str, str]]:
    process = alert.process
    parent = alert.lineage[1] if len(alert.lineage) > 1 else None
    return [
        ("What", alert.target),
        ("User", words.who(alert.user, alert.uid)),
        ("Process", f"{process.name} (pid {process.pid}, {process.exepath or '?'})" if process else ""),
        ("Command", process.cmdline if process else ""),
        ("Parent", f"{short(parent.cmdline or parent.name, _PARENT)} (pid {parent.pid})" if parent else ""),
        ("Terminal", words.terminal(alert.tty) or "none"),
        ("Entry", alert.entry),
        ("Container", _container(alert)),
        ("Image", alert.container.image if alert.container else ""),
        ("Event", f"{alert.event_type} #{alert.event_num}" if alert.event_type else ""),
    ]


def _container(alert: Alert) -> str:
    if alert.container is None:
        return "none: on the host"
    privileged = ", privileged" if alert.container.privileged else ""
    return f"{lineage.container_name(alert)} ({alert.container.id[:12]}{privileged})"


def _fields(alert: Alert) -> list[list[Span]]:
    """The fields of the rule's output, by Falco's names."""
    width = max(map(len, alert.output_fields), default=0)
    return [[(f"{name:<{width}}  ", "dim"), (_value(value), "")] for name, value in sorted(alert.output_fields.items())]


def _value(value: object) -> str:
    return "–" if value is None else str(value)


def as_json(alert: Alert) -> Content:
    """The object that Falco would print."""
    return content((json.dumps(to_falco(alert), indent=2, ensure_ascii=False), ""))

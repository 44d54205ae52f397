"""The tables of rules, fields and event types as lines of text, in aligned columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine.lang.fields import FIELDS
from engine.rules.ruleset import Rule
from engine.schema import EVENT_TYPES


def rule_lines(rules: Sequence[Rule]) -> Iterator[str]:
    """On or off, priority, name, tags."""
    return _columns(
        ("on" if rule.enabled else "off", rule.priority.label, rule.name, " ".join(rule.tags)) for rule in rules
    )


def field_lines() -> Iterator[str]:
    """Name, type, meaning; the meaning of one that is not served says why."""
    return _columns((name, row.type, row.description) for name, row in sorted(FIELDS.items()))


def event_lines() -> Iterator[str]:
    """Name, meaning, and the names for ``evt.arg``."""
    return _columns((row.name, row.help, " ".join(param.name for param in row.params)) for row in EVENT_TYPES)


def _columns(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

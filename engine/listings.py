"""The tables of rules, fields and event types: lines of text in aligned columns, and rows for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from engine import origins
from engine.attack import named
from engine.lang.field import Field, shape_of
from engine.lang.fields import FIELDS
from engine.rules.ruleset import Rule
from engine.schema import EVENT_TYPES, EventType


def rule_lines(rules: Sequence[Rule]) -> Iterator[str]:
    """On or off, priority, name, tags."""
    return _columns(
        ("on" if rule.enabled else "off", rule.priority.label, rule.name, " ".join(rule.tags)) for rule in rules
    )


def field_lines() -> Iterator[str]:
    """Name with its argument, type, meaning, what it is read from, and an example; the meaning of one that is not
    served says why."""
    return _columns(
        (name + _brackets(row), str(shape_of(row)), row.description, _origin(row), row.example)
        for name, row in sorted(FIELDS.items())
    )


def _brackets(row: Field) -> str:
    """``[N]`` for an argument that must be there, ``[N]?`` for one that may."""
    return f"[{row.argument}]{'' if row.argument_required else '?'}" if row.argument else ""


def _origin(row: Field) -> str:
    return "" if row.unserved else origins.of_field(row.name)


def event_lines() -> Iterator[str]:
    """Name, meaning, tracepoint, and the names for ``evt.arg``, each with what it is read from."""
    return _columns((row.name, row.help, origins.of_event(row), _parameters(row)) for row in EVENT_TYPES)


def _parameters(row: EventType) -> str:
    return " ".join(param.name + origins.short(origins.of_param(row, param)) for param in row.params)


def rule_rows(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """The rules, in their order."""
    return [
        {
            "name": rule.name,
            "priority": rule.priority.label,
            "enabled": rule.enabled,
            "source": rule.source,
            "tags": list(rule.tags),
            "named_by_tags": [msgspec.to_builtins(one) for one in named(rule.tags)],
            "events": sorted(rule.event_types),
            "description": rule.description,
            "condition": rule.condition,
            "output": rule.output,
            "file": rule.file,
            "line": rule.line,
            "unserved": list(rule.unserved),
        }
        for rule in rules
    ]


def field_rows() -> list[dict[str, Any]]:
    """The fields by name; ``unserved`` says why one cannot be read here."""
    return [
        {
            "name": name,
            "type": row.type,
            "is_list": row.is_list,
            "argument": row.argument,
            "argument_required": row.argument_required,
            "filter_only": row.filter_only,
            "description": row.description,
            "example": row.example,
            "read_from": _origin(row),
            "unserved": row.unserved,
        }
        for name, row in sorted(FIELDS.items())
    ]


def event_rows() -> list[dict[str, Any]]:
    """The event types in the order of the table."""
    return [
        {
            "name": row.name,
            "category": row.category,
            "description": row.help,
            "tracepoint": origins.of_event(row),
            "parameters": [
                {"name": param.name, "type": param.type.split()[0], "read_from": origins.of_param(row, param)}
                for param in row.params
            ],
        }
        for row in EVENT_TYPES
    ]


def _columns(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

"""The fields by which alerts can be filtered in the rule language, in memory and in the store.

Each column is read from a :class:`engine.filters.alert_filter.Subject` by a function and from the table of stacks by an
SQL expression of the same meaning; NULL is a missing value. A check on a missing value does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, get_args

from engine.alerts import Priority
from engine.errors import UsageError
from engine.filters.query import Column, Table
from engine.lang.check import Leaf, leaf
from engine.lang.nodes import And, Check, Constant, FieldRef, Node, Not, Or
from engine.lang.operators import OPERATORS, Test
from engine.lang.types import FieldType, Group
from engine.protocol.rows import State

# The texts of conditions are put together from constants only; values always go in as parameters.
# ruff: noqa: S608

STATES: tuple[str, ...] = get_args(State)
"""All states that an alert can have."""

Sql = tuple[str, tuple[str | int, ...]]


@dataclass(frozen=True, slots=True)
class AlertColumn(Column[Any]):
    """A column of alerts. ``sql`` is its value in the table of stacks."""

    sql: str = ""


def _text(name: str, column: str, short: str) -> AlertColumn:
    get = attrgetter(column)
    return AlertColumn(name, lambda subject: get(subject) or None, short, sql=f"nullif({column}, '')")


def _container_name(subject: Any) -> str | None:
    return (subject.container or None) if subject.container_id else "host"


def _container_id(subject: Any) -> str:
    return subject.container_id[:12] or "host"


LEVELS = {level.label.casefold(): int(level) for level in Priority} | {"info": int(Priority.INFORMATIONAL)}
"""Priorities by the words for them: 0 is the most severe."""


ALERTS: Table[Any] = Table(
    _text("rule.name", "rule", "rule"),
    AlertColumn("rule.priority", attrgetter("priority"), "priority", FieldType.UINT8, LEVELS, sql="priority"),
    AlertColumn("rule.tags", lambda subject: tuple(subject.tags) or None, "tag", many=True, sql="tags"),
    AlertColumn(
        "container.name",
        _container_name,
        "container",
        sql="iif(container_id = '', 'host', nullif(container, ''))",
    ),
    AlertColumn("container.id", _container_id, sql="iif(container_id = '', 'host', substr(container_id, 1, 12))"),
    _text("container.image", "image", "image"),
    _text("proc.name", "process", "process"),
    _text("proc.cmdline", "cmdline", "cmdline"),
    _text("proc.pname", "parent", "parent"),
    _text("user.name", "user", "user"),
    _text("fd.name", "target", "target"),
    replace(_text("alert.state", "state", "state"), only=STATES),
)
"""What an alert can be asked for."""

_COMPARED = {"=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_FITTED = frozenset({"glob", "iglob", "regex", "pmatch"})
"""Operators that SQL leaves to :func:`fits`."""


def fits(word: str, operand: str, value: str | None) -> bool:
    """An operator on text as the rule language has it: the SQL function of the same name."""
    test: Test = OPERATORS[word].tests[Group.STRING]
    return value is not None and test.holds(value, (operand,))


def condition(node: Node) -> Sql:
    """A condition on the table of stacks. Raises UsageError for what SQL cannot say."""
    match node:
        case Check():
            return _check(node)
        case Not(child=child):
            text, parameters = condition(child)
            return f"NOT {text}", parameters
        case And(children=children):
            return _joined(" AND ", children)
        case Or(children=children):
            return _joined(" OR ", children)
        case Constant(value=value):
            return str(int(value)), ()
    raise AssertionError(f"{node} was refused before")


def _joined(word: str, children: Sequence[Node]) -> Sql:
    parts = [condition(child) for child in children]
    return f"({word.join(text for text, _ in parts)})", tuple(value for _, values in parts for value in values)


def _check(check: Check) -> Sql:
    ready = leaf(check, ALERTS.resolve)
    if not isinstance(check.left, FieldRef) or ready.right is not None or ready.modifier:
        raise UsageError(
            f"filter, column {check.position + 1}: alerts are compared with values only",
            hint="no transformers, val() and modifiers here",
        )
    column = ALERTS.columns[check.left.name]
    assert isinstance(column, AlertColumn)
    return _of_many(ready, column.sql) if column.many else _of_one(ready, column.sql)


def _of_one(ready: Leaf, value: str) -> Sql:
    if ready.operator.word == "exists":
        return f"({value} IS NOT NULL)", ()
    if ready.operator.kind == "list" and ready.operator.word not in _FITTED:
        marks = ", ".join("?" * len(ready.operands))
        return f"ifnull({value} IN ({marks}), 0)", tuple(ready.operands)
    tests = [_test(ready.operator.word, value, operand) for operand in ready.operands]
    text = " OR ".join(text for text, _ in tests) or "0"
    return f"ifnull({text}, 0)", tuple(parameter for _, parameters in tests for parameter in parameters)


def _of_many(ready: Leaf, value: str) -> Sql:
    """A check on a JSON array. ``!=`` holds if it holds for all of at least one."""
    if ready.operator.word == "exists":
        return f"(json_array_length({value}) > 0)", ()
    if ready.operator.word != "!=":
        text, parameters = _of_one(ready, "value")
        return f"EXISTS (SELECT 1 FROM json_each({value}) WHERE {text})", parameters
    alike = f"EXISTS (SELECT 1 FROM json_each({value}) WHERE value = ?)"
    return f"(json_array_length({value}) > 0 AND NOT {alike})", tuple(ready.operands)


def _test(word: str, value: str, operand: Any) -> Sql:
    if word in _FITTED:
        return f"fits(?, ?, {value})", (word, operand)
    return _TESTS[word](value, operand)


def _compared(sign: str) -> Callable[[str, Any], Sql]:
    return lambda value, operand: (f"{value} {sign} ?", (operand,))


def _ends(value: str, operand: str) -> Sql:
    return (f"substr({value}, ?) = ?", (-len(operand), operand)) if operand else (f"{value} IS NOT NULL", ())


_TESTS: dict[str, Callable[[str, Any], Sql]] = {
    **{word: _compared(sign) for word, sign in _COMPARED.items()},
    "contains": lambda value, operand: (f"instr({value}, ?) > 0", (operand,)),
    "icontains": lambda value, operand: (f"instr(lower({value}), lower(?)) > 0", (operand,)),
    "startswith": lambda value, operand: (f"instr({value}, ?) = 1", (operand,)),
    "endswith": _ends,
}

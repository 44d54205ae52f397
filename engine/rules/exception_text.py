"""A rule's condition with its exceptions: each becomes text, with the places of its parts."""

from __future__ import annotations

from collections.abc import Sequence

from engine.lang.operators import MODIFIERS, OPERATORS
from engine.rules.definitions import ExceptionDefinition, RuleDefinition, Value
from engine.rules.text import Text

LIST_WORDS = frozenset(word for word, row in OPERATORS.items() if row.kind == "list")
MODIFIED = frozenset(f"{word} {modifier}" for word, row in OPERATORS.items() if row.modifiers for modifier in MODIFIERS)
TAKES_LIST = LIST_WORDS | MODIFIED
"""Operators, with their modifiers, behind which a list stands."""


def condition(rule: RuleDefinition) -> Text:
    """The rule's condition with its exceptions."""
    own = rule.condition
    if not rule.exceptions:
        return own
    parts = [Text.before_all("(", own), own, Text.behind_all(")", own)]
    for definition in rule.exceptions:
        if definition.values or definition.tuples:
            parts += [Text.at(" and not ", definition.place), _condition(definition)]
    return Text().join(parts)


def _condition(definition: ExceptionDefinition) -> Text:
    there = Text.at("(", definition.place)
    if definition.single:
        check = _check(definition.fields[0], definition.operators[0], list(definition.values))
        return _wrapped([check], " ", there)
    tuples = [
        _wrapped(
            [_check(*parts) for parts in zip(definition.fields, definition.operators, values, strict=True)],
            " and ",
            there,
        )
        for values in definition.tuples
    ]
    return _wrapped(tuples, " or ", there)


def _check(field: Text, operator: Text, value: Value) -> Text:
    if isinstance(value, list):
        shown = _wrapped([_quoted(part) for part in value], ", ", field)
    elif operator.value in TAKES_LIST:
        shown = value if value.value.startswith("(") else _wrapped([value], ", ", value)
    else:
        shown = _quoted(value)
    return field + " " + operator + " " + shown


def _quoted(text: Text) -> Text:
    """Pasted as it is, in quotes when it holds a blank."""
    if " " in text.value and not text.value.startswith(("'", '"')):
        return Text.before_all('"', text) + text + '"'
    return text


def _wrapped(parts: Sequence[Text], separator: str, there: Text) -> Text:
    """The parts in parentheses, which stand with what is between the parts where a text begins."""
    between = Text.before_all(separator, there)
    return Text().join([Text.before_all("(", there), between.join(parts), Text.before_all(")", there)])

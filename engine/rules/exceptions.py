"""Exceptions of rules: read from a file, merged, and turned into the text that is added to a rule's condition."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from engine.lang.operators import MODIFIERS, OPERATORS
from engine.rules.definitions import ExceptionDefinition, RuleDefinition, Value
from engine.rules.text import Place, Text
from engine.rules.yaml_items import VALIDATE, Item, ItemError, is_null

_LIST_WORDS = frozenset(word for word, row in OPERATORS.items() if row.kind == "list")
_MODIFIED = frozenset(
    f"{word} {modifier}" for word, row in OPERATORS.items() if row.modifiers for modifier in MODIFIERS
)
_TAKES_LIST = _LIST_WORDS | _MODIFIED
_BINARY = frozenset(word for word, row in OPERATORS.items() if row.kind != "unary") | _MODIFIED


def read(item: Item, known: RuleDefinition | None) -> list[tuple[ExceptionDefinition, bool]]:
    """The exceptions of an item, and for each whether it has values.

    ``known`` is the rule they are appended to. Raises ItemError.
    """
    if "exceptions" not in item or is_null(item.nodes["exceptions"]):
        return []
    found = []
    for node in item.sequence("exceptions"):
        if not isinstance(node, yaml.MappingNode):
            raise ItemError(VALIDATE, "Item is not a mapping", item.source.place(node), "write - name: …")
        entry = Item(item.source, node)
        found.append((_read_one(entry, known), "values" in entry))
    return found


def _read_one(entry: Item, known: RuleDefinition | None) -> ExceptionDefinition:
    name = entry.text("name").value
    earlier = known.exception(name) if known else None
    if earlier is None:
        if known is None:
            entry.require("fields")
        definition = _fields(entry, name)
    elif "fields" in entry or "comps" in entry:
        message = "Can not append exception fields to existing exception, only values"
        raise ItemError(VALIDATE, message, entry.place_of("fields" if "fields" in entry else "comps"))
    else:
        definition = ExceptionDefinition(name, earlier.fields, earlier.operators, earlier.single, entry.place)
    _values(entry, definition)
    return definition


def _fields(entry: Item, name: str) -> ExceptionDefinition:
    """Fields and comparison operators of a new exception."""
    if "fields" not in entry:
        raise ItemError(
            VALIDATE, f"Rule exception item {name}: must have fields property with a list of fields", entry.place
        )
    single = isinstance(entry.nodes["fields"], yaml.ScalarNode)
    fields = [entry.text("fields")] if single else entry.texts("fields")
    operators = _operators(entry, single, fields)
    for operator in operators:
        _check_operator(operator, single)
    return ExceptionDefinition(name, fields, operators, single, entry.place)


def _operators(entry: Item, single: bool, fields: Sequence[Text]) -> list[Text]:
    if "comps" not in entry:
        return [Text.at("in" if single else "=", entry.place)] * len(fields)
    if single:
        return [entry.text("comps").stripped()]
    operators = [text.stripped() for text in entry.texts("comps")]
    if len(operators) != len(fields):
        raise ItemError(VALIDATE, "Fields and comps lists must have equal length", entry.place_of("comps"))
    return operators


def _check_operator(operator: Text, single: bool) -> None:
    if operator.value not in _BINARY:
        message = f"'{operator}' is not a supported comparison operator"
        raise ItemError(VALIDATE, message, operator.place(0), "operators: " + ", ".join(OPERATORS))
    if single and operator.value not in _TAKES_LIST:
        message = f"Rule exception with one field: '{operator}' takes no list of values"
        raise ItemError(VALIDATE, message, operator.place(0), "use in, pmatch, intersects, or write fields as a list")


def _values(entry: Item, definition: ExceptionDefinition) -> None:
    if "values" not in entry:
        return
    for node in entry.sequence("values"):
        if definition.single:
            definition.values.append(entry.element(node, "values"))
        else:
            definition.tuples.append(_tuple(entry, node, len(definition.fields)))


def _tuple(entry: Item, node: yaml.Node, length: int) -> list[Value]:
    if not isinstance(node, yaml.SequenceNode) or len(node.value) != length:
        message = "Fields and values lists must have equal length"
        raise ItemError(VALIDATE, message, entry.source.place(node), f"each entry needs {length} values: [a, b]")
    return [_value(entry, part) for part in node.value]


def _value(entry: Item, node: yaml.Node) -> Value:
    if isinstance(node, yaml.SequenceNode):
        return [entry.element(part, "values") for part in node.value]
    return entry.element(node, "values")


def merge(rule: RuleDefinition, exceptions: Sequence[ExceptionDefinition]) -> None:
    """Add exceptions, and values of those the rule has already."""
    for new in exceptions:
        old = rule.exception(new.name)
        if old is None:
            rule.exceptions.append(new)
        else:
            old.values += new.values
            old.tuples += new.tuples


def condition(rule: RuleDefinition) -> Text:
    """The rule's condition with its exceptions."""
    if not rule.exceptions:
        return rule.condition
    start = rule.condition.place(0)
    text = Text.at("(", start) + rule.condition + Text.at(")", rule.condition.place(len(rule.condition.value)))
    for definition in rule.exceptions:
        if definition.values or definition.tuples:
            text = text + Text.at(" and not ", definition.place) + _condition(definition)
    return text


def _condition(definition: ExceptionDefinition) -> Text:
    place = definition.place
    if definition.single:
        check = _check(definition.fields[0], definition.operators[0], list(definition.values))
        return _wrapped([check], " ", place)
    tuples = [
        _wrapped(
            [_check(*parts) for parts in zip(definition.fields, definition.operators, values, strict=True)],
            " and ",
            place,
        )
        for values in definition.tuples
    ]
    return _wrapped(tuples, " or ", place)


def _check(field: Text, operator: Text, value: Value) -> Text:
    if isinstance(value, list):
        shown = _wrapped([_quoted(part) for part in value], ", ", field.place(0))
    elif operator.value in _TAKES_LIST and not value.value.startswith("("):
        shown = _wrapped([_quoted(value)], ", ", value.place(0))
    else:
        shown = _quoted(value)
    return field + " " + operator + " " + shown


def _quoted(text: Text) -> Text:
    """Pasted as it is, in quotes when it holds a blank."""
    if " " in text.value and not text.value.startswith(("'", '"', "(")):
        return Text.at('"', text.place(0)) + text + '"'
    return text


def _wrapped(parts: Sequence[Text], separator: str, place: Place) -> Text:
    text = Text.at("(", place)
    for number, part in enumerate(parts):
        text = text + (separator if number else "") + part
    return text + ")"

"""Exceptions of rules: read from a file, merged, and turned into the text that is added to a rule's condition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml

from engine.lang.check import CheckError, source
from engine.lang.fields import resolve
from engine.lang.grammar import ConditionError, parse_left
from engine.lang.operators import MODIFIERS, OPERATORS
from engine.rules.definitions import ExceptionDefinition, RuleDefinition, Value
from engine.rules.text import Place, Text
from engine.rules.yaml_items import VALIDATE, YAML_VALIDATE, Item, ItemError, is_null

_LIST_WORDS = frozenset(word for word, row in OPERATORS.items() if row.kind == "list")
_MODIFIED = frozenset(
    f"{word} {modifier}" for word, row in OPERATORS.items() if row.modifiers for modifier in MODIFIERS
)
_TAKES_LIST = _LIST_WORDS | _MODIFIED
_BINARY = frozenset(word for word, row in OPERATORS.items() if row.kind != "unary") | _MODIFIED


def read(item: Item, known: RuleDefinition | None = None, *, checked: bool = True) -> list[ExceptionDefinition]:
    """The exceptions of an item. Raises ItemError.

    ``known`` is the rule they are appended to. Fields and operators of a rule whose source is unknown, or of exceptions
    that replace others, are not ``checked`` here.
    """
    return [_read_one(entry, known, checked) for entry in entries(item)]


def without_values(item: Item) -> Iterator[tuple[str, Place]]:
    """Name and place of each exception of an item that has no ``values``: often ``value`` was written."""
    for entry in entries(item):
        if "values" not in entry:
            yield entry.text("name").value, entry.place


def entries(item: Item) -> Iterator[Item]:
    """The exceptions of an item, each as an item of its own. Raises ItemError."""
    if "exceptions" not in item or is_null(item.nodes["exceptions"]):
        return
    for node in item.sequence("exceptions"):
        if not isinstance(node, yaml.MappingNode):
            raise ItemError(YAML_VALIDATE, "Rule exception must be a mapping", item.source.place(node), "- name: …")
        yield Item(item.source, node)


def _read_one(entry: Item, known: RuleDefinition | None, checked: bool) -> ExceptionDefinition:
    name = entry.text("name").value
    earlier = known.exception(name) if known else None
    if earlier is None:
        definition = _new(entry, name, is_appended=known is not None, checked=checked)
    elif "fields" in entry or "comps" in entry:
        what = "fields" if "fields" in entry else "comps"
        message = f"Can not append exception {what} to existing exception, only values"
        raise ItemError(VALIDATE, message, entry.place_of(what))
    else:
        definition = ExceptionDefinition(name, earlier.fields, earlier.operators, earlier.single, entry.place)
    _values(entry, definition, checked)
    if known is not None and earlier is None and not (definition.values or definition.tuples):
        message = "Rule exception must have values property with a list of values"
        raise ItemError(VALIDATE, message, entry.place, "values: [[a, b], …]")
    return definition


def _new(entry: Item, name: str, *, is_appended: bool, checked: bool) -> ExceptionDefinition:
    """Fields and comparison operators of a new exception."""
    if is_appended and "fields" not in entry:
        message = "Rule exception must have fields property with a list of fields"
        raise ItemError(VALIDATE, message, entry.place, f"the rule has no exception '{name}' to append to")
    entry.require("fields")
    single = isinstance(entry.nodes["fields"], yaml.ScalarNode)
    fields = [entry.text("fields")] if single else entry.texts("fields")
    operators = _operators(entry, single, fields)
    if checked:
        for operator in operators:
            _check_operator(operator, single)
        for field in fields:
            _check_field(field)
    return ExceptionDefinition(name, fields, operators, single, entry.place)


def _operators(entry: Item, single: bool, fields: Sequence[Text]) -> list[Text]:
    if "comps" not in entry:
        return [Text.at("in" if single else "=", entry.place)] * len(fields)
    is_list = isinstance(entry.nodes["comps"], yaml.SequenceNode)
    if single and is_list:
        raise ItemError(VALIDATE, "Fields and comps must both be strings", entry.place_of("comps"))
    operators = [text.stripped() for text in (entry.texts("comps") if is_list else [entry.text("comps")])]
    if not single and (not is_list or len(operators) != len(fields)):
        raise ItemError(VALIDATE, "Fields and comps lists must have equal length", entry.place_of("comps"))
    return operators


def _check_operator(operator: Text, single: bool) -> None:
    if operator.value not in _BINARY:
        message = f"'{operator}' is not a supported comparison operator"
        raise ItemError(VALIDATE, message, operator.place(0), "operators: " + ", ".join(OPERATORS))
    if single and operator.value not in _TAKES_LIST:
        message = f"Rule exception with one field: '{operator}' takes no list of values"
        raise ItemError(VALIDATE, message, operator.place(0), "use in, pmatch, intersects, or write fields as a list")


def _check_field(field: Text) -> None:
    try:
        term, end = parse_left(field.value)
        if end != len(field.value):
            raise ConditionError("not a field", field.value, end)
        source(term, resolve)
    except (CheckError, ConditionError) as error:
        message = f"'{field}' is not a supported filter field"
        raise ItemError(VALIDATE, message, field.place(0), error.hint) from None


def _values(entry: Item, definition: ExceptionDefinition, checked: bool) -> None:
    if "values" not in entry:
        return
    if not isinstance(entry.nodes["values"], yaml.SequenceNode):
        raise entry.fail("Rule exception values must be a sequence", "values", "write a list: [a, b]")
    for node in entry.sequence("values"):
        if definition.single:
            definition.values.append(_single(entry, node))
        else:
            definition.tuples.append(_tuple(entry, node, len(definition.fields) if checked else None))


def _single(entry: Item, node: yaml.Node) -> Text:
    if isinstance(node, yaml.SequenceNode):
        message = "Expected values array to contain a list of strings"
        raise ItemError(VALIDATE, message, entry.source.place(node), "with one field: values: [a, b]")
    return _word(entry, node)


def _tuple(entry: Item, node: yaml.Node, length: int | None) -> list[Value]:
    parts = node.value if isinstance(node, yaml.SequenceNode) else []
    if length is not None and len(parts) != length:
        message = "Fields and values lists must have equal length"
        raise ItemError(VALIDATE, message, entry.source.place(node), f"each entry needs {length} values: [a, b]")
    return [_value(entry, part) for part in parts]


def _value(entry: Item, node: yaml.Node) -> Value:
    if isinstance(node, yaml.SequenceNode):
        return [_word(entry, part) for part in node.value]
    return _word(entry, node)


def _word(entry: Item, node: yaml.Node) -> Text:
    text = entry.element(node, "values")
    if not text.value:
        raise ItemError(YAML_VALIDATE, "Value must be non-empty", entry.source.place(node))
    return text


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
    parts = [Text.at("(", start), rule.condition, Text.at(")", rule.condition.place(len(rule.condition.value)))]
    for definition in rule.exceptions:
        if definition.values or definition.tuples:
            parts += [Text.at(" and not ", definition.place), _condition(definition)]
    return Text().join(parts)


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
    elif operator.value in _TAKES_LIST:
        shown = value if value.value.startswith("(") else _wrapped([value], ", ", value.place(0))
    else:
        shown = _quoted(value)
    return field + " " + operator + " " + shown


def _quoted(text: Text) -> Text:
    """Pasted as it is, in quotes when it holds a blank."""
    if " " in text.value and not text.value.startswith(("'", '"')):
        return Text.at('"', text.place(0)) + text + '"'
    return text


def _wrapped(parts: Sequence[Text], separator: str, place: Place) -> Text:
    return Text().join([Text.at("(", place), Text.at(separator, place).join(parts), Text.at(")", place)])

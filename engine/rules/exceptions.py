"""Exceptions of rules: read from a file, and merged. :mod:`engine.rules.exception_text` makes conditions of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import yaml

from engine.lang.check import CheckError, source
from engine.lang.fields import resolve
from engine.lang.grammar import ConditionError, parse_left
from engine.lang.operators import OPERATORS
from engine.rules.definitions import ExceptionDefinition, RuleDefinition, Value
from engine.rules.exception_text import MODIFIED, TAKES_LIST
from engine.rules.text import Place, Text
from engine.rules.yaml_items import VALIDATE, YAML_VALIDATE, Item, ItemError, NoTargetError, is_null

Warn = Callable[[str, str, Place], None]
"""Takes a code, an exception's name and its place."""

_NO_FIELDS = "Rule exception item must have fields property with a list of fields"
_KNOWN = OPERATORS.keys() | MODIFIED


class _Draft(NamedTuple):
    """An exception as it is written. A property that is null, a mapping or an empty list is as if it were not there."""

    entry: Item
    name: str
    fields: list[Text]
    comps: list[Text]
    values: list[yaml.Node]

    def is_single(self, key: str) -> bool:
        """Whether a property is one word, not a list."""
        return isinstance(self.entry.nodes.get(key), yaml.ScalarNode)


class _Checks(NamedTuple):
    """What is checked when a definition is read."""

    is_served: bool
    replaces: bool


def read(
    item: Item, warn: Warn, known: RuleDefinition | None = None, *, is_served: bool = True, replaces: bool = False
) -> list[ExceptionDefinition]:
    """The exceptions of an item. Raises ItemError.

    ``known`` is the rule they are appended to. Where the source of the rule is not served, nobody knows its fields. Of
    exceptions that replace others, fields and operators are not checked before the rule is compiled.
    """
    checks = _Checks(is_served, replaces)
    drafts: list[_Draft] = []
    for entry in entries(item):
        draft = _draft(entry, is_appended=known is not None)
        for other in drafts:
            if other.name == draft.name:
                warn("LOAD_EXCEPTION_NAME_NOT_UNIQUE", draft.name, entry.place)
        if known is not None and "values" not in entry:
            warn("LOAD_APPEND_NO_VALUES", draft.name, entry.place)
        drafts.append(draft)
    return [_definition(draft, known, checks) for draft in drafts]


def entries(item: Item) -> Iterator[Item]:
    """The exceptions of an item, each as an item of its own. Raises ItemError."""
    if "exceptions" not in item or is_null(item.nodes["exceptions"]):
        return
    for node in item.sequence("exceptions"):
        if not isinstance(node, yaml.MappingNode):
            raise ItemError(YAML_VALIDATE, "Rule exception must be a mapping", item.source.place(node), "- name: …")
        yield Item(item.source, node)


def merge(rule: RuleDefinition, exceptions: Sequence[ExceptionDefinition]) -> None:
    """Add exceptions, and values of those the rule has already."""
    for new in exceptions:
        old = rule.exception(new.name)
        if old is None:
            rule.exceptions.append(new)
        else:
            old.values += new.values
            old.tuples += new.tuples


# ── as it is written ────────────────────────────────────────────────────────────────────────────────────────────────


def _draft(entry: Item, *, is_appended: bool) -> _Draft:
    name = entry.text("name").value
    if not is_appended:
        entry.require("fields")
    fields, comps = _words(entry, "fields"), [text.stripped() for text in _words(entry, "comps")]
    if "values" in entry and not isinstance(entry.nodes["values"], yaml.SequenceNode):
        raise entry.fail("Rule exception values must be a sequence", "values", "write a list: [a, b]")
    values = entry.sequence("values") if "values" in entry else []
    for node in values:
        _refuse_empty(entry, node)
    return _Draft(entry, name, fields, comps, values)


def _words(entry: Item, key: str) -> list[Text]:
    """The words of a property; none for one that is not there, or neither a word nor a list."""
    node = entry.nodes.get(key)
    if node is None or is_null(node) or isinstance(node, yaml.MappingNode):
        return []
    _refuse_empty(entry, node)
    return [_word(entry, part) for part in (node.value if isinstance(node, yaml.SequenceNode) else [node])]


def _refuse_empty(entry: Item, node: yaml.Node) -> None:
    """Raises ItemError for an empty word, and for a list with one in it."""
    if isinstance(node, yaml.SequenceNode):
        for part in node.value:
            _refuse_empty(entry, part)
    elif isinstance(node, yaml.ScalarNode) and not node.value and not is_null(node):
        raise ItemError(YAML_VALIDATE, "Value must be non-empty", entry.source.place(node))


def _word(entry: Item, node: yaml.Node) -> Text:
    """A word. What is none is no text at all, and found where the text is used."""
    if isinstance(node, yaml.ScalarNode) and not is_null(node):
        return entry.scalar(node)
    return Text()


# ── what it means ───────────────────────────────────────────────────────────────────────────────────────────────────


def _definition(draft: _Draft, known: RuleDefinition | None, checks: _Checks) -> ExceptionDefinition:
    earlier = known.exception(draft.name) if known else None
    if earlier is None:
        if known is not None and draft.values and not draft.fields and not draft.comps:
            raise _unknown(draft, known)
        definition = _new(draft, checks)
        if known is not None and not draft.values:
            message = "Rule exception must have values property with a list of values"
            raise ItemError(VALIDATE, message, draft.entry.place, "values: [[a, b], …]")
    elif draft.fields or draft.comps:
        what = "fields" if draft.fields else "comps"
        message = f"Can not append exception {what} to existing exception, only values"
        raise ItemError(VALIDATE, message, draft.entry.place_of(what))
    else:
        definition = ExceptionDefinition(
            draft.name, earlier.fields, earlier.operators, earlier.single, draft.entry.place
        )
    _fill(definition, draft, is_served=checks.is_served)
    return definition


def _unknown(draft: _Draft, known: RuleDefinition) -> NoTargetError:
    """Values for an exception that the rule has not: perhaps another file gives it to the rule."""
    target, place = f"exception '{draft.name}' of rule '{known.name}'", draft.entry.place_of("fields")
    return NoTargetError(_NO_FIELDS, place, target, "fields: [proc.name, fd.name], or first the file that has them")


def _new(draft: _Draft, checks: _Checks) -> ExceptionDefinition:
    """Fields and comparison operators of a new exception."""
    if not draft.fields:
        raise ItemError(VALIDATE, _NO_FIELDS, draft.entry.place_of("fields"), "fields: [proc.name, fd.name]")
    single = draft.is_single("fields")
    operators = _operators(draft, single)
    if not checks.replaces:
        for operator in operators:
            _check_operator(operator, single, draft)
        for field in draft.fields if checks.is_served else ():
            _check_field(field, draft)
    return ExceptionDefinition(draft.name, draft.fields, operators, single, draft.entry.place)


def _operators(draft: _Draft, single: bool) -> list[Text]:
    if not draft.comps:
        return [Text.at("in" if single else "=", draft.entry.place)] * len(draft.fields)
    is_word = draft.is_single("comps")
    if single and not is_word:
        raise ItemError(VALIDATE, "Fields and comps must both be strings", draft.entry.place_of("comps"))
    if not single and (is_word or len(draft.comps) != len(draft.fields)):
        raise ItemError(VALIDATE, "Fields and comps lists must have equal length", draft.entry.place_of("comps"))
    return draft.comps


def _check_operator(operator: Text, single: bool, draft: _Draft) -> None:
    place = operator.place(0) if operator.value else draft.entry.place_of("comps")
    if operator.value not in _KNOWN:
        message = f"'{operator}' is not a supported comparison operator"
        raise ItemError(VALIDATE, message, place, "operators: " + ", ".join(OPERATORS))
    if single and operator.value not in TAKES_LIST:
        message = f"Rule exception with one field: '{operator}' takes no list of values"
        raise ItemError(VALIDATE, message, place, "use in, pmatch, intersects, or write fields as a list")


def _check_field(field: Text, draft: _Draft) -> None:
    try:
        term, end = parse_left(field.value)
        if end != len(field.value):
            raise ConditionError("not a field", field.value, end)
        source(term, resolve)
    except (CheckError, ConditionError) as error:
        message = f"'{field}' is not a supported filter field"
        place = field.place(0) if field.value else draft.entry.place_of("fields")
        raise ItemError(VALIDATE, message, place, error.hint) from None


def _fill(definition: ExceptionDefinition, draft: _Draft, *, is_served: bool) -> None:
    """The values of a draft, as the definition's fields want them."""
    for node in draft.values:
        if definition.single:
            definition.values.append(_single(draft.entry, node, is_served))
        else:
            definition.tuples.append(_tuple(draft.entry, node, len(definition.fields) if is_served else None))


def _single(entry: Item, node: yaml.Node, is_served: bool) -> Text:
    if isinstance(node, yaml.SequenceNode) and is_served:
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

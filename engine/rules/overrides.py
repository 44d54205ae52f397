"""``override``: which keys of an item are appended to, and which replace, what was defined before."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from engine.rules import exceptions
from engine.rules.definitions import SOURCES, RuleDefinition
from engine.rules.priorities import priority
from engine.rules.yaml_items import VALIDATE, YAML_VALIDATE, Item, ItemError, NoTargetError

_APPENDABLE = {
    "rule": ("condition", "output", "desc", "tags", "exceptions"),
    "macro": ("condition",),
    "list": ("items",),
}
_REPLACEABLE = {
    "rule": (
        "condition",
        "output",
        "desc",
        "priority",
        "capture",
        "capture_duration",
        "tags",
        "exceptions",
        "enabled",
        "warn_evttypes",
        "skip-if-unknown-filter",
    ),
    "macro": ("condition",),
    "list": ("items",),
}
_OPERATIONS = ("append", "replace")


@dataclass
class Overrides:
    """The keys under ``override``, by what is done with them."""

    appended: list[str]
    replaced: list[str]

    @property
    def given(self) -> bool:
        """Whether there are any."""
        return bool(self.appended or self.replaced)

    @classmethod
    def of(cls, item: Item, kind: str) -> Overrides:
        """The overrides of an item. Raises ItemError for those that cannot be."""
        result = cls([], [])
        if "override" not in item or isinstance(item.nodes["override"], yaml.ScalarNode):
            return result
        table = _table(item)
        _refuse_both(item)
        for key in table.nodes:
            operation = table.text(key).value
            _check(table, key, operation, kind)
            if key not in item:
                message = f"An {operation} override for '{key}' was specified but '{key}' is not defined"
                raise item.fail(message.replace("An replace", "A replace"), "override")
            (result.appended if operation == "append" else result.replaced).append(key)
        if result.given:
            result._check_rest(item, kind)
        return result

    def _check_rest(self, item: Item, kind: str) -> None:
        for key in item.nodes:
            if key not in (kind, "override", "append", *self.appended, *self.replaced) and key in _KEYS[kind]:
                message = f"Unexpected key '{key}': no corresponding entry under 'override' is defined."
                raise ItemError(YAML_VALIDATE, message, item.key_places[key])

    def apply(self, item: Item, rule: RuleDefinition | None, name: str, warn: exceptions.Warn) -> None:
        """Change the rule: appends first, then replacements. Raises ItemError."""
        if "condition" in (*self.appended, *self.replaced) and rule is not None:
            item.same_source(rule.source)
        if rule is None:
            message = f"An override was specified for rule '{name}', but no rule by that name already exists"
            raise NoTargetError(message, item.place)
        for key in sorted(self.appended, key="exceptions".__ne__):  # they may be left out, and all else with them
            _append(item, rule, key, warn)
        for key in self.replaced:
            _replace(item, rule, key, warn)


_KEYS = {
    "rule": set(_REPLACEABLE["rule"]),
    "macro": {"condition"},
    "list": {"items"},
}


def _table(item: Item) -> Item:
    """The mapping under ``override``. Falco takes a word there for nothing, and a list for a broken file."""
    try:
        return item.mapping("override")
    except ItemError as error:
        raise ItemError(VALIDATE, error.message, error.place, "override: {condition: append}") from None


def _refuse_both(item: Item) -> None:
    """One key cannot be appended to and replaced in one item: the value is there once."""
    node = item.nodes["override"]
    pairs = [(key.value, value.value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
    for key, operation in pairs:
        if operation == "append" and (key, "replace") in pairs:
            message = f"An replace override for '{key}' was specified but '{key}' is not defined"
            raise item.fail(message.replace("An replace", "A replace"), "override", f"'{key}' is appended already")


def _check(table: Item, key: str, operation: str, kind: str) -> None:
    if operation not in _OPERATIONS:
        message = f"Invalid override operation for key '{key}': '{operation}'. Allowed values are: append, replace"
        raise table.fail(message, key)
    if operation == "append" and key not in _APPENDABLE[kind]:
        raise table.fail(f"Key '{key}' cannot be appended to, use 'replace' instead", key)
    if operation == "replace" and key not in _REPLACEABLE[kind]:
        raise table.fail(f"Key '{key}' cannot be replaced", key)


def _append(item: Item, rule: RuleDefinition, key: str, warn: exceptions.Warn) -> None:
    match key:
        case "condition":
            rule.condition = rule.condition + item.text(key).behind(" ")
        case "output":
            rule.output = rule.output + item.text(key).behind(" ")
        case "desc":
            rule.description += " " + item.text(key).value
        case "tags":
            rule.tags |= {tag.value for tag in item.texts(key)}
        case "exceptions":
            exceptions.merge(rule, exceptions.read(item, warn, rule, is_served=rule.source in SOURCES))


def _replace(item: Item, rule: RuleDefinition, key: str, warn: exceptions.Warn) -> None:
    match key:
        case "condition":
            rule.condition = item.text(key)
        case "output":
            rule.output = item.text(key)
        case "desc":
            rule.description = item.text(key).value
        case "priority":
            rule.priority = priority(item)
        case "tags":
            rule.tags = {tag.value for tag in item.texts(key)}
        case "exceptions":
            rule.exceptions = exceptions.read(item, warn, is_served=rule.source in SOURCES, replaces=True)
            _refuse_missing_operators(item, rule)
        case "enabled":
            rule.enabled = item.boolean(key)
        case "warn_evttypes":
            rule.warn_event_types = item.boolean(key)
        case "skip-if-unknown-filter":
            rule.skip_unknown = item.boolean(key)
        case "capture":
            rule.capture = item.boolean(key)
        case "capture_duration":
            rule.capture_duration = item.integer(key)


def _refuse_missing_operators(item: Item, rule: RuleDefinition) -> None:
    """Falco fills in no default ``comps`` for exceptions that replace others, and cannot compile the rule."""
    has_operators = {entry.text("name").value: "comps" in entry for entry in exceptions.entries(item)}
    for each in rule.exceptions:
        if (each.values or each.tuples) and not has_operators[each.name]:
            message = f"exception '{each.name}' replaces others: it needs 'comps', which has no default here"
            hint = "comps: in" if each.single else "comps: [=, …], one for each field"
            raise ItemError("LOAD_ERR_COMPILE_CONDITION", message, each.place, hint)

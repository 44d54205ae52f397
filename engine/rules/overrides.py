"""``override``: which keys of an item are appended to, and which replace, what was defined before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.rules import exceptions
from engine.rules.definitions import RuleDefinition
from engine.rules.priorities import priority
from engine.rules.text import Place
from engine.rules.yaml_items import VALIDATE, YAML_VALIDATE, Item, ItemError

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

WarnException = Callable[[str, str, Place], None]
"""Takes a code, the exception's name and a place."""


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
        if "override" not in item:
            return result
        table = item.mapping("override")
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

    def apply(self, item: Item, rule: RuleDefinition | None, name: str, warn: WarnException) -> None:
        """Change the rule: appends first, then replacements. Raises ItemError."""
        if rule is None:
            message = f"An override was specified for rule '{name}', but no rule by that name already exists"
            raise ItemError(VALIDATE, message, item.place)
        for key in self.appended:
            _append(item, rule, key, warn)
        for key in self.replaced:
            _replace(item, rule, key)


_KEYS = {
    "rule": {*_REPLACEABLE["rule"], "source"},
    "macro": {"condition"},
    "list": {"items"},
}


def _check(table: Item, key: str, operation: str, kind: str) -> None:
    if operation not in _OPERATIONS:
        message = f"Invalid override operation for key '{key}': '{operation}'. Allowed values are: append, replace"
        raise table.fail(message, key)
    if operation == "append" and key not in _APPENDABLE[kind]:
        raise table.fail(f"Key '{key}' cannot be appended to, use 'replace' instead", key)
    if operation == "replace" and key not in _REPLACEABLE[kind]:
        raise table.fail(f"Key '{key}' cannot be replaced", key)


def _append(item: Item, rule: RuleDefinition, key: str, warn: WarnException) -> None:
    match key:
        case "condition":
            rule.condition = rule.condition + " " + item.text(key)
        case "output":
            rule.output = rule.output + " " + item.text(key).stripped()
        case "desc":
            rule.description += " " + item.text(key).value
        case "tags":
            rule.tags |= {tag.value for tag in item.texts(key)}
        case "exceptions":
            found = exceptions.read(item, rule)
            for definition, has_values in found:
                if not has_values:
                    warn("LOAD_APPEND_NO_VALUES", definition.name, definition.place)
            exceptions.merge(rule, [definition for definition, _ in found])


def _replace(item: Item, rule: RuleDefinition, key: str) -> None:
    match key:
        case "condition":
            rule.condition = item.text(key)
        case "output":
            rule.output = item.text(key).stripped()
        case "desc":
            rule.description = item.text(key).value
        case "priority":
            rule.priority = priority(item)
        case "tags":
            rule.tags = {tag.value for tag in item.texts(key)}
        case "exceptions":
            rule.exceptions = [each for each, _ in exceptions.read(item, None)]
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

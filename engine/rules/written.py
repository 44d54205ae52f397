"""A rule as an item of a rule file: whole, with all that was appended to it and overridden."""

from __future__ import annotations

from typing import Any

import yaml

from engine.rules.definitions import ExceptionDefinition, RuleDefinition, Value
from engine.rules.text import Text
from engine.scrub import scrub

_WIDTH = 100
"""Characters of a line of a condition."""


class _Dumper(yaml.SafeDumper):
    """Writes as people do: long texts in blocks, short lists in one line."""


class _Short(list[Any]):
    """A list in one line."""


def _string(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = "|" if "\n" in value else ">" if len(value) > _WIDTH else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _short(dumper: yaml.SafeDumper, value: _Short) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


_Dumper.add_representer(str, _string)
_Dumper.add_representer(_Short, _short)


def as_item(rule: RuleDefinition) -> str:
    """The rule in Falco's YAML; read again, it is the same rule. What a screen would show otherwise than it is stands
    there as an escape of YAML's."""
    items = [{key: value for key, value in _keys(rule).items() if value not in (None, [], "")}]
    text = _dumped(items, allow_unicode=True)
    is_plain = all(scrub(line) == line for line in text.split("\n"))
    return text if is_plain and yaml.safe_load(text) == items else _dumped(items, allow_unicode=False)


def _dumped(items: list[dict[str, Any]], *, allow_unicode: bool) -> str:
    return str(yaml.dump(items, Dumper=_Dumper, sort_keys=False, width=_WIDTH, allow_unicode=allow_unicode))


def _keys(rule: RuleDefinition) -> dict[str, Any]:
    """All that can be said of a rule; what is as it would be anyway is None."""
    return {
        "rule": rule.name,
        "desc": rule.description.strip() or None,
        "condition": rule.condition.value.strip(),
        "exceptions": [_exception(each) for each in rule.exceptions],
        "output": rule.output.value.strip(),
        "priority": rule.priority.label.upper(),
        "tags": _Short(sorted(rule.tags)),
        "enabled": None if rule.enabled else False,
        "source": None if rule.source == "syscall" else rule.source,
        "warn_evttypes": None if rule.warn_event_types else False,
        "skip-if-unknown-filter": rule.skip_unknown or None,
        "capture": rule.capture or None,
        "capture_duration": rule.capture_duration or None,
    }


def _exception(one: ExceptionDefinition) -> dict[str, Any]:
    if one.single:
        return {
            "name": one.name,
            "fields": one.fields[0].value,
            "comps": one.operators[0].value,
            "values": [each.value for each in one.values],
        }
    return {
        "name": one.name,
        "fields": _Short(each.value for each in one.fields),
        "comps": _Short(each.value for each in one.operators),
        "values": [_Short(map(_value, values)) for values in one.tuples],
    }


def _value(value: Value) -> str | list[str]:
    return value.value if isinstance(value, Text) else [each.value for each in value]

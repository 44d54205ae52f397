"""A configuration applied to rules that were loaded: which are in force, in which order, and what they print more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.alerts import Value
from engine.config.model import Config, Selection
from engine.errors import UsageError
from engine.lang.template import SUGGESTED, Template, TemplateError
from engine.rules.ruleset import Rule


def selected(rules: Iterable[Rule], config: Config) -> list[Rule]:
    """The rules that are severe enough, switched on and off as the configuration says.

    A rule that is switched on here goes to the end, as in Falco: with ``rule_matching: first`` the order matters.
    """
    defined = [rule for rule in rules if rule.priority <= config.priority]
    kept = list(defined)
    for selection in config.rules:
        _apply(selection, defined, kept)
    return kept


def _apply(selection: Selection, defined: list[Rule], kept: list[Rule]) -> None:
    covered = [rule for rule in defined if selection.covers(rule.name, rule.tags)]
    changed = [rule for rule in covered if rule.enabled is not selection.enable]
    for rule in changed:
        rule.enabled = selection.enable
    if changed and selection.enable:
        late = set(changed)
        kept[:] = [rule for rule in kept if rule not in late] + changed


def extend(rules: Iterable[Rule], config: Config) -> None:
    """Let the rules print what ``append_output`` and ``static_fields`` say.

    They must come from :func:`engine.rules.load.load` with ``suggested=False``. Raises UsageError when something in
    ``append_output`` cannot be printed.
    """
    for rule in rules:
        rule.template = _extended(rule, config)
        rule.output = rule.template.text


class _Extended(Template):
    """A template whose alerts have more fields than it prints."""

    def __init__(
        self, text: str, extra: Mapping[str, Template], typed: Iterable[Template], static: dict[str, str]
    ) -> None:
        super().__init__(text)
        self._extra = dict(extra)
        self._typed = tuple(typed)
        self._static = dict(static)

    def fields(self, event: Any, *, transformed: bool = False) -> dict[str, Value]:
        """The fields printed and the further ones, with their values."""
        found = super().fields(event, transformed=transformed)
        for template in self._typed:
            found |= template.fields(event)
        found |= {name: template.render(event) for name, template in self._extra.items()}
        return found | self._static


def _extended(rule: Rule, config: Config) -> Template:
    entries = [entry for entry in config.append_output if entry.matches(rule.name, rule.tags, rule.source)]
    pairs = [pair for entry in entries for pair in entry.extra_fields]
    static = {f"static.{key}": value for key, value in config.static_fields}
    parts = [rule.output, *(entry.extra_output for entry in entries)]
    if any(entry.suggested_output for entry in entries):
        parts.append(SUGGESTED)
    text = " ".join(filter(None, parts))
    try:
        extra = {name: Template(format_) for name, format_ in pairs if format_}
        typed = [Template(f"%{name}") for name, format_ in pairs if not format_]
        return _Extended(text, extra, typed, static)
    except TemplateError as error:
        hint = error.hint or "tiercel fields lists what can be printed"
        raise UsageError(f"append_output, for rule {rule.name!r}: {error.message}", hint=hint) from None

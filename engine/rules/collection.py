"""Everything the rule files define so far: items are added in their order, redefined, appended to, overridden."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol, TypeVar

from engine.alerts import Priority
from engine.lang.nearest import nearest
from engine.rules import exceptions
from engine.rules.definitions import (
    SOURCES,
    ExceptionDefinition,
    ListDefinition,
    MacroDefinition,
    RuleDefinition,
    Visible,
)
from engine.rules.overrides import Overrides
from engine.rules.priorities import priority
from engine.rules.text import Place, Text
from engine.rules.yaml_items import VALIDATE, Item, ItemError, NoTargetError

_Read = TypeVar("_Read")


class Report(Protocol):
    """Takes a problem: Falco's code, a message, a place, and what to do."""

    def __call__(self, code: str, message: str, place: Place, hint: str = "") -> None:
        """Report it."""


_MACRO_NAME = re.compile(r"[a-zA-Z]+[a-zA-Z0-9_]*")
_LIST_NAME = re.compile(r"[^()\"'\s=,]+")
_DEPRECATED_APPEND = (
    "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead."
)
_DEPRECATED_ENABLED = (
    "The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' entry under the"
    " 'override' key (i.e. 'enabled: replace')."
)


_HINTS = {
    "LOAD_APPEND_NO_VALUES": "write values: [[a, b], …]",
    "LOAD_EXCEPTION_NAME_NOT_UNIQUE": "give each exception a name of its own",
}


class Collection:
    """The definitions, by name, in the order of their first appearance."""

    def __init__(self, report: Report) -> None:
        self.lists: dict[str, ListDefinition] = {}
        self.macros: dict[str, MacroDefinition] = {}
        self.rules: dict[str, RuleDefinition] = {}
        self._report = report
        self._count = 0

    def _next(self, known: ListDefinition | MacroDefinition | RuleDefinition | None) -> Visible:
        self._count += 1
        return Visible(known.order.first if known else self._count, self._count)

    # ── lists and macros ────────────────────────────────────────────────────────────────────────────────────────────

    def add_list(self, item: Item) -> None:
        """A list, new or changed. Raises ItemError."""
        name = item.text("list").value
        if not _LIST_NAME.fullmatch(name):
            hint = "blanks, quotes, parentheses, commas and = end a name: take them out"
            self._report("LOAD_INVALID_LIST_NAME", f"List has an invalid name: '{name}'", item.place_of("list"), hint)
        known = self.lists.get(name)
        appends = self._appends(item, "list", known is not None)
        item.require("items")
        items = item.texts("items")
        if appends and known is not None:
            known.items += items
            known.order = self._next(known)
        else:
            self.lists[name] = ListDefinition(name, items, self._next(known), item.place)

    def add_macro(self, item: Item) -> None:
        """A macro, new or changed. Raises ItemError."""
        name = item.text("macro").value
        if not _MACRO_NAME.fullmatch(name):
            message = f"Macro has an invalid name. Macro names should match a regular expression: {_MACRO_NAME.pattern}"
            hint = "no condition can refer to it: use letters, digits and _"
            self._report("LOAD_INVALID_MACRO_NAME", message, item.place_of("macro"), hint)
        known = self.macros.get(name)
        appends = self._appends(item, "macro", known is not None)
        condition = item.text("condition")
        if appends and known is not None:
            known.condition = known.condition + condition.behind(" ")
            known.order = self._next(known)
        else:
            self.macros[name] = MacroDefinition(name, condition, self._next(known), item.place)

    def _appends(self, item: Item, kind: str, exists: bool) -> bool:
        """Whether the item is added to one that exists, by ``append: true`` or by ``override``."""
        overrides = Overrides.of(item, kind)
        appends = bool(overrides.appended) or self._old_append(item, overrides)
        if appends and not exists:
            name = item.text(kind).value
            message = (
                f"{kind} '{name}' has 'append' key or an append override but no {kind} by that name already exists"
            )
            raise NoTargetError(message, item.place)
        return appends

    def _old_append(self, item: Item, overrides: Overrides) -> bool:
        append = item.boolean("append")
        if append:
            self._report("LOAD_DEPRECATED_ITEM", _DEPRECATED_APPEND, item.place_of("append"))
        if append and overrides.given:
            raise item.fail("Keys 'override' and 'append: true' cannot be used together.", "append")
        return append

    # ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def add_rule(self, item: Item) -> None:
        """A rule: new, again, appended to, overridden or switched. Raises ItemError."""
        name = item.text("rule").value
        known = self.rules.get(name)
        item.optional("source")
        overrides = Overrides.of(item, "rule")
        if self._old_append(item, overrides):
            self._append_rule(item, known, name)
        elif overrides.given:
            overrides.apply(item, known, name, self._warn_exception)
            self._latest(known)
        elif not any(key in item for key in ("condition", "output", "desc", "priority")):
            self._switch(item, known, name)
        else:
            self._define_rule(item, known, name)

    def _latest(self, rule: RuleDefinition | None) -> None:
        if rule is not None:
            rule.order = self._next(rule)

    def _switch(self, item: Item, known: RuleDefinition | None, name: str) -> None:
        """``- rule: x`` with ``enabled`` alone."""
        item.require("enabled")
        enabled = item.boolean("enabled")
        self._report("LOAD_DEPRECATED_ITEM", _DEPRECATED_ENABLED, item.place)
        if known is None:
            message = f"Rule '{name}' has 'enabled' key but no rule by that name already exists"
            raise NoTargetError(message, item.place)
        known.enabled = enabled

    def _append_rule(self, item: Item, known: RuleDefinition | None, name: str) -> None:
        """``append: true``: a condition, exceptions, or both."""
        if "condition" not in item and "exceptions" not in item:
            raise ItemError(VALIDATE, "Appended rule must have exceptions or condition property", item.place)
        if known is None:
            message = f"Rule '{name}' has 'append' key but no rule by that name already exists"
            raise NoTargetError(message, item.place)
        item.same_source(known.source)
        appended = item.text("condition").behind(" ") if "condition" in item else Text()
        self._merge_exceptions(item, known)  # may be left out, and the condition with it
        known.condition = known.condition + appended
        self._latest(known)

    def _merge_exceptions(self, item: Item, known: RuleDefinition) -> None:
        exceptions.merge(known, exceptions.read(item, self._warn_exception, known, is_served=known.source in SOURCES))

    def _warn_exception(self, code: str, name: str, place: Place) -> None:
        messages = {
            "LOAD_APPEND_NO_VALUES": f"Overriding/appending exception with no values: '{name}'",
            "LOAD_EXCEPTION_NAME_NOT_UNIQUE": f"Multiple definitions of exception '{name}' in the same item",
        }
        self._report(code, messages[code], place, _HINTS[code])

    def _define_rule(self, item: Item, known: RuleDefinition | None, name: str) -> None:
        rule = RuleDefinition(
            name,
            item.text("condition"),
            self._or(Text(), lambda: item.text("output").stripped()),
            self._or("", lambda: item.text("desc").value),
            self._or(Priority.DEBUG, lambda: priority(item)),
            item.place,
            self._next(known),
            source=item.text("source").value if "source" in item else "syscall",
            enabled=self._or(True, lambda: item.boolean("enabled", True)),
            tags=self._or(set(), lambda: {tag.value for tag in item.texts("tags")}),
            warn_event_types=self._or(True, lambda: item.boolean("warn_evttypes", True)),
            skip_unknown=self._or(False, lambda: item.boolean("skip-if-unknown-filter")),
            capture=self._or(False, lambda: item.boolean("capture")),
            capture_duration=self._or(0, lambda: item.integer("capture_duration")),
        )
        if known is not None:
            item.same_source(known.source, rule.source)
        if rule.source not in SOURCES:
            message = f"Unknown source '{rule.source}', skipping rule"
            hint = nearest(rule.source, SOURCES) or f"sources here: {', '.join(sorted(SOURCES))}"
            self._report("LOAD_UNKNOWN_SOURCE", message, item.place_of("source"), hint)
        none: list[ExceptionDefinition] = []
        is_served = rule.source in SOURCES
        rule.exceptions = self._or(none, lambda: exceptions.read(item, self._warn_exception, is_served=is_served))
        self.rules[name] = rule

    def _or(self, default: _Read, read: Callable[[], _Read]) -> _Read:
        """What is read, or the default with the error reported: so that the rest of the item is checked, too."""
        try:
            return read()
        except ItemError as error:
            self._report(error.code, error.message, error.place, error.hint)
            return default

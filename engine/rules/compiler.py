"""A collection of definitions compiled: every rule checked as a whole, every problem collected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial

from engine.lang import ir
from engine.lang.check import CheckError
from engine.lang.event_names import ASYNC_EVENT, SERVED
from engine.lang.event_types import decided_by, event_types
from engine.lang.fields import resolve
from engine.lang.grammar import parse
from engine.lang.ir import FALSE, Form
from engine.lang.lower import Lowering
from engine.lang.nodes import Node
from engine.lang.template import Template, TemplateError
from engine.rules import lint
from engine.rules.collection import Collection
from engine.rules.conditions import COMPILE_CONDITION, UNKNOWN_FILTER, Conditions
from engine.rules.definitions import SOURCES, RuleDefinition
from engine.rules.exception_text import condition
from engine.rules.extras import Extra, template
from engine.rules.lists import Lists
from engine.rules.macros import Expansion, Macros, TooLargeError
from engine.rules.reporter import Reporter
from engine.rules.ruleset import Rule
from engine.rules.text import Text

COMPILE_OUTPUT = "LOAD_ERR_COMPILE_OUTPUT"
NOT_SERVED = "LOAD_NOT_SERVED"
"""Our own code, a warning: a known field or event that this sensor does not deliver."""
_MANY_EVENTS = 100
_CONTAINER_INFO = re.compile("%container[.]info")

Progress = Callable[[int, int], None]
"""Told after each rule how many of how many are compiled."""


class SkippedError(Exception):
    """A rule is dropped on its own wish: ``skip-if-unknown-filter``."""


_parse = lru_cache(maxsize=16384)(parse)


class Compilation:
    """One pass over a collection. ``rules``, ``lists``, ``macros`` and what ``reporter`` is told are its results."""

    def __init__(
        self, collection: Collection, reporter: Reporter, extras: Sequence[Extra] = (), progress: Progress | None = None
    ) -> None:
        self._reporter = reporter
        self._extras = extras
        self._lowering = Lowering(resolve)
        self.lists = Lists(collection.lists.values())
        self.macros = Macros(collection.macros.values(), self.lists, _parse)
        self._conditions_of = Conditions(self.lists, self.macros, _parse, reporter)
        self._conditions_of.check_macros(collection.macros)
        self.rules = list(self._rules(collection, progress))
        self._report_unused(collection)

    def _rules(self, collection: Collection, progress: Progress | None) -> Iterator[Rule]:
        total = len(collection.rules)
        for number, definition in enumerate(collection.rules.values(), 1):
            rule = self._rule_or_problem(definition)
            if progress is not None:
                progress(number, total)
            if rule is not None:
                yield rule

    def _report_unused(self, collection: Collection) -> None:
        for macro in collection.macros.values():
            if macro.name not in self.macros.used:
                message = f"Macro not referred to by any other rule/macro: '{macro.name}'"
                self._reporter.report("LOAD_UNUSED_MACRO", message, macro.place, (f"macro '{macro.name}'",))
        for each in collection.lists.values():
            if each.name not in self.lists.used:
                message = f"List not referred to by any other rule/macro/list: '{each.name}'"
                self._reporter.report("LOAD_UNUSED_LIST", message, each.place, (f"list '{each.name}'",))

    # ── one rule ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _rule_or_problem(self, definition: RuleDefinition) -> Rule | None:
        """One condition is bounded by the grammar, macros within macros by their expansion."""
        try:
            return self._rule(definition)
        except TooLargeError as error:
            chain = (f"rule '{definition.name}'",)
            place = definition.condition.place(0)
            self._reporter.report(COMPILE_CONDITION, str(error), place, chain, "macros multiply: use them less often")
            return None

    def _rule(self, definition: RuleDefinition) -> Rule | None:
        """The rule compiled; None when it has errors or is dropped."""
        item = f"rule '{definition.name}'"
        if definition.source not in SOURCES:
            return None
        try:
            template = self._template(definition, item)
        except SkippedError:
            return None
        expansion = self._conditions_of.sound(definition, item)
        if expansion is None or template is None:
            return None
        try:
            return self._assembled(definition, template, expansion, item)
        except CheckError as error:
            self._reporter.report(COMPILE_CONDITION, error.message, definition.condition.place(0), (item,))
            return None

    def _template(self, definition: RuleDefinition, item: str) -> Template | None:
        """The output with what the configuration adds; None when it is wrong. Raises SkippedError."""
        extras = [extra for extra in self._extras if extra.matches(definition)]
        output = definition.output
        for extra in extras:
            output = output + (f" {extra.text}" if extra.text else "")
        output = self._without_container_info(output, definition, item)
        try:
            found = template(output.value, extras)
        except TemplateError as error:
            is_skipped = definition.skip_unknown and error.is_unknown
            code = UNKNOWN_FILTER if is_skipped else COMPILE_OUTPUT
            self._reporter.report(code, error.message, output.place(error.index), (item,), error.hint)
            if is_skipped:
                raise SkippedError from None
            return None
        for text in (output.value, *(format for extra in extras for format in extra.formats.values())):
            for message in lint.output(text):
                self._reporter.report(lint.DEPRECATED_ITEM, message, output.place(0), (item,))
        return found

    def _without_container_info(self, output: Text, definition: RuleDefinition, item: str) -> Text:
        spans = [(at.start(), at.end(), "") for at in _CONTAINER_INFO.finditer(output.value)]
        if spans:
            message = "%container.info is deprecated: it prints nothing, the container's fields are appended anyway"
            self._reporter.report(lint.DEPRECATED_ITEM, message, output.place(spans[0][0]), (item,))
        return output.replaced(spans)

    def _assembled(self, definition: RuleDefinition, template: Template, expansion: Expansion, item: str) -> Rule:
        types = event_types(expansion.node)
        if definition.warn_event_types and len(types) > _MANY_EVENTS:
            message = "Rule matches too many evt.type values. This has a significant performance penalty."
            hint = "say which events it is about: evt.type in (open, openat, openat2)"
            self._reporter.report("LOAD_NO_EVTTYPE", message, definition.place, (item,), hint)
        forms = self._forms(expansion.node, types)
        unserved = self._unserved(definition, forms, types, item)
        self._warn_output(definition, template, item)
        return Rule(
            definition.name,
            priority=definition.priority,
            condition=condition(definition).value.strip(),
            expanded=expansion.node,
            origins=expansion.origins,
            template=template,
            forms=forms,
            description=definition.description,
            tags=definition.tags,
            file=definition.place.file,
            line=definition.place.line,
            enabled=definition.enabled,
            source=definition.source,
            unserved=unserved,
            definition=definition,
        )

    def _forms(self, node: Node, types: frozenset[str]) -> dict[str, Form]:
        """For each served type that can match, what is left of the condition."""
        forms = {name: self._lowering.form(node, partial(decided_by, name)) for name in sorted(types & SERVED)}
        return {name: form for name, form in forms.items() if form != FALSE}

    # ── what cannot be served ───────────────────────────────────────────────────────────────────────────────────────

    def _unserved(
        self, definition: RuleDefinition, forms: dict[str, Form], types: frozenset[str], item: str
    ) -> list[str]:
        """Why the rule cannot be judged here; reported as a warning."""
        reasons = [f"{name}: {why}" for name, why in sorted(set(_unserved_fields(forms.values())))]
        missing = sorted(types - SERVED - {ASYNC_EVENT})
        if types and not forms and missing and not types & SERVED:
            reasons.append(f"no probe delivers {', '.join(missing)}")
        elif missing and len(types) <= _MANY_EVENTS:
            message = f"no probe delivers {', '.join(missing)}: the rule sees its other events only"
            self._reporter.report(NOT_SERVED, message, definition.place, (item,))
        for reason in reasons:
            self._reporter.report(NOT_SERVED, f"the rule is not served: {reason}", definition.place, (item,))
        return reasons

    def _warn_output(self, definition: RuleDefinition, template: Template, item: str) -> None:
        for ref in template.refs:
            row = resolve(ref).field
            if row.unserved:
                message = f"%{ref} prints <NA>: {row.unserved}"
                self._reporter.report(NOT_SERVED, message, definition.output.place(0), (item,))


def _unserved_fields(forms: Iterable[Form]) -> Iterator[tuple[str, str]]:
    """Each field in the forms that has no reader, with the reason."""
    for form in forms:
        for leaf in ir.leaves(form):
            yield from ((row.name, row.unserved) for row in leaf.rows if row.unserved)

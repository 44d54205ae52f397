"""A collection of definitions compiled: every rule checked as a whole, every problem collected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial

from engine.lang import nodes
from engine.lang.check import CheckError, leaf, source
from engine.lang.compile import Compiler, fold
from engine.lang.event_names import ASYNC_EVENT, SERVED
from engine.lang.event_types import decided_by, event_types
from engine.lang.fields import resolve
from engine.lang.grammar import ConditionError, parse, parse_left
from engine.lang.nodes import Constant, Left, Node
from engine.lang.operators import Predicate
from engine.lang.template import SUGGESTED, Template, TemplateError
from engine.rules import exceptions, lint
from engine.rules.collection import Collection
from engine.rules.definitions import RuleDefinition
from engine.rules.lists import Lists
from engine.rules.macros import MAX_CHECKS, Expansion, Macros, TooManyChecksError, Trouble
from engine.rules.reporter import Reporter
from engine.rules.ruleset import Rule
from engine.rules.text import Text

COMPILE_CONDITION = "LOAD_ERR_COMPILE_CONDITION"
COMPILE_OUTPUT = "LOAD_ERR_COMPILE_OUTPUT"
NOT_SERVED = "LOAD_NOT_SERVED"
"""Our own code, a warning: a known field or event that this sensor does not deliver."""
SOURCES = frozenset({"syscall"})
_MANY_EVENTS = 100
_CONTAINER_INFO = "%container.info"

_parse = lru_cache(maxsize=4096)(parse)


class Compilation:
    """One pass over a collection. ``rules`` and ``reporter.problems`` are its results."""

    def __init__(self, collection: Collection, reporter: Reporter, *, suggested: bool = True) -> None:
        self._reporter = reporter
        self._suggested = suggested
        self._compiler = Compiler(resolve)
        self._lists = Lists(collection.lists.values())
        self._macros = Macros(collection.macros.values(), self._lists, _parse)
        self._check_macros(collection)
        self.rules = list(filter(None, map(self._rule_or_problem, collection.rules.values())))
        self._report_unused(collection)

    def _check_macros(self, collection: Collection) -> None:
        for name, (text, error) in self._macros.broken.items():
            self._condition_error(error, text, (f"macro '{name}'",))
        for name in collection.macros:
            self._troubles(self._macros.check(name))

    def _report_unused(self, collection: Collection) -> None:
        for macro in collection.macros.values():
            if macro.name not in self._macros.used:
                message = f"Macro not referred to by any other rule/macro: '{macro.name}'"
                self._reporter.report("LOAD_UNUSED_MACRO", message, macro.place, (f"macro '{macro.name}'",))
        for each in collection.lists.values():
            if each.name not in self._lists.used:
                message = f"List not referred to by any other rule/macro/list: '{each.name}'"
                self._reporter.report("LOAD_UNUSED_LIST", message, each.place, (f"list '{each.name}'",))

    # ── one rule ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _rule_or_problem(self, definition: RuleDefinition) -> Rule | None:
        """One condition is bounded by the grammar; macros within macros are bounded here."""
        try:
            return self._rule(definition)
        except (RecursionError, TooManyChecksError) as error:
            is_deep = isinstance(error, RecursionError)
            what = "nests too deep" if is_deep else f"has more than {MAX_CHECKS} checks"
            message = f"the condition {what}, macros included"
            chain = (f"rule '{definition.name}'",)
            self._reporter.report(COMPILE_CONDITION, message, definition.condition.place(0), chain)
            return None

    def _rule(self, definition: RuleDefinition) -> Rule | None:
        """The rule compiled; None when it has errors or is dropped."""
        item = f"rule '{definition.name}'"
        if definition.source not in SOURCES:
            message = f"Unknown source '{definition.source}', skipping rule"
            self._reporter.report("LOAD_UNKNOWN_SOURCE", message, definition.place, (item,))
            return None
        self._exception_fields(definition, item)
        template = self._template(definition, item)
        expansion = self._expansion(definition, item)
        if expansion is None or not self._checks(expansion, definition) or template is None:
            return None
        try:
            return self._assembled(definition, template, expansion, item)
        except CheckError as error:
            self._reporter.report(COMPILE_CONDITION, error.message, definition.condition.place(0), (item,))
            return None

    def _exception_fields(self, definition: RuleDefinition, item: str) -> None:
        for each in definition.exceptions:
            for text in each.fields:
                try:
                    source(_field_of(text.value), resolve)
                except (CheckError, ConditionError) as error:
                    hint = error.hint
                    message = f"'{text}' is not a supported filter field"
                    self._reporter.report("LOAD_ERR_VALIDATE", message, text.place(0), (item,), hint)

    def _template(self, definition: RuleDefinition, item: str) -> Template | None:
        output = self._without_container_info(definition, item)
        suffix = f" {SUGGESTED}" if self._suggested else ""
        try:
            return Template(output.value + suffix)
        except TemplateError as error:
            code = "LOAD_UNKNOWN_FILTER" if definition.skip_unknown else COMPILE_OUTPUT
            self._reporter.report(code, error.message, output.place(error.index), (item,), error.hint)
            return None

    def _without_container_info(self, definition: RuleDefinition, item: str) -> Text:
        output = definition.output
        while (index := output.value.find(_CONTAINER_INFO)) >= 0:
            message = f"{_CONTAINER_INFO} is deprecated and replaced by nothing"
            self._reporter.report("LOAD_DEPRECATED_ITEM", message, output.place(index), (item,))
            output = output.replaced([(index, index + len(_CONTAINER_INFO), "")])
        return output

    def _expansion(self, definition: RuleDefinition, item: str) -> Expansion | None:
        """The condition parsed and without macros; None when that fails."""
        text = self._lists.substituted(exceptions.condition(definition))
        try:
            node = _parse(text.value)
        except ConditionError as error:
            self._condition_error(error, text, (item,))
            return None
        expansion = self._macros.expand(node, text, item)
        self._troubles(expansion.troubles)
        return None if expansion.troubles else expansion

    def _checks(self, expansion: Expansion, definition: RuleDefinition) -> bool:
        """Whether every check can be evaluated; each that cannot is reported."""
        is_sound = True
        for use in expansion.uses:
            try:
                leaf(use.check, resolve)
            except CheckError as error:
                is_sound = False
                is_skipped = definition.skip_unknown and _is_unknown(error)
                code = "LOAD_UNKNOWN_FILTER" if is_skipped else COMPILE_CONDITION
                place = use.text.place(error.position)
                self._reporter.report(code, error.message, place, use.chain, error.hint)
            else:
                for message, position in lint.check(use.check):
                    place = use.text.place(position)
                    self._reporter.report("LOAD_COMPILE_CONDITION", message, place, use.chain)
                for name in lint.deprecated(use.check):
                    message = f"Usage of deprecated field '{name}' has been detected"
                    place = use.text.place(use.check.position)
                    self._reporter.report("LOAD_DEPRECATED_ITEM", message, place, use.chain)
        return is_sound

    def _assembled(self, definition: RuleDefinition, template: Template, expansion: Expansion, item: str) -> Rule:
        types = event_types(expansion.node)
        if definition.warn_event_types and len(types) > _MANY_EVENTS:
            message = "Rule matches too many evt.type values. This has a significant performance penalty."
            self._reporter.report("LOAD_NO_EVTTYPE", message, definition.place, (item,))
        conditions = self._conditions(expansion.node, types)
        unserved = self._unserved(definition, conditions, types, item)
        tests: dict[str, Predicate] = {}
        if not unserved:
            tests = {name: self._compiler.compile(node) for name, node in conditions.items()}
        self._warn_output(definition, template, item)
        return Rule(
            definition.name,
            priority=definition.priority,
            condition=exceptions.condition(definition).value.strip(),
            expanded=expansion.node,
            origins=expansion.origins,
            template=template,
            tests=tests,
            description=definition.description,
            tags=definition.tags,
            file=definition.place.file,
            line=definition.place.line,
            enabled=definition.enabled,
            source=definition.source,
            event_types=conditions,
            unserved=unserved,
        )

    def _conditions(self, node: Node, types: frozenset[str]) -> dict[str, Node]:
        """For each served type that can match, what is left of the condition."""
        folded = {name: fold(node, partial(decided_by, name)) for name in sorted(types & SERVED)}
        return {name: rest for name, rest in folded.items() if rest != Constant(False)}

    # ── what cannot be served ───────────────────────────────────────────────────────────────────────────────────────

    def _unserved(
        self, definition: RuleDefinition, conditions: dict[str, Node], types: frozenset[str], item: str
    ) -> list[str]:
        """Why the rule cannot be judged here; reported as a warning."""
        reasons = [f"{name}: {why}" for name, why in sorted(set(_unserved_fields(conditions.values())))]
        missing = sorted(types - SERVED - {ASYNC_EVENT})
        if types and not conditions and missing and not types & SERVED:
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

    # ── reports ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _condition_error(self, error: ConditionError, text: Text, chain: tuple[str, ...]) -> None:
        place = text.place(error.index)
        self._reporter.report(COMPILE_CONDITION, error.message, place, chain, error.hint)

    def _troubles(self, troubles: Iterable[Trouble]) -> None:
        for trouble in troubles:
            place = trouble.text.place(trouble.index)
            chain = trouble.chain
            self._reporter.report("LOAD_ERR_VALIDATE", trouble.message, place, chain, trouble.hint)


def _field_of(text: str) -> Left:
    """The field or transformer that an exception names. Raises ConditionError."""
    name = text[1:-1] if text[:1] in ("'", '"') else text
    term, end = parse_left(name)
    if end != len(name):
        raise ConditionError("not a field", name, end)
    return term


def _is_unknown(error: CheckError) -> bool:
    unknown = ("filter_check called with nonexistent field", "unknown event", "filter syntax error")
    return error.message.startswith(unknown)


def _unserved_fields(conditions: Iterable[Node]) -> Iterator[tuple[str, str]]:
    """Each field in the conditions that has no reader, with the reason."""
    for node in conditions:
        for check in nodes.leaves(node):
            if isinstance(check, nodes.Check):
                right = check.right if isinstance(check.right, nodes.FieldRef | nodes.Call) else None
                for ref in (*nodes.fields(check.left), *nodes.fields(right)):
                    row = resolve(ref).field
                    if row.unserved:
                        yield row.name, row.unserved

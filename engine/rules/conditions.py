"""The conditions of rules: lists replaced, parsed, macros expanded, each check held against its field."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.lang.check import CheckError, leaf
from engine.lang.fields import resolve
from engine.lang.grammar import ConditionError
from engine.lang.nodes import Node
from engine.rules import lint
from engine.rules.definitions import RuleDefinition
from engine.rules.exception_text import condition
from engine.rules.lists import Lists
from engine.rules.macros import Expansion, Macros, Trouble, Use
from engine.rules.misspelt import MISSPELT_LIST, ListNames
from engine.rules.recovery import parse_all
from engine.rules.reporter import Reporter
from engine.rules.text import Text
from engine.rules.yaml_items import VALIDATE

COMPILE_CONDITION = "LOAD_ERR_COMPILE_CONDITION"
UNKNOWN_FILTER = "LOAD_UNKNOWN_FILTER"
_UNKNOWN = ("filter_check called with nonexistent field", "unknown event type")


class Conditions:
    """Checks the conditions of a collection's rules and macros; what is wrong with one is reported all at once."""

    def __init__(self, lists: Lists, macros: Macros, parse: Callable[[str], Node], reporter: Reporter) -> None:
        self._lists = lists
        self._list_names = ListNames(lists.names)
        self._macros = macros
        self._parse = parse
        self._reporter = reporter

    def check_macros(self, names: Iterable[str]) -> None:
        """Report what is wrong with the macros themselves, used or not."""
        for name, (text, errors) in self._macros.broken.items():
            self._report_syntax(errors, text, (f"macro '{name}'",))
        for name in names:
            self._report_troubles(self._macros.check(name))

    def sound(self, definition: RuleDefinition, item: str) -> Expansion | None:
        """The rule's condition, expanded; None when something is wrong with it or it is skipped."""
        text = self._lists.substituted(condition(definition))
        node, errors = parse_all(text.value, self._parse)
        self._report_syntax(errors, text, (item,))
        if node is None:
            return None
        expansion = self._macros.expand(node, text, item)
        self._report_troubles(expansion.troubles)
        for code, message, check in lint.condition(use.check for use in expansion.uses):
            use = next(use for use in expansion.uses if use.check is check)
            self._reporter.report(code, message, use.text.place(check.position), use.chain)
        are_sound = self._checks(expansion.uses, definition.skip_unknown)
        return expansion if are_sound and not errors and not expansion.troubles else None

    def _checks(self, uses: Iterable[Use], skip_unknown: bool) -> bool:
        """Whether every check can be evaluated; those that cannot are reported."""
        found = [(use, error) for use in uses if (error := _error(use)) is not None]
        if not found:
            self._warn(uses)
            return True
        if skip_unknown and _is_unknown(found[0][1]):
            self._report_check(UNKNOWN_FILTER, *found[0])
            return False
        for use, error in found:
            if not (skip_unknown and _is_unknown(error)):
                self._report_check(COMPILE_CONDITION, use, error)
        return False

    def _warn(self, uses: Iterable[Use]) -> None:
        for use in uses:
            for message, position in lint.check(use.check):
                self._reporter.report("LOAD_COMPILE_CONDITION", message, use.text.place(position), use.chain)
            for message, hint, position in self._list_names.misspelt(use):
                self._reporter.report(MISSPELT_LIST, message, use.text.place(position), use.chain, hint)

    def _report_check(self, code: str, use: Use, error: CheckError) -> None:
        self._reporter.report(code, error.message, use.text.place(error.position), use.chain, error.hint)

    def _report_syntax(self, errors: Iterable[ConditionError], text: Text, chain: tuple[str, ...]) -> None:
        for error in errors:
            self._reporter.report(COMPILE_CONDITION, error.message, text.place(error.index), chain, error.hint)

    def _report_troubles(self, troubles: Iterable[Trouble]) -> None:
        for each in troubles:
            self._reporter.report(VALIDATE, each.message, each.text.place(each.index), each.chain, each.hint)


def _error(use: Use) -> CheckError | None:
    try:
        leaf(use.check, resolve)
    except CheckError as error:
        return error
    return None


def _is_unknown(error: CheckError) -> bool:
    return error.message.startswith(_UNKNOWN)

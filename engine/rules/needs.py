"""What an item of a rule file needs of others: the macros and lists that its condition and its exceptions name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from engine.alerts import Priority
from engine.lang.check import CheckError, leaf
from engine.lang.fields import resolve
from engine.lang.grammar import parse
from engine.lang.nodes import Check, Constant, MacroRef, Values, leaves
from engine.rules import exceptions
from engine.rules.definitions import RuleDefinition, Visible
from engine.rules.exception_text import condition
from engine.rules.overrides import Overrides
from engine.rules.recovery import parse_all
from engine.rules.text import Text
from engine.rules.yaml_items import Item, ItemError

_BEFORE = "evt.num exists "
"""Stands for the condition that something is appended to."""
_WORDS = frozenset({"and", "or", "not"})
"""At the end of a condition the grammar takes them for macros: it is unfinished, and so a fault."""
_LIST_NAME = re.compile(r"[a-zA-Z_][\w-]*", re.ASCII)


def macro(name: str) -> str:
    """What stands here for a macro."""
    return f"macro '{name}'"


def listed(name: str) -> str:
    """What stands here for a list."""
    return f"list '{name}'"


def needed(item: Item, rules: Mapping[str, RuleDefinition]) -> set[str]:
    """The macros and lists that an item needs, if it goes with the rules so far; as far as it can be read: what is
    wrong with it is told where it is added or compiled.

    A list is needed where its name could be no value: elsewhere a word is one, as with Falco.
    """
    try:
        text = _condition(item, rules)
    except ItemError:
        return set()
    tree, errors = parse_all(text, parse)
    if tree is None or errors:
        return set()
    return {need for each in leaves(tree) for need in _needs(each, text)}


def defined(item: Item) -> set[str]:
    """The macro or list that an item defines: one that appends only changes what is there already, or is left out."""
    try:
        kind = _kind(item)
        if kind not in _DEFINED or item.boolean("append") or Overrides.of(item, kind).appended:
            return set()
        return {_DEFINED[kind](item.text(kind).value)}
    except ItemError:
        return set()


_DEFINED = {"list": listed, "macro": macro}


def _kind(item: Item) -> str:
    return next((kind for kind in ("list", "macro", "rule") if kind in item), "")


def _condition(item: Item, rules: Mapping[str, RuleDefinition]) -> str:
    """What an item says of a condition, behind another if it appends, with exceptions. Raises ItemError."""
    kind = _kind(item)
    if kind not in ("macro", "rule"):
        return ""
    overrides = Overrides.of(item, kind)
    appended = ("condition", "exceptions") if item.boolean("append") else overrides.appended
    before = _BEFORE if "condition" in appended or "condition" not in item else ""
    own = Text.at(before + (item.text("condition").value if "condition" in item else ""), item.place)
    known = rules.get(item.text(kind).value) if "exceptions" in appended else None
    rule = RuleDefinition("", own, Text(), "", Priority.DEBUG, item.place, Visible(0, 0))
    with suppress(ItemError):
        rule.exceptions = exceptions.read(item, _say_nothing, known, replaces="exceptions" in overrides.replaced)
    return condition(rule).value


def _say_nothing(_code: str, _name: str, _place: object) -> None:
    """What is to be warned of is told where the item is added."""


def _needs(each: Check | MacroRef | Constant, text: str) -> Iterator[str]:
    if isinstance(each, MacroRef) and each.name not in _WORDS:
        yield macro(each.name)
    elif isinstance(each, Check) and isinstance(each.right, Values) and not _is_sound(each):
        yield from (listed(name) for name in _names(each, each.right, text))


def _names(check: Check, values: Values, text: str) -> Iterator[str]:
    """The words among the values that can be no value of the field, and are written as a list's name is."""
    for item in values.items if _is_sound(replace(check, right=Values(()))) else ():
        is_bare = text.startswith(item.text, item.position) and _LIST_NAME.fullmatch(item.text)
        if is_bare and not _is_sound(replace(check, right=Values((item,)))):
            yield item.text


def _is_sound(check: Check) -> bool:
    try:
        leaf(check, resolve)
    except CheckError:
        return False
    return True

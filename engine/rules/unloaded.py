"""Items of the local rules file for rules, macros and lists that are not loaded: each is left out, with a warning.

Falco refuses a file for one of them, and so do we where somebody names the file. The local rules file goes along with
whatever rules are asked for, and what else stands in it is wanted with these, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import yaml

from engine.lang.grammar import parse
from engine.lang.nodes import MacroRef, leaves
from engine.rules.overrides import Overrides
from engine.rules.recovery import parse_all
from engine.rules.yaml_items import Item, ItemError

LEFT_OUT = "LOAD_LEFT_OUT"
"""Our own code, a warning: an item is not in force, as what it changes or needs is not loaded."""
_BEFORE = "evt.num exists "
"""Stands for the condition that another one is appended to."""
_WORDS = frozenset({"and", "or", "not"})
"""At the end of a condition the grammar takes them for macros: it is unfinished, and so a fault."""
WITH_ITS_FILE = "it is in force with the files that define that"


def no_target(title: str) -> str:
    """What to say of a change of ``title``, which is not there."""
    return f"left out: {title}, which it changes, is not loaded"


def no_macro(title: str, macro: str) -> str:
    """What to say of ``title``, whose condition needs a macro that is not there."""
    return f"left out: {title} needs the macro '{macro}', which is not loaded"


def lacking(found: Sequence[Item | ItemError], loaded: Iterable[str]) -> dict[int, str]:
    """The number of each item whose condition needs a macro that is neither loaded nor in an item that stays → the
    first of these macros."""
    needs = {number: _needed(item) for number, item in enumerate(found) if isinstance(item, Item)}
    defined = {number: _defined(item) for number, item in enumerate(found) if isinstance(item, Item)}
    lacks: dict[int, str] = {}
    while True:
        known = set(loaded).union(*(names for number, names in defined.items() if number not in lacks))
        more = {number: names - known for number, names in needs.items() if number not in lacks}
        fresh = {number: min(names) for number, names in more.items() if names}
        if not fresh:
            return lacks
        lacks |= fresh


def _needed(item: Item) -> set[str]:
    """The macros in an item's condition; what is wrong with one that cannot be read is told where it is compiled."""
    node = item.nodes.get("condition")
    if not isinstance(node, yaml.ScalarNode) or not ("rule" in item or "macro" in item):
        return set()
    before = _BEFORE if _appends(item) else ""
    tree, errors = parse_all(before + item.scalar(node).value, parse)
    if tree is None or errors:
        return set()
    return {leaf.name for leaf in leaves(tree) if isinstance(leaf, MacroRef)} - _WORDS


def _defined(item: Item) -> set[str]:
    """The macro that an item defines: one that appends only changes what is there already, or is left out."""
    return {str(item.nodes["macro"].value)} if "macro" in item and not _appends(item) else set()


def _appends(item: Item) -> bool:
    """Whether the condition is put behind another; what is wrong with saying so is told where the item is added."""
    try:
        overrides = Overrides.of(item, "macro" if "macro" in item else "rule")
        return "condition" in overrides.appended or item.boolean("append")
    except ItemError:
        return False

"""Items of the local rules file for rules, macros and lists that are not loaded: each is left out, with a warning.

Falco refuses a file for one of them, and so do we where somebody names the file. The local rules file goes along with
whatever rules are asked for, and what else stands in it is wanted with these, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import yaml

from engine.lang.grammar import parse
from engine.lang.nodes import MacroRef, leaves
from engine.rules.recovery import parse_all
from engine.rules.yaml_items import Item, ItemError

LEFT_OUT = "LOAD_LEFT_OUT"
"""Our own code, a warning: an item is not in force, as what it changes or needs is not loaded."""
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
    defined = {number: _name(item) for number, item in enumerate(found) if isinstance(item, Item) and "macro" in item}
    lacks: dict[int, str] = {}
    while True:
        known = {*loaded, *(name for number, name in defined.items() if number not in lacks)}
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
    tree, errors = parse_all(item.scalar(node).value, parse)
    return set() if tree is None or errors else {leaf.name for leaf in leaves(tree) if isinstance(leaf, MacroRef)}


def _name(item: Item) -> str:
    return str(item.nodes["macro"].value)

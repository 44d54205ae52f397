"""Items of the local rules file for rules, macros and lists that are not loaded: each is left out, with a warning.

Falco refuses a file for one of them, and so do we where somebody names the file. The local rules file goes along with
whatever rules are asked for, and what else stands in it is wanted with these, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.rules.definitions import RuleDefinition
from engine.rules.needs import defined, needed
from engine.rules.yaml_items import Item, ItemError

LEFT_OUT = "LOAD_LEFT_OUT"
"""Our own code, a warning: an item is not in force, as what it changes or needs is not loaded."""
WITH_ITS_FILE = "it is in force with the files that define that"


def no_target(title: str) -> str:
    """What to say of a change of ``title``, which is not there."""
    return f"left out: {title}, which it changes, is not loaded"


def no_need(title: str, need: str) -> str:
    """What to say of ``title``, which needs a macro or a list that is not there."""
    return f"left out: {title} needs the {need}, which is not loaded"


def lacking(
    found: Sequence[Item | ItemError], loaded: Iterable[str], rules: Mapping[str, RuleDefinition]
) -> dict[int, str]:
    """The number of each item that needs a macro or list that is neither loaded nor in an item that stays → the first
    of these. ``loaded`` are macros and lists as :mod:`engine.rules.needs` writes them, ``rules`` those that are loaded.
    """
    items = {number: item for number, item in enumerate(found) if isinstance(item, Item)}
    needs = {number: needed(item, rules) for number, item in items.items()}
    given = {number: defined(item) for number, item in items.items()}
    lacks: dict[int, str] = {}
    while True:
        known = set(loaded).union(*(names for number, names in given.items() if number not in lacks))
        more = {number: names - known for number, names in needs.items() if number not in lacks}
        fresh = {number: min(names) for number, names in more.items() if names}
        if not fresh:
            return lacks
        lacks |= fresh

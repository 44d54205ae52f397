"""``image=nginx*``: behind ``=`` and ``!=`` a star stands for any text, in whatever list a person types it.

Rules know no such thing: there the star is one, and ``glob`` is the operator. In a filter ``==`` and ``in`` take it as
it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.lang.check import Resolve, leaf
from engine.lang.nodes import And, Check, FieldRef, Literal, Node, Not, Or
from engine.lang.types import Group

STAR = "*"
_OTHERWISE = re.compile(r"[\\\[?]")
"""What means something to ``glob`` and nothing here."""


def fitting(pattern: str) -> Callable[[str], bool]:
    """Whether a text is this one, a star standing for anything; in time linear in the text for each star."""
    first, *others = pattern.split(STAR)
    if not others:
        return first.__eq__
    *between, last = others
    return lambda text: text.startswith(first) and text.endswith(last) and _holds(text, len(first), between, len(last))


def _holds(text: str, at: int, pieces: list[str], behind: int) -> bool:
    """Whether the pieces follow each other, from ``at`` to before what stands ``behind``."""
    end = len(text) - behind
    for piece in pieces:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return at <= end


def with_stars(node: Node, resolve: Resolve) -> Node:
    """The tree of a filter with ``glob`` for what has a star. Its checks are sound."""
    match node:
        case Check(operator="=" | "!=", left=FieldRef(), right=Literal(text=text)) if STAR in text:
            return _globbed(node, text) if _is_text(node, resolve) else node
        case Not(child=child):
            return Not(with_stars(child, resolve), node.position)
        case And(children=children) | Or(children=children):
            return type(node)(tuple(with_stars(child, resolve) for child in children), node.position)
    return node


def _is_text(check: Check, resolve: Resolve) -> bool:
    ready = leaf(check, resolve)
    return ready.left.shape.type.group is Group.STRING and not ready.left.shape.is_list and not check.modifier


def _globbed(check: Check, text: str) -> Node:
    pattern = Literal(_OTHERWISE.sub(r"\\\g<0>", text), check.position)
    fits = Check(check.left, "glob", pattern, position=check.position)
    if check.operator == "=":
        return fits
    return And((Check(check.left, "exists", position=check.position), Not(fits, check.position)), check.position)

"""Every syntax error of a condition, not only the first: what cannot be read is left out, and the rest read again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from engine.lang.grammar import ConditionError
from engine.lang.nodes import And, Check, Constant, MacroRef, Node, Not, Or

MAX_ERRORS = 20
"""Syntax errors told for one condition."""

_TOKEN = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\])*(?:"|\\?\Z)|'(?:\\.|[^'\\])*(?:'|\\?\Z))|(?<![^\s()])(?:and|or|not)(?=[\s(])|[()]""",
    re.DOTALL,
)
_BLANKS = re.compile(r"\s*")
_PLACEHOLDER = "x"


def parse_all(text: str, parse: Callable[[str], Node]) -> tuple[Node | None, list[ConditionError]]:
    """The tree, and what is wrong. Broken parts are :data:`Constant` true; there is no tree if that is all there is."""
    errors: list[ConditionError] = []
    left_out: set[int] = set()
    rest = text
    while len(errors) < MAX_ERRORS:
        try:
            return _without(parse(rest), left_out), errors
        except ConditionError as error:
            if errors and error.index <= errors[-1].index:
                break
            errors.append(error)
            start, end = _broken_part(rest, error.index)
            if start >= end:
                break
            left_out.add(start)
            rest = rest[:start] + _PLACEHOLDER.ljust(end - start) + rest[end:]
    return None, errors


def _broken_part(text: str, index: int) -> tuple[int, int]:
    """The check around ``index``: from the word or parenthesis before it to the next one that ends it."""
    start, depth = 0, 0
    visible = _visible(text, start)
    for word, begin, end in _words(text):
        if begin >= index and word != "(" and (word != ")" or depth == 0):
            return _trimmed(text, start, begin)
        if word in ("and", "or", "not") or (word == "(" and visible >= begin):
            start, depth = end, 0
            visible = _visible(text, start)
        elif word in ("(", ")"):
            depth = max(0, depth + (1 if word == "(" else -1))
    return _trimmed(text, start, len(text))


def _visible(text: str, start: int) -> int:
    """Where the first character from ``start`` on stands that is no blank."""
    match = _BLANKS.match(text, start)
    return match.end() if match else start


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _TOKEN.finditer(text):
        if match["quoted"] is None:
            yield match[0], match.start(), match.end()


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), start + len(part.rstrip())


def _without(node: Node, left_out: set[int]) -> Node:
    """The tree with the placeholders that stand at these positions replaced."""
    if not left_out:
        return node
    match node:
        case MacroRef(position=position) if position in left_out:
            return Constant(True)
        case Not(child=child):
            return Not(_without(child, left_out), node.position)
        case And(children=children) | Or(children=children):
            return type(node)(tuple(_without(child, left_out) for child in children), node.position)
        case Check() | MacroRef() | Constant():
            return node

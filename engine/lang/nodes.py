"""The tree of a condition, and its canonical text.

Nodes are immutable and compare by meaning: ``position`` (the index into the condition's text, from 0) takes no part in
equality, so the same check written twice is the same check. Text in nodes holds bytes that are not UTF-8 as
surrogate escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_NEEDS_QUOTES = re.compile(r"[ =\"'\\\b\f\n\r\t\0]")
_ESCAPES = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written, its quotes and escapes resolved."""

    text: str
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return quote(self.text)


@dataclass(frozen=True, slots=True)
class Values:
    """A parenthesised list on the right of an operator, or the one bare word that stands for it."""

    items: tuple[Literal, ...]
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"({', '.join(map(str, self.items))})"


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field, with the argument in its brackets: ``proc.aname[2]``."""

    name: str
    argument: str | None = None
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.name + _brackets(self.argument)


@dataclass(frozen=True, slots=True)
class TermList:
    """A list inside a transformer: ``join("-", (fd.name, "x"))``."""

    items: tuple[Term, ...]
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"({_terms(self.items)})"


@dataclass(frozen=True, slots=True)
class Call:
    """A transformer applied to its arguments; ``argument`` is what follows in brackets (``getopt(…)[c]``)."""

    name: str
    arguments: tuple[Term, ...]
    argument: str | None = None
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.name}({_terms(self.arguments)}){_brackets(self.argument)}"


Term = Literal | FieldRef | Call | TermList
"""What a transformer takes."""

Left = FieldRef | Call
"""What stands on the left of an operator, and as a field on its right."""


@dataclass(frozen=True, slots=True)
class Check:
    """``left operator [modifier] right``; ``right`` is None for ``exists``."""

    left: Left
    operator: str
    right: Literal | Values | Left | None = None
    modifier: str = ""
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        right = f"val({self.right})" if isinstance(self.right, FieldRef) else self.right
        return " ".join(
            str(part) for part in (self.left, self.operator, self.modifier, right) if part not in ("", None)
        )


@dataclass(frozen=True, slots=True)
class MacroRef:
    """A bare name: the condition of that macro stands here."""

    name: str
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Not:
    """The negation of a condition."""

    child: Node
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return _written(self)


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more conditions."""

    children: tuple[Node, ...]
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return _written(self)


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more conditions."""

    children: tuple[Node, ...]
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return _written(self)


@dataclass(frozen=True, slots=True)
class Constant:
    """A condition that is always true or always false: only folding makes it."""

    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


Node = Check | MacroRef | Not | And | Or | Constant
"""A condition."""


def _written(node: Node) -> str:
    pieces: list[str] = []
    _write(node, pieces)
    return "".join(pieces)


def _write(node: Node, pieces: list[str]) -> None:
    """One frame for each level: conditions may be deep."""
    match node:
        case Not(child=child):
            pieces.append("not ")
            _write(child, pieces)
        case And(children=children) | Or(children=children):
            joiner = "("
            for child in children:
                pieces.append(joiner)
                _write(child, pieces)
                joiner = " and " if isinstance(node, And) else " or "
            pieces.append(")")
        case _:
            pieces.append(str(node))


def quote(text: str) -> str:
    """``text`` as it is printed in canonical text: quoted only where a reader needs it."""
    if not _NEEDS_QUOTES.search(text):
        return text
    return escape(text)


def escape(text: str) -> str:
    """``text`` as a quoted string of a condition."""
    return '"' + "".join(_ESCAPES.get(char, char) for char in text) + '"'


def leaves(node: Node) -> Iterator[Check | MacroRef]:
    """The checks and macro references of a condition, from left to right."""
    match node:
        case Check() | MacroRef():
            yield node
        case Not(child=child):
            yield from leaves(child)
        case And(children=children) | Or(children=children):
            for child in children:
                yield from leaves(child)


def fields(term: Term | Values | None) -> Iterator[FieldRef]:
    """The fields that a side of a check reads."""
    match term:
        case FieldRef():
            yield term
        case Call(arguments=items) | TermList(items=items):
            for item in items:
                yield from fields(item)


def _terms(items: tuple[Term, ...]) -> str:
    return ",".join(map(str, items))


def _brackets(argument: str | None) -> str:
    if argument is None:
        return ""
    return f"[{quote(argument)}]" if argument else '[""]'

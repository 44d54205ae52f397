"""The operators, a row each: for which groups of types it exists, and what it means.

``holds`` is the definition on one value: the interpreter and the intermediate form rest on it. Generated functions
write what is asked often as an expression (:mod:`engine.lang.codegen.expressions`); a property test holds one against
the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.lang import patterns
from engine.lang.literals import Network
from engine.lang.types import Group

Operands = Sequence[Any]
"""Converted literals: one for a scalar operator, any number for a list operator."""
Holds = Callable[[Any, Operands], bool]


@dataclass(frozen=True, slots=True)
class Test:
    """What an operator means for one group of types."""

    holds: Holds


@dataclass(frozen=True, slots=True)
class Operator:
    """A row: the word, its kind, and its meaning for each group for which it exists."""

    word: str
    kind: str
    """"unary", "number", "string" or "list": what may stand on its right."""
    help: str
    tests: Mapping[Group, Test]
    on_lists: Test | None = None
    """Its meaning for fields that are lists."""
    right_field: bool = True
    """Whether a field may stand on its right."""
    hexadecimal: bool = False
    """The literal is written in hexadecimal digits."""
    modifiers: bool = False

    @property
    def needs_blank(self) -> bool:
        """A word that ends where a blank follows, as opposed to a symbol."""
        return self.kind == "string" and self.word.isalpha()


def lower(text: str) -> str:
    """ASCII letters in lower case; the others as they are."""
    return text.translate(_LOWER)


_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


_EQUAL = Test(lambda value, operands: value == operands[0])
_UNEQUAL = Test(lambda value, operands: value != operands[0])
_MEMBER = Test(lambda value, operands: value in operands)
_EXISTS = Test(lambda _value, _operands: True)
_LESS = Test(lambda value, operands: value < operands[0])
_LESS_EQUAL = Test(lambda value, operands: value <= operands[0])
_GREATER = Test(lambda value, operands: value > operands[0])
_GREATER_EQUAL = Test(lambda value, operands: value >= operands[0])
_CONTAINS = Test(lambda value, operands: operands[0] in value)
_STARTS = Test(lambda value, operands: value.startswith(operands[0]))
_ENDS = Test(lambda value, operands: value.endswith(operands[0]))
_ICONTAINS = Test(lambda value, operands: lower(operands[0]) in lower(value))
_GLOB = Test(lambda value, operands: bool(patterns.glob(operands[0])(value)))
_IGLOB = Test(lambda value, operands: bool(patterns.glob(operands[0], fold=True)(value)))
_REGEX = Test(lambda value, operands: bool(patterns.regex(operands[0])(value)))
_PMATCH = Test(lambda value, operands: any(patterns.has_prefix(value, prefix) for prefix in operands))
_EVERY = Test(lambda value, operands: all(item in operands for item in value))
_SOME = Test(lambda value, operands: any(item in operands for item in value))


def _in_network(address: str, operands: Sequence[Network]) -> bool:
    return any(network.holds(address) for network in operands)


_NET_IN = Test(_in_network)
_NET_NOT = Test(lambda value, operands: not operands[0].holds(value))

_SCALARS = (Group.NUMBER, Group.BOOL, Group.STRING, Group.BYTES, Group.ADDRESS)
_ORDERED = (Group.NUMBER, Group.STRING)
_TEXT = (Group.STRING,)
_BUFFERS = (Group.STRING, Group.BYTES)


def _for(groups: Sequence[Group], test: Test, network: Test | None = None) -> dict[Group, Test]:
    return {**dict.fromkeys(groups, test), **({Group.NETWORK: network} if network else {})}


_ROWS = (
    Operator("exists", "unary", "the field has a value", _for((*Group,), _EXISTS), on_lists=_EXISTS),
    Operator("<=", "number", "at most", _for(_ORDERED, _LESS_EQUAL)),
    Operator("<", "number", "less than", _for(_ORDERED, _LESS)),
    Operator(">=", "number", "at least", _for(_ORDERED, _GREATER_EQUAL)),
    Operator(">", "number", "greater than", _for(_ORDERED, _GREATER)),
    Operator("==", "string", "the same value", _for(_SCALARS, _EQUAL, _NET_IN), modifiers=True),
    Operator(
        "=", "string", "the same value; a network contains the address", _for(_SCALARS, _EQUAL, _NET_IN), modifiers=True
    ),
    Operator("!=", "string", "there is a value, and it is another", _for(_SCALARS, _UNEQUAL, _NET_NOT), modifiers=True),
    Operator("glob", "string", "the whole text fits the shell pattern", _for(_TEXT, _GLOB), modifiers=True),
    Operator("iglob", "string", "glob, whatever the case", _for(_TEXT, _IGLOB), modifiers=True),
    Operator("contains", "string", "the text occurs in it", _for(_BUFFERS, _CONTAINS), modifiers=True),
    Operator("icontains", "string", "contains, whatever the case (ASCII)", _for(_TEXT, _ICONTAINS), modifiers=True),
    Operator(
        "bcontains",
        "string",
        "the bytes, in hexadecimal, occur in it",
        _for((Group.BYTES,), _CONTAINS),
        hexadecimal=True,
        modifiers=True,
    ),
    Operator("startswith", "string", "it begins with the text", _for(_BUFFERS, _STARTS), modifiers=True),
    Operator(
        "bstartswith",
        "string",
        "it begins with the bytes, in hexadecimal",
        _for((Group.BYTES,), _STARTS),
        hexadecimal=True,
        modifiers=True,
    ),
    Operator("endswith", "string", "it ends with the text", _for(_BUFFERS, _ENDS), modifiers=True),
    Operator(
        "regex",
        "string",
        "the whole text matches the POSIX regular expression",
        _for(_TEXT, _REGEX),
        right_field=False,
        modifiers=True,
    ),
    Operator(
        "intersects",
        "list",
        "it is (or has, for lists) one of the values",
        _for(_SCALARS, _MEMBER, _NET_IN),
        on_lists=_SOME,
    ),
    Operator(
        "in",
        "list",
        "it is (or has only, for lists) one of the values",
        _for(_SCALARS, _MEMBER, _NET_IN),
        on_lists=_EVERY,
    ),
    Operator(
        "pmatch", "list", "the path lies at or below one of the prefixes", _for(_TEXT, _PMATCH), right_field=False
    ),
)

OPERATORS: dict[str, Operator] = {row.word: row for row in _ROWS}
"""Every operator by its word, in the order in which Falco names them."""

MODIFIERS: dict[str, Callable[[Sequence[bool]], bool]] = {
    "oneof": lambda results: sum(results) == 1,
    "anyof": any,
    "allof": lambda results: len(results) > 0 and all(results),
}
"""``operator modifier (a, b)``: how the results for the single values are combined."""

UNARY_OPERATORS = frozenset(row.word for row in _ROWS if row.kind == "unary")
NUMBER_OPERATORS = frozenset(row.word for row in _ROWS if row.kind == "number")
LIST_OPERATORS = frozenset(row.word for row in _ROWS if row.kind == "list")

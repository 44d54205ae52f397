"""One leaf as a Python expression.

Constants stand in the source by :func:`ascii` of an int, a bool, a str or bytes and in no other way; everything else
is bound to a name. No text of a rule is ever source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from engine.lang import ir, patterns
from engine.lang.field import Many
from engine.lang.ir import Leaf
from engine.lang.operators import lower
from engine.lang.types import Group

Bind = Callable[[object], str]
"""Gives a value a name that source may use."""

_LONG_CHAIN = 16
"""Texts looked for one after the other; more are left to a loop in a function."""

_MANY_EDGES = 4
"""Texts at the edge of a value from which on a look at the set of their edges pays."""

COSTS = {"exists": 5, "in": 20, "startswith": 50, "endswith": 50, "contains": 40, "glob": 900, "iglob": 900}
"""About how many nanoseconds a test takes, its value at hand."""
_DEFAULT_COST = 400


def cost(leaf: Leaf) -> int:
    """About how many nanoseconds the test takes."""
    if leaf.right is not None or leaf.modifier:
        return 3 * _DEFAULT_COST
    if not _is_simple(leaf):
        return 150 if leaf.word == "in" else _DEFAULT_COST
    if leaf.word in _COMPARISONS:
        return 15
    each = COSTS.get(leaf.word, _DEFAULT_COST)
    return each * max(1, len(leaf.operands)) if leaf.word in ("contains", "glob", "iglob") else each


def expression(leaf: Leaf, first: str, again: str, bind: Bind, *, is_total: bool) -> str:
    """The test of a value. ``first`` is its expression where it is read first, ``again`` after that."""
    if leaf.word == "exists" and _is_simple(leaf):
        return f"{first} is {'' if leaf.negated else 'not '}None"
    template = _TEMPLATES.get(leaf.word) if _is_simple(leaf) else None
    if template is _member:
        return _member(leaf, first, is_total=is_total)
    make = template or _by_call
    if is_total:
        return f"not {make(leaf, first, again, bind)}" if leaf.negated else make(leaf, first, again, bind)
    if leaf.negated:
        return f"({first} is None or not {make(leaf, again, again, bind)})"
    return f"({first} is not None and {make(leaf, again, again, bind)})"


_ALLOWED = frozenset({int, str, bytes, bool})


def _is_simple(leaf: Leaf) -> bool:
    """A test of one value against values that have literals."""
    source = leaf.read.source
    single = source.many is Many.NO and not source.shape.is_list and not leaf.modifier
    return single and all(type(operand) in _ALLOWED for operand in leaf.operands)


def constant(value: object) -> str:
    """The literal of a plain value, ASCII only."""
    if type(value) not in _ALLOWED:
        raise TypeError(f"no literal for {type(value).__name__}")
    return ascii(value)


def _member(leaf: Leaf, first: str, *, is_total: bool) -> str:
    """A missing value is None, which no operand is."""
    if is_total and len(leaf.operands) == 1 and leaf.operands[0] is True:
        return f"not {first}" if leaf.negated else first
    if len(leaf.operands) == 1:
        return f"{first} {'!=' if leaf.negated else '=='} {constant(leaf.operands[0])}"
    return f"{first} {'not in' if leaf.negated else 'in'} {{{', '.join(map(constant, leaf.operands))}}}"


def _edge(leaf: Leaf, first: str, again: str, _bind: Bind) -> str:
    """Of many texts it is asked first whether one has the same edge: a set is one look, texts are one each."""
    texts = _widest(leaf)
    size = min(map(len, texts))
    if len(texts) < _MANY_EDGES or not size:
        return _edges(leaf.word, first, texts)
    edge = slice(size) if leaf.word == "startswith" else slice(-size, None)
    known = ", ".join(map(constant, dict.fromkeys(text[edge] for text in texts)))
    part = f"[:{size}]" if leaf.word == "startswith" else f"[-{size}:]"
    return f"({first}{part} in {{{known}}} and {_edges(leaf.word, again, texts)})"


def _edges(word: str, value: str, texts: Sequence[Any]) -> str:
    listed = ", ".join(map(constant, texts))
    return f"{value}.{word}({listed if len(texts) == 1 else f'({listed},)'})"


def _widest(leaf: Leaf) -> list[Any]:
    """The texts without those that another one stands for: what starts with ``/etc/pam.d/`` starts with ``/etc/``."""
    step = 1 if leaf.word == "startswith" else -1
    kept: list[Any] = []
    for text in sorted({operand[::step] for operand in leaf.operands}):  # it comes before all that it stands for
        if not kept or not text.startswith(kept[-1]):
            kept.append(text)
    known = frozenset(kept)
    return [text for text in dict.fromkeys(leaf.operands) if text[::step] in known]


def _contains(leaf: Leaf, first: str, again: str, bind: Bind) -> str:
    if len(leaf.operands) > _LONG_CHAIN:
        return _by_call(leaf, first, again, bind)
    names = [first, *[again] * (len(leaf.operands) - 1)]
    return f"({' or '.join(f'{constant(o)} in {name}' for o, name in zip(leaf.operands, names, strict=True))})"


def _compare(leaf: Leaf, first: str, _again: str, _bind: Bind) -> str:
    return f"({first} {leaf.word} {constant(leaf.operands[0])})"


def _by_call(leaf: Leaf, first: str, _again: str, bind: Bind) -> str:
    return f"{bind(matcher(leaf))}({first})"


def matcher(leaf: Leaf) -> Callable[[Any], object]:
    """A function that tests a value which is there; what can be prepared is."""
    many = leaf.read.source.many
    if leaf.modifier or leaf.read.source.shape.is_list:
        return partial(_holds, leaf.positive)
    one = _PREPARED.get(leaf.word, _one)(leaf)
    if many is Many.NO:
        return one
    if many is Many.EITHER and leaf.word == "!=":
        return lambda values: len(values) > 0 and all(map(one, values))
    if leaf.word == "in" and all(type(operand) in _ALLOWED for operand in leaf.operands):
        return _shares(leaf)
    return lambda values: any(map(one, values))


def _holds(leaf: Leaf, value: Any) -> bool:
    return ir.value_holds(leaf, value, leaf.operands)


def _one(leaf: Leaf) -> Callable[[Any], object]:
    single = replace(leaf.positive, read=replace(leaf.read, source=replace(leaf.read.source, many=Many.NO)))
    return partial(_holds, single)


def _shares(leaf: Leaf) -> Callable[[Any], object]:
    is_disjoint = frozenset(leaf.operands).isdisjoint
    return lambda values: not is_disjoint(values)


def _member_of(leaf: Leaf) -> Callable[[Any], object]:
    if leaf.read.source.shape.type.group is Group.NETWORK:
        return lru_cache(maxsize=1024)(_one(leaf))  # addresses repeat
    return _one(leaf) if leaf.word == "!=" else frozenset(leaf.operands).__contains__


def _some(tests: list[Callable[[Any], object]]) -> Callable[[Any], object]:
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _icontains(leaf: Leaf) -> Callable[[Any], object]:
    needles = [lower(operand) for operand in leaf.operands]

    def test(value: Any) -> bool:
        text = value.lower() if value.isascii() else lower(value)
        return any(needle in text for needle in needles)

    return test


_PREPARED: dict[str, Callable[[Leaf], Callable[[Any], object]]] = {
    "in": _member_of,
    "!=": _member_of,
    "startswith": lambda leaf: lambda value: value.startswith(leaf.operands),
    "endswith": lambda leaf: lambda value: value.endswith(leaf.operands),
    "contains": lambda leaf: lambda value: any(operand in value for operand in leaf.operands),
    "exists": lambda _leaf: lambda _value: True,
    "icontains": _icontains,
    "glob": lambda leaf: _some([patterns.glob(operand) for operand in leaf.operands]),
    "iglob": lambda leaf: _some([patterns.glob(operand, fold=True) for operand in leaf.operands]),
    "regex": lambda leaf: _some([patterns.regex(operand) for operand in leaf.operands]),
    "pmatch": lambda leaf: patterns.Prefixes(leaf.operands).match,
}
_COMPARISONS = ("<", "<=", ">", ">=")
_TEMPLATES: dict[str, Callable[..., str]] = {
    "in": _member,
    "startswith": _edge,
    "endswith": _edge,
    "contains": _contains,
    **dict.fromkeys(_COMPARISONS, _compare),
}

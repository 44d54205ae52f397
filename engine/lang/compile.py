"""Conditions as closures: each check one call, chains without a loop where they are short.

Rules are compiled once for each event type they can match: what the type decides (``evt.type in (…)``, parameters that
it does not have, ``evt.num = 0``) is folded away first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from engine.lang.check import Leaf, Resolve, leaf
from engine.lang.field import Many
from engine.lang.nodes import And, Check, Constant, Node, Not, Or
from engine.lang.operators import MODIFIERS, Operands, Predicate

Known = Callable[[Check], bool | None]
"""Whether a check is certain: true, false, or None for not."""


def fold(node: Node, known: Known) -> Node:
    """The condition without what is certain."""
    match node:
        case Check():
            result = known(node)
            return node if result is None else Constant(result)
        case Not(child=child):
            inner = fold(child, known)
            return Constant(not inner.value) if isinstance(inner, Constant) else Not(inner, node.position)
        case And():
            return _fold_chain(node, known, absorbing=False)
        case Or():
            return _fold_chain(node, known, absorbing=True)
    return node


def _fold_chain(node: And | Or, known: Known, *, absorbing: bool) -> Node:
    """``false`` decides an and, ``true`` an or; the other constant says nothing."""
    kept = []
    for child in node.children:
        part = fold(child, known)
        if not isinstance(part, Constant):
            kept.append(part)
        elif part.value is absorbing:
            return part
    if not kept:
        return Constant(not absorbing)
    return kept[0] if len(kept) == 1 else type(node)(tuple(kept), node.position)


class Compiler:
    """Compiles conditions over one field table; equal checks become the same closure."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._checks: dict[Check, Predicate] = {}

    def compile(self, node: Node) -> Predicate:
        """A function that judges an event. Raises CheckError; macros must have been expanded."""
        match node:
            case Check():
                return self._check(node)
            case Not(child=child):
                return _negated(self.compile(child))
            case And(children=children):
                return _all([self.compile(child) for child in children])
            case Or(children=children):
                return _any([self.compile(child) for child in children])
            case Constant(value=value):
                return lambda _event: value
        raise AssertionError(f"macro '{node.name}' was not expanded")

    def _check(self, check: Check) -> Predicate:
        if (known := self._checks.get(check)) is None:
            known = self._checks[check] = predicate(leaf(check, self._resolve))
        return known


def predicate(leaf: Leaf) -> Predicate:
    """The closure for one check."""
    if leaf.left.many is not Many.NO:
        return _many(leaf)
    if leaf.right is not None:
        return _against_field(leaf)
    if leaf.modifier:
        combine = MODIFIERS[leaf.modifier]
        tests = [leaf.test.fuse(leaf.left.get, (operand,)) for operand in leaf.operands]
        return lambda event: combine([test(event) for test in tests])
    return leaf.test.fuse(leaf.left.get, leaf.operands)


def _against_field(leaf: Leaf) -> Predicate:
    assert leaf.right is not None
    left, right, holds, is_list = leaf.left.get, leaf.right.get, leaf.test.holds, leaf.right.shape.is_list

    def check(event: Any) -> bool:
        value, other = left(event), right(event)
        if value is None or other is None:
            return False
        operands: Operands = other if is_list else (other,)
        return holds(value, operands)

    return check


def _many(leaf: Leaf) -> Predicate:
    """For fields with several values: some must satisfy the check; both endpoints where it is ``!=``."""
    get = leaf.left.get
    one = predicate(replace(leaf, left=replace(leaf.left, get=_itself, many=Many.NO)))
    if leaf.left.many is Many.EITHER and leaf.operator.word == "!=":
        return lambda event: bool(values := get(event)) and all(map(one, values))

    def check(event: Any) -> bool:
        values = get(event)
        return values is not None and any(map(one, values))

    return check


def _itself(value: Any) -> Any:
    return value


def _negated(test: Predicate) -> Predicate:
    return lambda event: not test(event)


def _all(tests: Sequence[Predicate]) -> Predicate:
    """Short chains as one expression; a long one is split, which keeps it without a loop."""
    match tests:
        case [only]:
            return only
        case [first, second]:
            return lambda event: first(event) and second(event)
        case [first, second, third]:
            return lambda event: first(event) and second(event) and third(event)
    head, tail = _all(tests[:2]), _all(tests[2:])
    return lambda event: head(event) and tail(event)


def _any(tests: Sequence[Predicate]) -> Predicate:
    match tests:
        case [only]:
            return only
        case [first, second]:
            return lambda event: first(event) or second(event)
        case [first, second, third]:
            return lambda event: first(event) or second(event) or third(event)
    head, tail = _any(tests[:2]), _any(tests[2:])
    return lambda event: head(event) or tail(event)

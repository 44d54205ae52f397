"""The meaning of conditions, slow and plain: what the compiled rules are held against.

Every check is evaluated from the operator's definition (:attr:`engine.lang.operators.Test.holds`); nothing is folded,
shared or prepared.
"""

from __future__ import annotations

from typing import Any

from engine.lang.check import Leaf, Resolve, leaf
from engine.lang.field import Many
from engine.lang.nodes import And, Check, Constant, Node, Not, Or
from engine.lang.operators import MODIFIERS


def evaluate(node: Node, event: Any, resolve: Resolve) -> bool:
    """Whether the condition holds for the event. Macros must have been expanded."""
    match node:
        case Check():
            return holds(leaf(node, resolve), event)
        case Not(child=child):
            return not evaluate(child, event, resolve)
        case And(children=children):
            return all(evaluate(child, event, resolve) for child in children)
        case Or(children=children):
            return any(evaluate(child, event, resolve) for child in children)
        case Constant(value=value):
            return value
    raise AssertionError(f"macro '{node.name}' was not expanded")


def holds(leaf: Leaf, event: Any) -> bool:
    """Whether a check holds for the event."""
    value = leaf.left.get(event)
    if value is None:
        return False
    if leaf.left.many is Many.NO:
        return _one(leaf, value, event)
    results = [_one(leaf, single, event) for single in value]
    if leaf.left.many is Many.EITHER and leaf.operator.word == "!=":
        return len(results) > 0 and all(results)
    return any(results)


def _one(leaf: Leaf, value: Any, event: Any) -> bool:
    if leaf.right is not None:
        other = leaf.right.get(event)
        if other is None:
            return False
        return leaf.test.holds(value, other if leaf.right.shape.is_list else (other,))
    if leaf.modifier:
        return MODIFIERS[leaf.modifier]([leaf.test.holds(value, (operand,)) for operand in leaf.operands])
    return leaf.test.holds(value, leaf.operands)

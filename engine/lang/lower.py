"""Conditions to their intermediate form (:mod:`engine.lang.ir`), evaluated partially for one type of event.

What the type decides goes first: ``evt.type in (…)``, parameters that it does not have, ``evt.num = 0``. Each check
becomes one or two leaves with a canonical word; negations sink to the leaves.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.lang import ir
from engine.lang.check import Leaf as ReadyCheck
from engine.lang.check import Resolve, Source, leaf, source
from engine.lang.field import Many
from engine.lang.ir import FALSE, TRUE, Form, Leaf, Read
from engine.lang.nodes import And, Call, Check, Constant, FieldRef, Node, Not, Or, fields
from engine.lang.operators import OPERATORS, Test

Known = Callable[[Check], bool | None]
"""Whether a check is certain for a type of event: true, false, or None for not."""

_WORDS = {"=": "in", "==": "in", "intersects": "in", "bcontains": "contains", "bstartswith": "startswith"}
"""Words that mean the same on single values."""


def lowered(node: Node, resolve: Resolve, known: Known = lambda _check: None) -> Form:
    """The condition's form. Raises CheckError; macros must have been expanded."""
    return Lowering(resolve).form(node, known)


class Lowering:
    """Lowers conditions over one field table; a check is prepared once, whatever the number of event types."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._checks: dict[Check, tuple[Form, Form]] = {}
        """Each check's form and its negation."""

    def form(self, node: Node, known: Known) -> Form:
        """The condition's form where ``known`` tells what is certain. Raises CheckError."""
        return self._form(node, known, turned=False)

    def _form(self, node: Node, known: Known, *, turned: bool) -> Form:
        match node:
            case Check():
                return self._check(node, known, turned=turned)
            case Not(child=child):
                return self._form(child, known, turned=not turned)
            case And(children=children) | Or(children=children):
                parts = [self._form(child, known, turned=turned) for child in children]
                return ir.all_of(parts) if isinstance(node, And) is not turned else ir.some_of(parts)
            case Constant(value=value):
                return TRUE if value is not turned else FALSE
        raise AssertionError(f"macro '{node.name}' was not expanded")

    def _check(self, check: Check, known: Known, *, turned: bool) -> Form:
        certain = known(check)
        if certain is not None:
            return TRUE if certain is not turned else FALSE
        if (forms := self._checks.get(check)) is None:
            form = self._leaves(check, leaf(check, self._resolve))
            forms = self._checks[check] = (form, ir.negated(form))
        return forms[turned]

    def _leaves(self, check: Check, ready: ReadyCheck) -> Form:
        """One check as leaves."""
        read = self._as_read(check.left, ready.left)
        if ready.right is None:
            return _against_values(read, ready)
        assert isinstance(check.right, FieldRef | Call)
        return Leaf(read, ready.operator.word, right=self._as_read(check.right, ready.right), test=ready.test)

    def read(self, term: FieldRef | Call) -> Read:
        """A field or a transformer on its own. Raises CheckError."""
        return self._as_read(term, source(term, self._resolve))

    def _as_read(self, term: FieldRef | Call, found: Source) -> Read:
        if found.field is not None:
            return Read(str(term), found, (found.field,))
        return Read(str(term), found, tuple(self._resolve(ref).field for ref in fields(term)))


def _against_values(read: Read, ready: ReadyCheck) -> Form:
    one = Leaf(read, ready.operator.word, ready.operands, modifier=ready.modifier, test=ready.test)
    if ready.left.shape.is_list:
        return one
    if ready.modifier:
        return _modified(one)
    return _canonical(one)


def _modified(leaf: Leaf) -> Form:
    """``anyof`` and ``allof`` of a single value are some and all of its checks."""
    if leaf.modifier == "oneof" or leaf.read.source.many is not Many.NO or not leaf.operands:
        return leaf
    singles = [_canonical(Leaf(leaf.read, leaf.word, (operand,), test=leaf.test)) for operand in leaf.operands]
    return ir.some_of(singles) if leaf.modifier == "anyof" else ir.all_of(singles)


def _canonical(leaf: Leaf) -> Form:
    if leaf.word == "!=" and leaf.read.source.many is Many.NO:
        there = Leaf(leaf.read, "exists", test=OPERATORS["exists"].tests[leaf.read.source.shape.type.group])
        return ir.all_of([there, ir.negated(_canonical(Leaf(leaf.read, "=", leaf.operands, test=leaf.test)))])
    word = _WORDS.get(leaf.word, leaf.word)
    if word == "in" and not leaf.operands:
        return FALSE
    return Leaf(leaf.read, word, leaf.operands, test=_test(word, leaf.read.source))


def _test(word: str, of: Source) -> Test:
    return OPERATORS[word].tests[of.shape.type.group]

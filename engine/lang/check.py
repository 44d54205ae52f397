"""One check, made ready: its field found, its types held against the operator, its literals converted.

All that can be wrong with a check is found here, when rules are loaded; a :class:`Leaf` can be evaluated on any event
without an error. The compiler and the interpreter both start from leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.lang import patterns
from engine.lang.event_names import EVENT_NAMES
from engine.lang.field import Bound, Field, FieldError, Getter, Many
from engine.lang.literals import convert, hexadecimal
from engine.lang.nearest import nearest
from engine.lang.nodes import Call, Check, FieldRef, Left, Literal, Term, TermList, Values
from engine.lang.operators import OPERATORS, Operator, Test
from engine.lang.quirks import quirk_of
from engine.lang.quoting import event_text
from engine.lang.transformers import TRANSFORMERS
from engine.lang.types import TEXT, TEXTS, Group, Shape

Resolve = Callable[[FieldRef], Bound]
"""Finds a field's row; raises FieldError."""

EVENT_TYPE_FIELDS = frozenset({"evt.type", "syscall.type"})
_EQUALITIES = frozenset({"=", "==", "!="})
_INTERNET = (Group.ADDRESS, Group.NETWORK)
_GROUP_WORDS = {Group.BOOL: Group.NUMBER.value, Group.NETWORK: Group.ADDRESS.value}


class CheckError(Exception):
    """A check that cannot be evaluated. ``position`` is an index into the condition's text."""

    def __init__(self, message: str, position: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: how to read it, what it is, and the fields behind it."""

    get: Getter
    shape: Shape
    many: Many = Many.NO
    field: Field | None = None
    """None for a transformer's result."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A check that can be evaluated: the left side, what the operator means for it, and the right side."""

    left: Source
    operator: Operator
    test: Test
    operands: tuple[Any, ...] = ()
    right: Source | None = None
    modifier: str = ""


def leaf(check: Check, resolve: Resolve) -> Leaf:
    """The check made ready. Raises CheckError."""
    left = source(check.left, resolve)
    row = OPERATORS[check.operator]
    test = _test(check, row, left)
    match check.right:
        case FieldRef() | Call() as right:
            return Leaf(left, row, test, right=_right(check, row, left, right, resolve), modifier=check.modifier)
        case Values(items=items):
            literals: Sequence[Literal] = items
        case Literal() as literal:
            literals = (literal,)
        case None:
            literals = ()
    operands = tuple(_operand(row, left, literal) for literal in literals)
    return _as_falco_judges(Leaf(left, row, test, operands, modifier=check.modifier))


def _as_falco_judges(leaf: Leaf) -> Leaf:
    """Without the values that Falco leaves out of account."""
    if leaf.left.many is Many.NO or leaf.left.field is None:
        return leaf
    quirk = quirk_of(leaf.left.field.name, leaf.operator.word, leaf.modifier, len(leaf.operands))
    return leaf if quirk is None else replace(leaf, operands=leaf.operands[: quirk.count], modifier="")


def source(term: Term, resolve: Resolve, *, within: str = "") -> Source:
    """A field, literal or transformer as something that can be read; ``within`` names the transformer around it."""
    match term:
        case FieldRef():
            return _field(term, resolve, within)
        case Call():
            return _call(term, resolve)
        case TermList(items=items):
            return _list([source(item, resolve, within=within) for item in items])
        case Literal(text=text):
            value = event_text(text)
            return Source(lambda _event: value, TEXT)


def _field(ref: FieldRef, resolve: Resolve, within: str) -> Source:
    try:
        bound = resolve(ref)
    except FieldError as error:
        raise CheckError(error.message, ref.position, error.hint) from None
    if within and bound.field.no_transformer:
        raise CheckError(f"field '{ref}' does not support transformers", ref.position)
    return Source(bound.get, bound.shape, bound.many, bound.field)


def _list(items: Sequence[Source]) -> Source:
    getters = [item.get for item in items]

    def get(event: Any) -> list[Any] | None:
        values = [read(event) for read in getters]
        return None if None in values else values

    return Source(get, TEXTS)


def _call(call: Call, resolve: Resolve) -> Source:
    row = TRANSFORMERS.get(call.name)
    if row is None or (call.argument is not None and row.select is None):
        raise CheckError(f"filter error: transformer '{call.name}' does not support field arguments", call.position)
    arguments = [source(term, resolve, within=call.name) for term in call.arguments]
    try:
        shape = row.shape([argument.shape for argument in arguments])
    except ValueError as error:
        raise CheckError(str(error), call.position) from None
    select, chosen, getters = row.select, call.argument, [argument.get for argument in arguments]
    if chosen is None or select is None:
        return Source(_applied(row.apply, getters), shape)
    if len(chosen) != 1:
        message = f"{call.name}() field argument must be a single option character"
        raise CheckError(message, call.position, "write one letter in the brackets: getopt(…)[n]")
    return Source(_applied(lambda values: select(values, chosen), getters), TEXT)


def _applied(apply: Callable[[Sequence[Any]], Any], getters: Sequence[Getter]) -> Getter:
    def get(event: Any) -> Any:
        values = [read(event) for read in getters]
        return None if None in values else apply(values)

    return get


def _test(check: Check, row: Operator, left: Source) -> Test:
    """What the operator means for the left side's type."""
    group = left.shape.type.group
    if left.shape.is_list:
        if row.on_lists is None or check.modifier:
            raise CheckError(f"filter error: '{row.word}' operator not supported list filters", check.position)
        return row.on_lists
    if check.modifier and group in _INTERNET and row.word not in _EQUALITIES:
        what = _GROUP_WORDS.get(group, group.value)
        raise CheckError(f"filter error: '{row.word}' with modifier not supported for {what} filters", check.position)
    test = row.tests.get(group)
    if test is None:
        raise CheckError(_not_supported(row, left), check.position, _usable(group))
    return test


def _not_supported(row: Operator, left: Source) -> str:
    group = left.shape.type.group
    if group is Group.OTHER:
        return f"filter error: '{row.word}' operator not supported for type '{left.shape.type}'"
    return f"filter error: '{row.word}' operator not supported for {_GROUP_WORDS.get(group, group.value)} filters"


def _usable(group: Group) -> str:
    return "operators for this field: " + ", ".join(word for word, row in OPERATORS.items() if group in row.tests)


def _operand(row: Operator, left: Source, literal: Literal) -> Any:
    """A literal as a value of the left side's type."""
    try:
        value = hexadecimal(literal.text) if row.hexadecimal else convert(literal.text, left.shape.type)
        if row.word == "regex":
            patterns.regex(str(value))
    except ValueError as error:
        raise CheckError(str(error), literal.position) from None
    if left.field is not None and left.field.name in EVENT_TYPE_FIELDS and value not in EVENT_NAMES:
        raise CheckError(f"unknown event type {value}", literal.position, _nearest_event(literal.text))
    return value


def _nearest_event(text: str) -> str:
    return nearest(text, EVENT_NAMES, 0.6)


def _right(check: Check, row: Operator, left: Source, term: Left, resolve: Resolve) -> Source:
    """A field on the right: of the same type, and where the operator can deal with it."""
    right = source(term, resolve)
    if not row.right_field:
        raise CheckError(f"operator '{row.word.upper()}' doesn't support right-hand side fields", term.position)
    if left.field is not None and left.field.no_right:
        raise CheckError(f"field '{check.left}' doesn't support right-hand side fields", check.position)
    if right.field is not None and right.field.no_right:
        raise CheckError(f"field '{term}' can't be used as a right-hand side field", term.position)
    if left.shape != right.shape:
        message = (
            f"field '{check.left}' has type '{left.shape}' while the right-hand side field '{term}' has incompatible"
            f" type '{right.shape}'"
        )
        raise CheckError(message, term.position)
    return right

"""The intermediate form of a condition: what is left of it for one type of event, as plain immutable data.

A form is :data:`TRUE`, :data:`FALSE`, a :class:`Leaf`, :class:`All` or :class:`Some`. Negation stands at the leaves
only (negation normal form), so a form grows with each of its leaves: to put something weaker in the place of a leaf
gives something weaker as a whole. :func:`weakened` rests on that: it makes conditions that are necessary, such as the
kernel can test.

:func:`all_of` and :func:`some_of` keep forms flat and small: constants vanish, equal parts stand once, and tests of one
field are merged (``x = a or x in (b, c)`` is one test of a set, ``startswith`` takes several prefixes).

A field without a value makes every test false, and its negation true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.lang.check import Source
from engine.lang.field import Field, Getter, Many
from engine.lang.operators import MODIFIERS, Operands, Test


@dataclass(frozen=True, slots=True)
class Read:
    """A value that leaves test: a field with its argument, or a transformer's result. Equal when written equal."""

    text: str
    """Canonical: ``proc.aname[2]``, ``tolower(proc.name)``."""
    source: Source = field(compare=False)
    rows: tuple[Field, ...] = field(default=(), compare=False)
    """The rows of all fields that it is made of."""

    @property
    def get(self) -> Getter:
        """Reads it from an event; None when it has no value."""
        return self.source.get

    @property
    def name(self) -> str:
        """The field's name; "" for a transformer's result."""
        return self.source.field.name if self.source.field is not None else ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test of one value: true when ``word`` holds for *some* of the operands, turned round when ``negated``."""

    read: Read
    word: str
    """An operator's word. Of operators with the same meaning only one occurs: ``in`` for ``=``, ``==`` and, on single
    values, ``intersects``; ``contains`` for ``bcontains``."""
    operands: tuple[Any, ...] = ()
    """Converted: int, bool, str, bytes or Network. None for ``exists``, one for the comparisons of order."""
    negated: bool = False
    right: Read | None = None
    """A field on the right, instead of operands."""
    modifier: str = ""
    """``oneof``; on fields with several values every modifier."""
    test: Test = field(compare=False, kw_only=True)
    depth: int = field(default=1, init=False, compare=False)
    _hash: int = field(default=0, init=False, compare=False)

    def __post_init__(self) -> None:
        key = (self.read.text, self.word, self.operands, self.negated, self.right, self.modifier)
        object.__setattr__(self, "_hash", hash(key))

    def __hash__(self) -> int:
        return self._hash

    @property
    def rows(self) -> tuple[Field, ...]:
        """The rows of all fields that it reads."""
        return self.read.rows + (self.right.rows if self.right is not None else ())

    @property
    def positive(self) -> Leaf:
        """The leaf without its negation."""
        return self._but(negated=False) if self.negated else self

    def inverted(self) -> Leaf:
        """True where this is false."""
        return self._but(negated=not self.negated)

    def with_operands(self, more: tuple[Any, ...]) -> Leaf:
        """True for these operands, too."""
        return self._but(negated=self.negated, more=more)

    def _but(self, *, negated: bool, more: tuple[Any, ...] = ()) -> Leaf:
        """What :func:`dataclasses.replace` takes four times as long for."""
        operands = tuple(dict.fromkeys(self.operands + more)) if more else self.operands
        return Leaf(self.read, self.word, operands, negated, self.right, self.modifier, test=self.test)


@dataclass(frozen=True, slots=True)
class _Group:
    parts: tuple[Form, ...]
    depth: int = field(default=0, init=False, compare=False)
    _hash: int = field(default=0, init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", 1 + max((part.depth for part in self.parts), default=0))
        object.__setattr__(self, "_hash", hash((type(self).__name__, self.parts)))

    def __hash__(self) -> int:
        return self._hash


class All(_Group):
    """Every part holds; without parts it is true."""

    __slots__ = ()
    __hash__ = _Group.__hash__


class Some(_Group):
    """Some part holds; without parts it is false."""

    __slots__ = ()
    __hash__ = _Group.__hash__


Form = Leaf | All | Some
TRUE = All(())
FALSE = Some(())


# ── making forms ────────────────────────────────────────────────────────────────────────────────────────────────────


def all_of(parts: Iterable[Form]) -> Form:
    """The form that holds where all parts do."""
    return _group(parts, All)


def some_of(parts: Iterable[Form]) -> Form:
    """The form that holds where some part does."""
    return _group(parts, Some)


def _group(parts: Iterable[Form], kind: type[All] | type[Some]) -> Form:
    absorbing = FALSE if kind is All else TRUE
    flat: dict[Form, None] = {}
    for part in parts:
        if part == absorbing:
            return absorbing
        flat.update(dict.fromkeys(part.parts if isinstance(part, kind) else (part,)))
    merged = _merged(flat, negated=kind is All)
    return merged[0] if len(merged) == 1 else kind(tuple(merged))


_MERGED = frozenset({"in", "startswith", "endswith", "contains", "icontains", "glob", "iglob", "regex", "pmatch"})


def _merged(parts: Iterable[Form], *, negated: bool) -> list[Form]:
    """Tests of the same value by the same word become one, where the first of them stood."""
    places: dict[object, list[Form]] = {}
    for part in parts:
        if isinstance(part, Leaf) and part.negated is negated and _is_mergeable(part):
            places.setdefault((part.read.text, part.word), []).append(part)
        else:
            places[part] = [part]
    return [_united(same) if len(same) > 1 else same[0] for same in places.values()]


def _united(leaves: Sequence[Form]) -> Form:
    """One leaf with the operands of all."""
    first, *others = (leaf for leaf in leaves if isinstance(leaf, Leaf))
    return first.with_operands(tuple(operand for other in others for operand in other.operands))


def _is_mergeable(leaf: Leaf) -> bool:
    return leaf.word in _MERGED and not (leaf.modifier or leaf.right or leaf.read.source.shape.is_list)


def negated(form: Form) -> Form:
    """The form that holds where ``form`` does not."""
    if isinstance(form, Leaf):
        return form.inverted()
    turned = map(negated, form.parts)
    return some_of(turned) if isinstance(form, All) else all_of(turned)


def weakened(form: Form, weaken: Callable[[Leaf], Form]) -> Form:
    """``form`` with ``weaken(leaf)`` for each leaf. Where that is implied by the leaf (TRUE always is), the result is
    implied by ``form``: it may hold too often, never too seldom."""
    if isinstance(form, Leaf):
        return weaken(form)
    parts = (weakened(part, weaken) for part in form.parts)
    return all_of(parts) if isinstance(form, All) else some_of(parts)


def leaves(form: Form) -> Iterator[Leaf]:
    """The leaves from left to right, equal ones as often as they stand."""
    if isinstance(form, Leaf):
        yield form
    else:
        for part in form.parts:
            yield from leaves(part)


# ── what a form means ───────────────────────────────────────────────────────────────────────────────────────────────


def holds(form: Form, event: Any) -> bool:
    """Whether the form holds for the event."""
    if isinstance(form, Leaf):
        return leaf_holds(form, event)
    decisive = isinstance(form, Some)
    for part in form.parts:  # no any(): a generator would be one more frame for each level
        if holds(part, event) is decisive:
            return decisive
    return not decisive


def leaf_holds(leaf: Leaf, event: Any) -> bool:
    """Whether one test holds for the event."""
    value = leaf.read.get(event)
    operands = leaf.operands if leaf.right is None else _values_of(leaf.right, event)
    if value is None or operands is None:
        return leaf.negated
    return value_holds(leaf, value, operands) is not leaf.negated


def _values_of(right: Read, event: Any) -> Operands | None:
    """A field's value as operands; None when it has none."""
    value = right.get(event)
    return value if value is None or right.source.shape.is_list else (value,)


def value_holds(leaf: Leaf, value: Any, operands: Operands) -> bool:
    """Whether the test holds for a value that is there; without regard to a negation."""
    if leaf.read.source.many is Many.NO:
        return _one_holds(leaf, value, operands)
    if leaf.read.source.many is Many.EITHER and leaf.word == "!=":
        return len(value) > 0 and all(_one_holds(leaf, one, operands) for one in value)
    return any(_one_holds(leaf, one, operands) for one in value)


def _one_holds(leaf: Leaf, value: Any, operands: Operands) -> bool:
    if leaf.modifier:
        return MODIFIERS[leaf.modifier]([bool(leaf.test.holds(value, (operand,))) for operand in operands])
    if leaf.right is not None or leaf.word in _AT_ONCE:
        return bool(leaf.test.holds(value, operands))
    return any(leaf.test.holds(value, (operand,)) for operand in operands)


_AT_ONCE = frozenset({"in", "intersects", "pmatch", "exists"})
"""Words whose definition takes all operands at once."""

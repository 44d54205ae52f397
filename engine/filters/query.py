"""Filters in the rule language, on rows of any kind: ``container.name=web and fd.name startswith /etc``.

A *table* says which fields a kind of row has, and how each is read. The rest is the rules' own language: its grammar,
its operators, its interpreter. A short name of a field (``process``) may stand for the long one (``proc.name``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from engine.errors import UsageError
from engine.filters.denied import refuse_denied
from engine.filters.meant import QUOTED, checks, meant_by, misspelt, signed, spelled
from engine.filters.stars import fitting, with_stars
from engine.lang.check import CheckError, Leaf, Resolve, leaf
from engine.lang.field import Bound, Field, FieldError, Many, shape_of
from engine.lang.fields import FIELDS
from engine.lang.grammar import NO_OPERATOR, ConditionError, parse, parse_left
from engine.lang.interpret import holds
from engine.lang.nearest import nearest
from engine.lang.nodes import And, Check, Constant, FieldRef, Literal, MacroRef, Node, Not, Or, Values
from engine.lang.operators import OPERATORS
from engine.lang.types import FieldType

Row = TypeVar("Row")
Test = Callable[[Any], bool]
_EXAMPLE = "as in container.name=web and fd.name startswith /etc; words alone are looked for"
_QUOTE = 'To look for the text, quote it: "…"'
MAX_DEPTH = 100
"""How deep a filter may nest."""

_EQUALITIES: Mapping[str, Callable[[str], Test]] = {
    "=": fitting,
    "!=": fitting,
    "==": lambda text: text.__eq__,
    "in": lambda text: text.__eq__,
}
"""Operators that ask for a value: whether one of those that there are is meant."""
_NO_NUMBER = "expected a number value"
_UNJOINED = "unexpected token after"
_NO_BOOLEAN = "unrecognized boolean value"
_MISSPELT = re.compile(r"[^\s()]+")
_LEVEL = re.compile(r"\s*(?:[<>!=]=|[<>=])\s*(?P<word>[A-Za-z]\w*)")
_INVERTED = re.compile(r"\s*!\s+(?=\S)")
_LIKE_CHECK = re.compile(rf"{QUOTED}|(?<!\S)(?P<name>[a-zA-Z]\w*)(?=(?:[<>!=]=|[<>=])\S)")
_WORD = re.compile(r'"([^"]*)"(?!\S)|(\S+)')


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A field of a kind of row. ``read`` gives None where the row has no value."""

    name: str
    read: Callable[[Row], Any]
    short: str = ""
    """Another name for it."""
    type: FieldType = FieldType.CHARBUF
    """For a field that rules do not know."""
    levels: Mapping[str, int] | None = None
    """Words for its numbers."""
    many: bool = False
    """It has several values: a check holds if it holds for one of them, and ``!=`` if it holds for all."""
    only: Collection[str] = ()
    """All values that there can be, if that is known: it is equal to no other."""

    @property
    def field(self) -> Field:
        """As the language wants it."""
        known = FIELDS.get(self.name)
        return Field(self.name, known.type if known else self.type, known.description if known else "", read=self.read)

    @property
    def bound(self) -> Bound:
        """Ready to be read."""
        return Bound(self.field, shape_of(self.field), self.read, Many.EITHER if self.many else Many.NO)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a name is in other lists: the fields that it stands for, and these lists in a sentence."""

    fields: Sequence[str]
    lists: str


class Table(Generic[Row]):
    """The fields of a kind of row, by name."""

    def __init__(self, *columns: Column[Row]) -> None:
        self.columns = {column.name: column for column in columns}
        self.short = {column.short: column.name for column in columns if column.short}
        self.names = {*self.columns, *self.short}
        """All names of its fields."""

    def resolve(self, ref: FieldRef) -> Bound:
        """The field that is meant. Raises FieldError."""
        column = self.columns.get(ref.name)
        if column is None:
            hint = nearest(ref.name, self.columns, 0.7) or f"here you can ask for {', '.join(self.columns)}"
            raise FieldError(f"there is no field {ref} here", hint)
        if ref.argument is not None:
            raise FieldError(f"{ref.name} takes no argument here", f"write {ref.name}")
        return column.bound

    def node(self, text: str) -> Node:
        """The tree of a filter. Raises UsageError, naming the column."""
        refuse_denied(text, self.names | FIELDS.keys())
        written, place = self._in_full(text)
        try:
            node = _sound(written, self.resolve, place)
        except UsageError as error:
            if any("." not in match["name"] for match in misspelt(text, self.names)):
                raise UsageError(error.message, hint=f"{error.hint} {_QUOTE}") from error  # it may be meant as words
            raise
        for name, literal, is_meant in _equalities(node):
            only = self.columns[name].only
            if not any(map(is_meant, only)):
                refuse_value(literal.text, name, only, place(literal.position))
        return with_stars(node, self.resolve)

    def test(self, text: str) -> Callable[[Row], bool]:
        """Whether a row passes a filter. Raises UsageError, naming the column."""
        return prepared(self.node(text), self.resolve)

    def has_check(self, text: str) -> bool:
        """Whether a field with an operator is meant, and not words alone (:mod:`engine.filters.meant`).
        Raises UsageError for a filter that is too long."""
        return bool(checks(text, self.names))

    def is_spelled(self, text: str) -> bool:
        """Whether a field has an operator that is a word, or that is misspelt."""
        return spelled(text, self.names)

    def _in_full(self, text: str) -> tuple[str, Callable[[int], int]]:
        """The text with long names, and from a place in it to the place in ``text``."""
        pieces: list[str] = []
        ends: list[tuple[int, int]] = []  # where a piece that was replaced ends, there and here
        at = 0
        for start, end, new in self._replacements(text):
            pieces += [text[at:start], new]
            at = end
            ends.append((sum(map(len, pieces)), at))
        return "".join([*pieces, text[at:]]), lambda place: _back(place, ends)

    def _replacements(self, text: str) -> Iterable[tuple[int, int, str]]:
        """What is written otherwise: from where, up to where, and how."""
        for match in checks(text, self.names):
            small = match["name"].casefold()
            name = self.short.get(small, small)
            if name not in self.columns:
                continue
            yield *match.span("name"), name
            levels = self.columns[name].levels
            if levels and (word := _LEVEL.match(text, match.end("name"))):
                yield *word.span("word"), _level(word, levels, name.rsplit(".", 1)[-1])


def _level(match: re.Match[str], levels: Mapping[str, int], name: str) -> str:
    level = levels.get(match["word"].casefold())
    if level is None:
        raise _refusal(match.start("word"), f"{match['word']!r} is no {name}", f"one of {', '.join(levels)}")
    return str(level)


def _back(place: int, ends: list[tuple[int, int]]) -> int:
    there, here = max((end for end in ends if end[0] <= place), default=(0, 0))
    return here + place - there


def tree(text: str, resolve: Resolve, place: Callable[[int], int] = lambda index: index) -> Node:
    """A condition whose every check is sound, with its stars (:mod:`engine.filters.stars`). Raises UsageError with the
    column in what was typed."""
    refuse_denied(text, FIELDS)
    return with_stars(_sound(text, resolve, place), resolve)


def _sound(text: str, resolve: Resolve, place: Callable[[int], int]) -> Node:
    try:
        node = parse(text, max_depth=MAX_DEPTH)
        for check in _checks(node):
            leaf(check, resolve)
    except ConditionError as error:
        _refuse_unread(text, error.index, resolve, place)
        raise _refusal(place(error.index), *_shortly(error, text)) from error
    except CheckError as error:
        raise _refusal(place(error.position), *_in_words(error.message, error.hint)) from error
    return node


def _refuse_unread(text: str, end: int, resolve: Resolve, place: Callable[[int], int]) -> None:
    """Raise UsageError for a field before ``end`` that there is not: that is what is wrong, not what follows it."""
    for match in checks(text, ()):
        if match.end() > end:
            return
        try:
            ref, _ = parse_left(text, match.start())
            if isinstance(ref, FieldRef):
                resolve(ref)
        except ConditionError:
            return  # its argument is wrong, and that is said
        except FieldError as error:
            raise _refusal(place(match.start()), *_in_words(error.message, error.hint)) from error


def _in_words(message: str, hint: str) -> tuple[str, str]:
    """What Falco says, in a line for a person."""
    message = message.replace("filter_check called with nonexistent", "there is no").removeprefix("filter error: ")
    return message, hint or ("true or false" if message.startswith(_NO_BOOLEAN) else "")


def _shortly(error: ConditionError, text: str) -> tuple[str, str]:
    """What is wrong and what to do, without the list of all operators or transformers."""
    if error.message.startswith(_UNJOINED):
        return "here 'and' or 'or' is missing", error.hint
    if error.message.startswith(_NO_NUMBER):
        return "a number stands behind this operator", ""
    word = _MISSPELT.match(text, error.index)
    if word is None or not error.message.startswith(NO_OPERATOR):
        return error.message, error.hint
    if word[0] in OPERATORS:
        return f"nothing stands after {word[0]}", ""
    meant = meant_by(word[0])
    return f"{word[0]!r} is no operator", f"did you mean {meant}?" if meant else error.hint


def _checks(node: Node) -> Iterable[Check]:
    match node:
        case Check():
            yield node
        case MacroRef(name=name, position=position):
            raise CheckError(f"{name!r} alone is no check", position, 'a field stands first: proc.name contains "…"')
        case Not(child=child):
            yield from _checks(child)
        case And(children=children) | Or(children=children):
            for child in children:
                yield from _checks(child)


def _equalities(node: Node) -> Iterable[tuple[str, Literal, Test]]:
    """The values that fields are to be equal to, and which are."""
    for check in _checks(node):
        if not isinstance(check.left, FieldRef) or check.operator not in _EQUALITIES:
            continue
        is_equal = _EQUALITIES[check.operator]
        match check.right:
            case Literal() as literal:
                yield check.left.name, literal, is_equal(literal.text)
            case Values(items=items):
                yield from ((check.left.name, item, is_equal(item.text)) for item in items)


def refuse_value(value: str, name: str, only: Collection[str], at: int) -> None:
    """Raise UsageError for a value that is none of ``only``, if there are any: nothing could ever have it."""
    if only and value not in only:
        written = (f'"{each}"' if " " in each else each for each in only)
        raise _refusal(at, f"there is no {name.rsplit('.', 1)[-1]} {value!r}", f"one of {', '.join(written)}")


def prepared(node: Node, resolve: Resolve) -> Test:
    """The tree as a function of a row; what :func:`engine.lang.interpret.evaluate` says, with its leaves kept."""
    match node:
        case Check():
            ready: Leaf = leaf(node, resolve)
            return lambda row: holds(ready, row)
        case Not(child=child):
            inner = prepared(child, resolve)
            return lambda row: not inner(row)
        case And(children=children):
            all_of = [prepared(child, resolve) for child in children]
            return lambda row: all(test(row) for test in all_of)
        case Or(children=children):
            any_of = [prepared(child, resolve) for child in children]
            return lambda row: any(test(row) for test in any_of)
        case Constant(value=value):
            return lambda _row: value
    raise AssertionError(f"{node} was refused before")


def split_inversion(text: str) -> tuple[bool, str]:
    """Whether a filter begins with ``! ``, which keeps what the rest would not; and the rest, in its old place."""
    match = _INVERTED.match(text)
    return (True, " " * match.end() + text[match.end() :]) if match else (False, text)


def has_field(text: str) -> bool:
    """Whether a field of the rules, or what looks like one, is meant to be checked: else it is words. Raises UsageError
    for a filter that is too long."""
    return bool(checks(text, FIELDS))


def refuse_unknown(text: str, names: Collection[str], others: Mapping[str, Elsewhere] | None = None) -> None:
    """Raise UsageError for ``enabld=true``, which is not meant as a word: it looks like a check of a field that is not
    among ``names``. ``others`` are names of fields that other lists have. In quotation marks anything is a word."""
    others = others or {}
    refuse_denied(text, {*names, *others, *FIELDS})
    like = (match for match in _LIKE_CHECK.finditer(text) if match["name"])
    found = [match for match in like if match["name"].casefold() not in names]
    known = [name for name in others if name not in names]
    same = [name for name in known if any(each in names for each in others[name].fields)]
    found += [*signed(text, known), *(match for match in checks(text, same) if match["name"].casefold() in same)]
    for match in sorted(found, key=re.Match.start)[:1]:
        hint = f"{_meant(match['name'].casefold(), names, others)} {_QUOTE}".lstrip()
        raise _refusal(match.start(), f"there is no field {match['name']} here", hint)


def _meant(name: str, names: Collection[str], others: Mapping[str, Elsewhere]) -> str:
    """The field that is called so elsewhere, ends with this name or nearly is it; or who can be asked for it."""
    ending = next((each for each in names if each.rsplit(".", 1)[-1] == name), "")
    if name in others:
        ending = next((each for each in others[name].fields if each in names), ending)
    if not ending and name in others:
        return f"{others[name].lists} can be asked for it."
    return f"did you mean {ending}?" if ending else nearest(name, names, 0.7)


def words(text: str) -> Callable[[str], bool]:
    """Whether all words of a filter, and what stands in quotation marks, occur in a text; upper and lower case are the
    same."""
    needles = [quoted or word for quoted, word in _WORD.findall(text.casefold())]
    return lambda sought: all(needle in sought.casefold() for needle in needles)


def _refusal(at: int, message: str, hint: str) -> UsageError:
    return UsageError(f"filter, column {at + 1}: {message}", hint=hint or _EXAMPLE)


@lru_cache(maxsize=1)
def known_fields() -> Mapping[str, str]:
    """The fields that events have, with their meaning: what can be completed."""
    return {name: row.description for name, row in FIELDS.items() if not row.unserved}

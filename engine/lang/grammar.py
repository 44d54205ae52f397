"""The grammar of conditions: text to tree.

::

    condition   = and { "or" and }
    and         = unary { "and" unary }
    unary       = "not" unary | "(" condition ")" | check | macro
    check       = left "exists"
                | left ("<" | "<=" | ">" | ">=") (number | right)
                | left string_operator (value | right)
                | left string_operator modifier (list | name)
                | left ("in" | "intersects" | "pmatch") (list | name | right)
    left        = field | transformer "(" terms ")" [ "[" argument "]" ]
    right       = "val" "(" field ")" | transformer "(" terms ")"
    field       = name "." name { "." name } [ "[" argument "]" ]
    list        = "(" [ value { "," value } ] ")"

The parser works on characters, as Falco's does: which blanks are needed where is part of the language. Blanks are
space, tab, CR, LF and backspace. An error's position is where Falco's parser stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from engine.lang import hints
from engine.lang.hints import ConditionError
from engine.lang.nodes import And, Call, Check, FieldRef, Left, Literal, MacroRef, Node, Not, Or, Term, TermList, Values
from engine.lang.operators import LIST_OPERATORS, MODIFIERS, NUMBER_OPERATORS, OPERATORS, UNARY_OPERATORS
from engine.lang.quoting import EscapeError, unescape
from engine.lang.transformers import TRANSFORMERS

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "ConditionError", "parse", "parse_left"]

MAX_LENGTH = 4 * 1024 * 1024
"""Characters in a condition, lists replaced: a hundred thousand addresses."""
MAX_DEPTH = 1000
"""How deep rules may nest: 200 parentheses or 100 transformers, well within Python's own limit."""
_DEPTH_OF_PARENTHESES = 5
_DEPTH_OF_TRANSFORMERS = 10

_BLANKS = re.compile(r"[ \t\r\n\b]*")
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
_FIELD = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z][a-zA-Z0-9_]*)+")
_ARGUMENT = re.compile(r"[^ \b\t\n\r\[\]\"']+")
_BARE = re.compile(r"[^() \b\t\n\r=\"',]+")
_NUMBER = re.compile(r"0[xX][0-9a-zA-Z]+|[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?")
_FOLLOWED = re.compile(r"[ \t\r\n\b(]")
_TRANSFORMER = re.compile(rf"({'|'.join(TRANSFORMERS)})\(")
_VAL = re.compile(r"val\(")
_RIGHT_NAMES = "'" + "', '".join(["val", *TRANSFORMERS]) + "'"
_A_RIGHT_FIELD = f"a field with a valid transformer: {_RIGHT_NAMES}"
_NO_OPERATOR = "expected a valid check operator: one of '" + "', '".join(OPERATORS) + "'"
_SYMBOL = re.compile(r"<=|>=|==|!=|<|>|=")
_WORD_OPERATOR = re.compile(rf"({'|'.join(w for w, row in OPERATORS.items() if row.needs_blank)})(?=[ \t\r\n\b])")
_LOOSE_OPERATOR = re.compile("exists|intersects|in|pmatch")
_MODIFIER = re.compile(rf"({'|'.join(MODIFIERS)})[ \t\r\n\b]+(?=(\()|([a-zA-Z][a-zA-Z0-9_]*))")
_JOINERS = ("and", "or", "not")
_Item = TypeVar("_Item")


def parse(text: str, *, max_depth: int = MAX_DEPTH) -> Node:
    """The tree of a condition. Raises :class:`ConditionError`; empty text is an error."""
    if len(text) > MAX_LENGTH:
        message = f"the condition has more than {MAX_LENGTH:,} characters, with its lists replaced"
        raise ConditionError(message, text, 0, hint="use shorter lists, or fewer in one condition")
    return _Parser(text, max_depth).whole()


def parse_left(text: str, start: int = 0) -> tuple[Left, int]:
    """The field or transformer that begins at ``start``, and where it ends: for output templates.

    Raises :class:`ConditionError`.
    """
    parser = _Parser(text, MAX_DEPTH)
    parser.index = start
    term = parser.left()
    if term is None:
        parser.fail("expected a field or a transformer")
    return term, parser.index


class _Parser:
    """One pass over one text. Methods that return None have consumed nothing."""

    def __init__(self, text: str, max_depth: int) -> None:
        self.text = text
        self.index = 0
        self.depth = 0
        self.max_depth = max_depth
        self.last = ""
        """The token before, for messages."""
        self.after_name = False
        """Whether the leaf before was a macro's name, for hints."""

    def fail(self, message: str, hint: str = "") -> NoReturn:
        raise ConditionError(message, self.text, self.index, hint=hint)

    # ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """The text that ``pattern`` matches here, consumed; None when it does not."""
        if match := pattern.match(self.text, self.index):
            self.index = match.end()
            self.last = match[0]
            return match[0]
        return None

    def symbol(self, char: str) -> bool:
        if not self.text.startswith(char, self.index):
            return False
        self.index += len(char)
        self.last = char
        return True

    def blanks(self) -> bool:
        """Skip blanks; whether there were any."""
        start = self.index
        if match := _BLANKS.match(self.text, start):
            self.index = match.end()
        return self.index > start

    def quoted(self) -> str | None:
        """A quoted string without its quotes. A quote after a backslash never ends it."""
        mark = self.text[self.index : self.index + 1]
        if mark not in ("'", '"'):
            return None
        end = self.text.find(mark, self.index + 1)
        while end > 0 and self.text[end - 1] == "\\":
            end = self.text.find(mark, end + 1)
        return None if end < 0 else self._unescape(mark, end)

    def _unescape(self, mark: str, end: int) -> str:
        start, self.index = self.index, end + 1
        try:
            self.last = unescape(self.text[start + 1 : end], mark)
        except EscapeError as error:
            self.fail(str(error))
        return self.last

    # ── and, or, not ────────────────────────────────────────────────────────────────────────────────────────────────

    def whole(self) -> Node:
        node = self.any()
        if self.index < len(self.text):
            self.fail(
                f"unexpected token after '{self.last}', expecting 'or', 'and'",
                hints.unexpected(self.text, self.index, after_name=self.after_name),
            )
        return node

    def any(self) -> Node:
        self.blanks()
        start = self.index
        parts = [self.all()]
        while self.joined_by("or"):
            parts.append(self.all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts), start)

    def all(self) -> Node:
        start = self.index
        parts = [self.unary()]
        while self.joined_by("and"):
            parts.append(self.unary())
        return parts[0] if len(parts) == 1 else And(tuple(parts), start)

    def joined_by(self, word: str) -> bool:
        """Whether another part follows behind ``word``, which is then consumed."""
        self.blanks()
        if not self.symbol(word):
            return False
        if not _FOLLOWED.match(self.text, self.index):
            self.fail(f"expected blank or '(' after '{word}'")
        self.blanks()
        return True

    def unary(self) -> Node:
        start = self.index
        negated = self.negations()
        if not self.symbol("("):
            node = self.leaf()
            self.after_name = isinstance(node, MacroRef)
        else:
            self.nest(_DEPTH_OF_PARENTHESES)
            node = self.any()
            if not self.symbol(")"):
                self.fail("expected a ')' token", hints.unexpected(self.text, self.index, after_name=self.after_name))
            self.nest(-_DEPTH_OF_PARENTHESES)
        return Not(node, start) if negated else node

    def negations(self) -> bool:
        """Consume every ``not``; whether their number is odd."""
        negated = False
        while self.text.startswith("not", self.index) and _FOLLOWED.match(self.text, self.index + 3):
            self.symbol("not")
            self.blanks()
            negated = not negated
        return negated

    def leaf(self) -> Node:
        start = self.index
        if (left := self.left()) is not None:
            return self.check(left, start)
        if (name := self.take(_NAME)) is None:
            self.fail("expected a '(' token, a field check, or an identifier")
        return MacroRef(name, start)

    def nest(self, levels: int) -> None:
        self.depth += levels
        if self.depth > self.max_depth:
            self.fail(f"exceeded max depth limit of {self.max_depth}")

    # ── fields and transformers ─────────────────────────────────────────────────────────────────────────────────────

    def left(self) -> Left | None:
        """A field or a transformer; None if neither begins here."""
        return self.transformer() or self.field()

    def field(self) -> FieldRef | None:
        start = self.index
        if (name := self.take(_FIELD)) is None:
            return None
        return FieldRef(name, self.argument(), start)

    def argument(self) -> str | None:
        """``[argument]`` directly behind a name."""
        if not self.symbol("["):
            return None
        value = self.quoted()
        if value is None and (value := self.take(_ARGUMENT)) is None:
            self.fail("expected a valid field argument: a quoted string or a bare string")
        if not self.symbol("]"):
            self.fail("expected a ']' token")
        return value

    def transformer(self) -> Call | None:
        start = self.index
        if (opening := self.take(_TRANSFORMER)) is None:
            return None
        self.nest(_DEPTH_OF_TRANSFORMERS)
        what = "expected field transformer argument: field, transformer, quoted string, number, or transformer list"
        terms: tuple[Term, ...] = self.items(self.term_or_list, what)
        self.nest(-_DEPTH_OF_TRANSFORMERS)
        if not self.symbol(")"):
            self.fail("expected a ')' token closing the transformer")
        return Call(opening[:-1], terms, self.argument(), start)

    def term_or_list(self) -> Term | None:
        return self.term() or self.term_list()

    def term(self) -> Term | None:
        start = self.index
        if (left := self.left()) is not None:
            return left
        text = self.quoted()
        if text is None:
            text = self.take(_NUMBER)
        return None if text is None else Literal(text, start)

    def term_list(self) -> TermList | None:
        start = self.index
        if not self.symbol("("):
            return None
        what = "expected transformer list argument: field, transformer, quoted string, or number"
        self.blanks()
        if self.symbol(")"):
            return TermList((), start)
        terms: tuple[Term, ...] = self.items(self.term, what)
        if not self.symbol(")"):
            self.fail("expected a ')' token closing the transformer list")
        return TermList(terms, start)

    def items(self, item: Callable[[], _Item | None], message: str) -> tuple[_Item, ...]:
        """``item { "," item }`` with free blanks."""
        found: list[_Item] = []
        while True:
            self.blanks()
            if (value := item()) is None:
                self.fail(message)
            found.append(value)
            self.blanks()
            if not self.symbol(","):
                return tuple(found)

    # ── checks ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def check(self, left: Left, start: int) -> Check:
        self.blanks()
        word = self.take(_SYMBOL) or self.take(_WORD_OPERATOR) or self.take(_LOOSE_OPERATOR)
        if word is None:
            self.fail(_NO_OPERATOR, hints.nearest_operator(self.text, self.index))
        if word in UNARY_OPERATORS:
            return Check(left, word, position=start)
        before = self.blanks()
        if word in NUMBER_OPERATORS:
            return Check(left, word, self.number(), position=start)
        if word in LIST_OPERATORS:
            return Check(left, word, self.values_or_right(), position=start)
        if before and (match := _MODIFIER.match(self.text, self.index)) and match[3] not in _JOINERS:
            self.index = match.end()
            return Check(left, word, self.values() if match[2] else self.literal(), match[1], start)
        return Check(left, word, self.value(), position=start)

    def number(self) -> Literal | Left:
        start = self.index
        if (right := self.right()) is not None:
            return right
        if (text := self.take(_NUMBER)) is None:
            self.fail(f"expected a number value or {_A_RIGHT_FIELD}")
        return Literal(text, start)

    def value(self) -> Literal | Left:
        if (right := self.right()) is not None:
            return right
        if (literal := self.literal()) is None:
            self.fail(f"expected a string value or {_A_RIGHT_FIELD}")
        return literal

    def literal(self) -> Literal | None:
        start = self.index
        text = self.quoted()
        if text is None:
            text = self.take(_BARE)
        return None if text is None else Literal(text, start)

    def values_or_right(self) -> Values | Left:
        if (right := self.right()) is not None:
            return right
        if not (self.text.startswith("(", self.index) or _NAME.match(self.text, self.index)):
            self.fail(f"expected a list, an identifier, or {_A_RIGHT_FIELD}")
        return self.values()

    def values(self) -> Values:
        """A list in parentheses, or one bare name."""
        start = self.index
        if (name := self.take(_NAME)) is not None:
            return Values((Literal(name, start),), start)
        self.symbol("(")
        self.blanks()
        if self.symbol(")"):
            return Values((), start)
        if not _BARE.match(self.text, self.index) and self.text[self.index : self.index + 1] not in ("'", '"'):
            self.fail("expected a ')' token")
        items = self.items(self.literal, "expected a string value")
        if not self.symbol(")"):
            self.fail("expected a ')' token", hints.LIST)
        return Values(items, start)

    def right(self) -> Left | None:
        """A field or transformer on the right of an operator."""
        if self.take(_VAL) is None:
            return self.transformer()
        self.blanks()
        if (field := self.field()) is None or self.text.startswith("(", self.index):
            self.fail("expected a field within 'val' transformer")
        self.blanks()
        if not self.symbol(")"):
            self.fail("expected a ')' token closing the transformer")
        return field

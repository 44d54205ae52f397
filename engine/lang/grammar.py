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
from typing import TypeVar

from engine.lang import hints
from engine.lang.hints import ConditionError
from engine.lang.nodes import And, Call, Check, FieldRef, Left, Literal, MacroRef, Node, Not, Or, Term, TermList, Values
from engine.lang.operators import LIST_OPERATORS, MODIFIERS, NUMBER_OPERATORS, OPERATORS, UNARY_OPERATORS
from engine.lang.scanner import ARGUMENT, BARE, FIELD, NAME, NEGATION, NUMBER, Scanner
from engine.lang.transformers import TRANSFORMERS

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "NO_OPERATOR", "ConditionError", "parse", "parse_left"]

MAX_LENGTH = 4 * 1024 * 1024
"""Characters in a condition, lists replaced: a hundred thousand addresses."""
MAX_DEPTH = 1000
"""Falco's limit for rules, counted as Falco does: a parenthesis costs 5 (3 directly behind ``and``, ``or``), a
transformer 2. Some 200 parentheses are possible."""
MAX_TRANSFORMERS = 100
"""Transformers within each other: Falco would take nearly 500."""
_DEPTH_BELOW_CHECK = 2
"""What reading the right side of an operator comes to."""

_FOLLOWED = re.compile(r"[ \t\r\n\b(]")
_TRANSFORMER = re.compile(rf"({'|'.join(TRANSFORMERS)})\(")
_VAL = re.compile(r"val\(")
_RIGHT_NAMES = "'" + "', '".join(["val", *TRANSFORMERS]) + "'"
_A_RIGHT_FIELD = f"a field with a valid transformer: {_RIGHT_NAMES}"
NO_OPERATOR = "expected a valid check operator: one of '" + "', '".join(OPERATORS) + "'"
_SYMBOL = re.compile(r"<=|>=|==|!=|<|>|=")
_WORD_OPERATOR = re.compile(rf"({'|'.join(w for w, row in OPERATORS.items() if row.needs_blank)})(?=[ \t\r\n\b])")
_LOOSE_OPERATOR = re.compile("exists|intersects|in|pmatch")
_MODIFIER = re.compile(
    rf"({'|'.join(MODIFIERS)})[ \t\r\n\b]+(?=\(|(?!(?:and|or|not)(?![0-9a-zA-Z]))[a-zA-Z])",
)
"""Followed by a list or a name, which is none of ``and``, ``or``, ``not``."""
_Item = TypeVar("_Item")


def parse(text: str, *, max_depth: int = MAX_DEPTH) -> Node:
    """The tree of a condition. Raises :class:`ConditionError`; empty text is an error."""
    if len(text) > MAX_LENGTH:
        message = f"the condition has more than {MAX_LENGTH:,} characters, with its lists replaced"
        raise ConditionError(message, text, 0, hint="use shorter lists, or fewer in one condition")
    return _Parser(text, max_depth).whole()


def parse_left(text: str, start: int = 0, *, with_argument: bool = True) -> tuple[Left, int]:
    """The field or transformer that begins at ``start``, and where it ends: for output templates.

    ``with_argument``: brackets behind it belong to it. Raises :class:`ConditionError`.
    """
    parser = _Parser(text, MAX_DEPTH)
    parser.index = start
    term = parser.left() if with_argument else parser.bare_left()
    if term is None:
        parser.fail("expected a field or a transformer")
    return term, parser.index


class _Parser(Scanner):
    """One pass over one text. Methods that return None have consumed nothing."""

    def __init__(self, text: str, max_depth: int) -> None:
        super().__init__(text)
        self.depth = 0
        self.transformers = 0
        self.max_depth = max_depth
        self.after_name = False
        """Whether the leaf before was a macro's name, for hints."""

    # ── and, or, not ────────────────────────────────────────────────────────────────────────────────────────────────

    def whole(self) -> Node:
        if not self.text:
            self.fail("filter input string is empty")
        node = self.any()
        if self.index < len(self.text):
            self.fail(
                f"unexpected token after '{self.last}', expecting 'or', 'and'",
                hints.unexpected(self.text, self.index, after_name=self.after_name),
            )
        return node

    def any(self, *, in_parentheses: bool = False) -> Node:
        levels = 1 + in_parentheses
        self.deeper(levels)
        self.blanks()
        start = self.index
        parts = [self.all()]
        while behind := self.joined_by("or"):
            parts.append(self.any(in_parentheses=True) if behind == "(" else self.all())
        if in_parentheses:
            self.close()
        self.depth -= levels
        return parts[0] if len(parts) == 1 else Or(tuple(parts), start)

    def all(self) -> Node:
        self.deeper(1)
        start = self.index
        parts = [self.unary()]
        while behind := self.joined_by("and"):
            parts.append(self.any(in_parentheses=True) if behind == "(" else self.unary())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else And(tuple(parts), start)

    def joined_by(self, word: str) -> str:
        """What stands directly behind ``word``, which is consumed with it; "" when there is no ``word``."""
        self.blanks()
        if not self.symbol(word):
            return ""
        behind = _FOLLOWED.match(self.text, self.index)
        if behind is None:
            self.fail(f"expected blank or '(' after '{word}'")
        self.index += 1
        self.blanks()
        return behind[0]

    def close(self) -> None:
        """Consume the parenthesis that closes a part."""
        self.blanks()
        if not self.symbol(")"):
            self.fail("expected a ')' token", hints.unexpected(self.text, self.index, after_name=self.after_name))

    def unary(self) -> Node:
        start = self.index
        self.deeper(1)
        negated = False
        while self.take(NEGATION):
            negated = not negated
        if self.symbol("not("):
            negated = not negated
            node = self.any(in_parentheses=True)
        else:
            self.deeper(1)
            self.blanks()
            node = self.any(in_parentheses=True) if self.symbol("(") else self.leaf()
            self.depth -= 1
        self.depth -= 1
        return Not(node, start) if negated else node

    def leaf(self) -> Node:
        start = self.index
        left = self.left()
        self.after_name = left is None
        if left is not None:
            return self.check(left, start)
        if (name := self.take(NAME)) is None:
            self.fail("expected a '(' token, a field check, or an identifier")
        return MacroRef(name, start)

    def deeper(self, levels: int) -> None:
        """So many levels begin. Falco's limit itself is not reached."""
        self.depth += levels
        if self.depth >= self.max_depth:
            self.fail(f"exceeded max depth limit of {self.max_depth}")

    # ── fields and transformers ─────────────────────────────────────────────────────────────────────────────────────

    def left(self) -> Left | None:
        """A field or a transformer; None if neither begins here."""
        return self.transformer() or self.field()

    def bare_left(self) -> Left | None:
        """The same, without brackets behind it."""
        start = self.index
        if (opened := self.opened()) is not None:
            return Call(*opened, None, start)
        name = self.take(FIELD)
        return None if name is None else FieldRef(name, None, start)

    def field(self) -> FieldRef | None:
        start = self.index
        if (name := self.take(FIELD)) is None:
            return None
        return FieldRef(name, self.argument(), start)

    def argument(self) -> str | None:
        """``[argument]`` directly behind a name."""
        if not self.symbol("["):
            return None
        value = self.quoted()
        if value is None and (value := self.take(ARGUMENT)) is None:
            self.fail("expected a valid field argument: a quoted string or a bare string")
        if not self.symbol("]"):
            self.fail("expected a ']' token")
        return value

    def transformer(self) -> Call | None:
        start = self.index
        opened = self.opened()
        return None if opened is None else Call(*opened, self.argument(), start)

    def opened(self) -> tuple[str, tuple[Term, ...]] | None:
        """A transformer's name, and what stands in its parentheses."""
        if (opening := self.take(_TRANSFORMER)) is None:
            return None
        self.blanks()
        self.deeper(2)
        self.transformers += 1
        if self.transformers > MAX_TRANSFORMERS:
            self.fail(f"more than {MAX_TRANSFORMERS} transformers stand within each other")
        what = "expected field transformer argument: field, transformer, quoted string, number, or transformer list"
        terms: tuple[Term, ...] = self.items(self.term_or_list, what)
        self.transformers -= 1
        self.depth -= 2
        if not self.symbol(")"):
            self.fail("expected a ')' token closing the transformer")
        return opening[:-1], terms

    def term_or_list(self) -> Term | None:
        return self.term() or self.term_list()

    def term(self) -> Term | None:
        start = self.index
        if (left := self.left()) is not None:
            return left
        text = self.take(NUMBER)
        if text is None:
            text = self.quoted()
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
            self.fail("expected ')'", hints.LIST)
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
        self.deeper(1)
        self.blanks()
        word = self.take(_SYMBOL) or self.take(_WORD_OPERATOR) or self.take(_LOOSE_OPERATOR)
        if word is None:
            self.fail(NO_OPERATOR, hints.nearest_operator(self.text, self.index))
        modifier, right = "", None
        if word not in UNARY_OPERATORS:
            before = self.blanks()
            self.deeper(_DEPTH_BELOW_CHECK)
            modifier = self.modifier() if before and word not in NUMBER_OPERATORS | LIST_OPERATORS else ""
            right = self.right_side(word, modifier)
            self.depth -= _DEPTH_BELOW_CHECK
        self.depth -= 1
        return Check(left, word, right, modifier, start)

    def modifier(self) -> str:
        match = _MODIFIER.match(self.text, self.index)
        if match is None:
            return ""
        self.index = match.end()
        return match[1]

    def right_side(self, word: str, modifier: str) -> Literal | Values | Left:
        if word in NUMBER_OPERATORS:
            return self.number()
        if word in LIST_OPERATORS:
            return self.values_or_right()
        return self.values() if modifier else self.value()

    def number(self) -> Literal | Left:
        start = self.index
        if (right := self.right()) is not None:
            return right
        if (text := self.take(NUMBER)) is None:
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
            text = self.take(BARE)
        return None if text is None else Literal(text, start)

    def values_or_right(self) -> Values | Literal | Left:
        if (right := self.right()) is not None:
            return right
        if not (self.text.startswith("(", self.index) or NAME.match(self.text, self.index)):
            self.fail(f"expected a list, an identifier, or {_A_RIGHT_FIELD}")
        return self.values()

    def values(self) -> Values | Literal:
        """A list in parentheses, or one bare name."""
        start = self.index
        if (name := self.take(NAME)) is not None:
            return Literal(name, start)
        self.symbol("(")
        self.blanks()
        items = self.items(self.literal, "expected a string value") if self.is_listed() else ()
        if not self.symbol(")"):
            self.fail("expected a ')' token", hints.LIST)
        return Values(items, start)

    def is_listed(self) -> bool:
        """Whether a list has a first value. Falco sees one that is quoted wrongly as none, and misses the end."""
        start = self.index
        try:
            found = self.literal() is not None
        except ConditionError as error:
            self.fail("expected a ')' token", error.message)
        self.index = start
        return found

    def right(self) -> Left | None:
        """A field or transformer on the right of an operator."""
        begin = self.index
        if self.take(_VAL) is None:
            return self.transformer()
        self.blanks()
        if (name := self.take(FIELD)) is None:
            self.fail("expected a field within 'val' transformer")
        start = self.index - len(name)
        field = FieldRef(name, self.argument(), start)
        self.blanks()
        if not self.symbol(")"):
            self.fail("expected a ')' token closing the transformer")
        argument = self.argument()
        return field if argument is None else Call("val", (field,), argument, begin)

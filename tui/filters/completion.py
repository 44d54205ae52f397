"""What a filter that is being typed may go on with: fields, operators, and values that are there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.filters.length import MAX_LENGTH
from engine.lang.nodes import escape
from engine.lang.operators import OPERATORS

Values = Callable[[str], Iterable[str]]
"""The values that a field has just now."""

_WORDS = "|".join(word for word in OPERATORS if word.isalpha())
_VALUE = re.compile(
    rf"(?P<field>[a-zA-Z][\w.]*)(?:\s*(?:[<>!=]=|[<>=])\s*|\s+(?:{_WORDS})\s+)"
    r"(?:\((?:[^()]*,)?\s*)?(?P<typed>\"[^\"]*|[^\s\"(),]*)$"
)
_OPERATOR = re.compile(r"(?P<field>[a-zA-Z][\w.]*)\s+(?P<typed>[a-z!=<>]*)$")
_FIELD = re.compile(r"(?:^|(?<=[\s(]))(?P<typed>[a-zA-Z][\w.]*)$")
_PLAIN = re.compile(r"[^\s()=\"',]+")
SHOWN = 40
"""Values offered at most."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the end of a text, from ``start`` on, may become."""

    start: int
    words: Sequence[str]

    def applied(self, text: str) -> str:
        """The text with the first of the words."""
        return text[: self.start] + self.words[0] if self.words else text


def offer(text: str, fields: Iterable[str], values: Values) -> Offer:
    """What may come next; nothing behind more than a filter may have. ``fields`` are the names that exist here."""
    if len(text) > MAX_LENGTH:
        return Offer(len(text), ())
    names = sorted(fields)
    if match := _VALUE.search(text):
        return _values(match, values)
    if (match := _OPERATOR.search(text)) and match["field"] in names:
        return _beginning(match, OPERATORS)
    if match := _FIELD.search(text):
        return _beginning(match, names)
    return Offer(len(text), ())


def _beginning(match: re.Match[str], words: Iterable[str]) -> Offer:
    typed = match["typed"]
    return Offer(match.start("typed"), [word for word in words if word.startswith(typed) and word != typed])


def _values(match: re.Match[str], values: Values) -> Offer:
    typed = match["typed"].removeprefix('"')
    found = sorted({value for value in values(match["field"]) if value.startswith(typed) and value != typed})
    return Offer(match.start("typed"), [quoted(value) for value in found[:SHOWN]])


def quoted(value: str) -> str:
    """A value as it is written in a condition."""
    if _PLAIN.fullmatch(value):
        return value
    return escape(value)

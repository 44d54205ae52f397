"""Lists in conditions: replaced as text, one list after the other, in the order of their first definition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.lang.grammar import MAX_LENGTH
from engine.rules.definitions import ListDefinition
from engine.rules.substitution import Names, TooLongError, substitute
from engine.rules.text import Piece, Text

MAX_INSERTED = 32 * 1024 * 1024
"""Characters that lists put into all conditions together: far more than any rules have, and a bound for lists of lists
that multiply."""


class Lists:
    """The lists of a collection, ready to be substituted. ``used`` grows with every substitution."""

    def __init__(self, definitions: Iterable[ListDefinition]) -> None:
        self._definitions = {each.name: each for each in definitions}
        self._names = Names(self._definitions)
        self._joined: dict[str, str] = {}
        self._left = MAX_INSERTED
        self.used: set[str] = set()
        for each in self._definitions.values():
            self.used |= {other.name for item in each.items if (other := self._named(item, each)) is not None}

    @property
    def names(self) -> Iterable[str]:
        """Of all lists."""
        return self._definitions

    @property
    def expanded(self) -> dict[str, list[str]]:
        """Name → its items, those that are names of earlier lists replaced."""
        return {name: list(self._expanded(each)) for name, each in self._definitions.items()}

    def substituted(self, text: Text) -> Text:
        """The text with every list's name replaced by its items.

        What would become too long is given as blanks, too many for the parser.
        """
        if not self._names.may_occur(text.value):
            return text
        try:
            spans = substitute(text.value, self._names, self._replacement, min(self._left, MAX_LENGTH))
        except TooLongError:
            return Text([Piece(" " * (MAX_LENGTH + 1), lambda _index: text.place(0))])
        self._left -= sum(len(new) for _, _, new in spans)
        return text.replaced(spans)

    def _replacement(self, name: str) -> str:
        """The items of a list in one text, cut where it is too long anyway."""
        self.used.add(name)
        if name not in self._joined:
            self._joined[name] = ", ".join(map(_quoted, self._bounded(name)))
        return self._joined[name]

    def _bounded(self, name: str) -> Iterator[str]:
        length = 0
        for item in self._expanded(self._definitions[name]):
            yield item
            length += len(item) + 2
            if length > MAX_LENGTH + 2:
                return

    def _expanded(self, definition: ListDefinition) -> Iterator[str]:
        """The items, with those that name an earlier list replaced by that list's own items, once."""
        for item in definition.items:
            other = self._named(item, definition)
            if other is None:
                yield item.value
            else:
                yield from (each.value for each in other.items)

    def _named(self, item: Text, definition: ListDefinition) -> ListDefinition | None:
        """The earlier list that an item names: the list itself, too, when it was defined again or appended to."""
        other = self._definitions.get(item.value)
        is_earlier = other is not None and other.order.first < definition.order.latest
        return other if is_earlier else None


def _quoted(item: str) -> str:
    return f'"{item}"' if " " in item and not item.startswith(("'", '"')) else item

"""Lists in conditions: replaced as text, one list after the other, in the order of their first definition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.rules.definitions import ListDefinition
from engine.rules.text import Text

_BLANK = " \t\r\n\b"
_DELIMITERS = r" \t\r\n\x08(),="
"""What a name must stand between, inside a character class."""


class Lists:
    """The lists of a collection, ready to be substituted. ``used`` grows with every substitution."""

    def __init__(self, definitions: Iterable[ListDefinition]) -> None:
        self._definitions = list(definitions)
        self._raw = {each.name: each for each in self._definitions}
        self.used: set[str] = set()
        self.expanded = {each.name: list(self._expanded(each)) for each in self._definitions}
        """Name → its items, those that are names of earlier lists replaced."""
        self._joined = {name: ", ".join(map(_quoted, items)) for name, items in self.expanded.items()}

    def _expanded(self, definition: ListDefinition) -> Iterator[str]:
        """The items, with those that name an earlier list replaced by that list's own items, once."""
        for item in definition.items:
            other = self._raw.get(item.value)
            if other is None or other is definition or other.order.first > definition.order.latest:
                yield item.value
                continue
            self.used.add(other.name)
            yield from (each.value for each in other.items)

    def substituted(self, text: Text) -> Text:
        """The text with every list's name replaced by its items."""
        for definition in self._definitions:
            if definition.name in text.value:
                text = self._replaced(text, definition.name)
        return text

    def _replaced(self, text: Text, name: str) -> Text:
        new = self._joined[name]
        spans = []
        for match in re.finditer(f"(?<![^{_DELIMITERS}]){re.escape(name)}(?![^{_DELIMITERS}])", text.value):
            start, end = match.span() if new else _with_comma(text.value, *match.span())
            spans.append((start, end, new))
            self.used.add(name)
        return text.replaced(spans) if spans else text


def _quoted(item: str) -> str:
    return f'"{item}"' if " " in item and not item.startswith(("'", '"')) else item


def _with_comma(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with one comma beside it: an empty list leaves no gap."""
    after = end + len(text[end:]) - len(text[end:].lstrip(_BLANK))
    if text.startswith(",", after):
        return start, after + 1
    before = len(text[:start].rstrip(_BLANK))
    return (before - 1, end) if text[:before].endswith(",") else (start, end)

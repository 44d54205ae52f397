"""Words of a condition that stand where a list's name would, and are nearly one.

To Falco, and so to Tiercel, they are values like any other: the rule is valid, and does not fire.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from engine.lang.nearest import nearest
from engine.lang.nodes import Literal, Values
from engine.rules.macros import Use

MISSPELT_LIST = "LOAD_MISSPELT_LIST"
"""Our own code: a value is nearly the name of a list."""

_LISTED = frozenset({"in", "intersects", "pmatch"})
"""Operators whose right side is a list."""
_CUTOFF = 0.85
"""As near as a letter or two: values have names like those of lists, and a warning that is wrong is not read twice."""
_SHIFT = 2
"""By so many characters a name may be longer or shorter than what was meant."""
_LEAST = 8
"""Characters of a list's name: short ones, like ``servers``, are too near to names of programs."""
MOST = 500
"""Words that are compared: each costs a look at the lists that are about as long."""

Found = tuple[str, str, int]
"""A message, a hint, and the index in the text of the condition."""


class ListNames:
    """The names of a collection's lists, for words that are none."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._by_length: defaultdict[int, list[str]] = defaultdict(list)
        for name in self._names:
            if len(name) >= _LEAST:
                self._by_length[len(name)].append(name)
        self._hints: dict[str, str] = {}

    def misspelt(self, use: Use) -> Iterator[Found]:
        """The values of a check that are nearly names of lists, where they are written as a name would be."""
        right = use.check.right
        items = right.items if isinstance(right, Values) else ()
        for item in items if use.check.operator in _LISTED else ():
            if self._is_possible(item) and _is_written(item, use) and (hint := self._hint(item.text)):
                yield f"'{item.text}' is not the name of a list, and so a value like any other", hint, item.position

    def _is_possible(self, item: Literal) -> bool:
        length = len(item.text)
        return item.text not in self._names and any(
            near in self._by_length for near in range(length - _SHIFT, length + _SHIFT + 1)
        )

    def _hint(self, word: str) -> str:
        if word not in self._hints:
            if len(self._hints) >= MOST:
                return ""
            lengths = range(len(word) - _SHIFT, len(word) + _SHIFT + 1)
            near = [name for length in lengths for name in self._by_length.get(length, ())]
            hint = nearest(word, sorted(near), _CUTOFF)
            self._hints[word] = f"{hint} in quotation marks it is surely a value" if hint else ""
        return self._hints[word]


def _is_written(item: Literal, use: Use) -> bool:
    """Whether it stands in the condition itself, without quotes: the items of a list all stand where its name does."""
    end = item.position + len(item.text)
    if use.text.value[item.position : end] != item.text:
        return False
    first, last = use.text.place(item.position), use.text.place(end - 1)
    return last == first._replace(column=first.column + len(item.text) - 1)

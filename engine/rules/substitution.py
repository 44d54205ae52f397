"""Names in a text replaced by lists, one list after the other, in time linear in text and result.

The text is a chain of tokens. A name's token gives way to the tokens of its list; those are replaced in their turn if
they name a list that comes later in the order. The result is Falco's to the blank: it may stand in a quoted string.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush

_BLANK = " \t\r\n"
_DELIMITERS = f"{_BLANK}(),="
_TOKENS = f"[{_BLANK}]+|[(),=]|[^{_DELIMITERS}]+"
_WORD = re.compile(f"[^{_DELIMITERS}]+")
MAX_ODD = 50
"""Names with blanks or commas that are looked for; they are against the rules, and cost a search each."""
_DERIVED = -1

Span = tuple[int, int, str]
"""Start and end in the text, and what stands there instead."""


class TooLongError(Exception):
    """What is put in has more characters than allowed."""


class Names:
    """The names of lists in their order, and how a text is cut into tokens so that each name is one."""

    def __init__(self, names: Iterable[str]) -> None:
        self.orders = {name: number for number, name in enumerate(names)}
        odd = sorted((name for name in self.orders if not _WORD.fullmatch(name)), key=len, reverse=True)[:MAX_ODD]
        self._has_odd = bool(odd)
        whole = f"(?<![^{_DELIMITERS}])(?:{'|'.join(map(re.escape, odd))})(?![^{_DELIMITERS}])|" if odd else ""
        self.tokens = re.compile(whole + _TOKENS)

    def may_occur(self, text: str) -> bool:
        """Whether a name could be in the text."""
        return self._has_odd or not self.orders.keys().isdisjoint(_WORD.findall(text))


def substitute(text: str, names: Names, replacement: Callable[[str], str], limit: int) -> list[Span]:
    """What is replaced. ``replacement`` is asked once for each list that occurs.

    Raises TooLongError when more than ``limit`` characters are put in.
    """
    return _Chain(text, names, replacement, limit).spans()


class _Chain:
    """Tokens by number, linked; 0 stands before the first one and behind the last one."""

    def __init__(self, text: str, names: Names, replacement: Callable[[str], str], limit: int) -> None:
        self._text = text
        self._orders = names.orders
        self._tokens = names.tokens
        self._replacement = replacement
        self._left = limit
        self._values = [""]
        self._starts = [_DERIVED]
        self._next = [0]
        self._before = [0]
        self._blanks: dict[int, list[str]] = {}
        """Token → further blanks behind it: blanks that came to stand beside others."""
        self._waiting: dict[int, list[int]] = {}
        self._heap: list[int] = []
        last = 0
        for match in self._tokens.finditer(text):
            last = self._insert(last, match[0], match.start(), above=_DERIVED)

    def spans(self) -> list[Span]:
        """Replace everything; what has become other than it was."""
        while self._heap:
            order = heappop(self._heap)
            tokens = self._waiting[order]
            new = self._tokens.findall(self._replacement(self._values[tokens[0]]))
            for token in tokens:
                self._replace(token, new, order)
        return list(self._changed())

    def _insert(self, before: int, value: str, start: int, above: int) -> int:
        """A token behind another one; it waits for its turn if it names a list above the given order."""
        token = len(self._values)
        behind = self._next[before]
        self._values.append(value)
        self._starts.append(start)
        self._next.append(behind)
        self._before.append(before)
        self._next[before] = self._before[behind] = token
        if self._orders.get(value, _DERIVED) > above:
            self._wait(token, self._orders[value])
        return token

    def _wait(self, token: int, order: int) -> None:
        if order not in self._waiting:
            self._waiting[order] = []
            heappush(self._heap, order)
        self._waiting[order].append(token)

    def _replace(self, token: int, new: list[str], order: int) -> None:
        """The tokens stand between two blanks (behind one, where the text begins), whatever blanks stood there."""
        self._left -= sum(map(len, new)) + 2
        if self._left < 0:
            raise TooLongError
        before = self._before[token]
        self._remove(token)
        if self._is_blank(before):
            before = self._removed(before)
        if self._is_blank(self._next[before]):
            self._remove(self._next[before])
        if not new:
            before = self._without_comma(before)
        last = self._insert(before, " ", _DERIVED, order) if before else before
        for value in (*new, " "):
            last = self._insert(last, value, _DERIVED, order)
        self._join(last)
        self._join(self._before[last])
        self._join(self._next[before])
        self._join(before)

    def _removed(self, token: int) -> int:
        """Remove a token; the one before it."""
        before = self._before[token]
        self._remove(token)
        return before

    def _remove(self, token: int) -> None:
        before, behind = self._before[token], self._next[token]
        self._next[before], self._before[behind] = behind, before

    def _without_comma(self, before: int) -> int:
        """An empty list takes the comma before it along, else the one behind it. The token before the gap."""
        if self._values[before] == ",":
            return self._removed(before)
        if self._values[self._next[before]] == ",":
            self._remove(self._next[before])
        return before

    def _join(self, token: int) -> None:
        """Blanks that have come to stand side by side become one token."""
        behind = self._next[token]
        if self._is_blank(token) and self._is_blank(behind):
            self._blanks.setdefault(token, []).extend([self._values[behind], *self._blanks.pop(behind, [])])
            self._remove(behind)

    def _is_blank(self, token: int) -> bool:
        return self._values[token][:1] in _BLANK and token != 0

    def _changed(self) -> Iterator[Span]:
        index, new = 0, []
        token = self._next[0]
        while token:
            start, value = self._starts[token], self._values[token]
            if start == _DERIVED:
                new.append(value)
            else:
                if start > index or new:
                    yield index, start, "".join(new)
                    new = []
                index = start + len(value)
            new += self._blanks.get(token, [])
            token = self._next[token]
        if new or index < len(self._text):
            yield index, len(self._text), "".join(new)

"""Shell patterns as regular expressions, in time linear in the pattern: one may come from a field of an event.

Like fnmatch(3) without flags: ``*`` and ``?`` match a slash and a leading dot, too. A bracket that is never closed
stands for itself; a pattern that ends in a lone backslash, or names an unknown class of characters, matches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

_CLASSES = "alnum|alpha|blank|cntrl|digit|graph|lower|print|punct|space|upper|xdigit"
_CLASS = re.compile(rf"\[:({_CLASSES}):\]")
_NAMED = re.compile(r"\[([.=])(.)\1\]", re.DOTALL)
_UNKNOWN_CLASS = re.compile(r"\[:[a-z]{1,16}:\]")
_NOTHING = r"[^\x00-\x{10FFFF}]"
_ANYTHING = "."
_OPEN = -1


def translated(pattern: str) -> str:
    """The regular expression for a whole text, in RE2's words; a dot is to match newlines."""
    return "".join(_Translation(pattern).pieces())


class _Translation:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._ends = _ends(pattern) if "[" in pattern else []

    def pieces(self) -> Iterator[str]:
        index, length = 0, len(self._pattern)
        while index < length:
            char = self._pattern[index]
            end = self._end(index) if char == "[" else _OPEN
            if end != _OPEN:
                yield self._bracket(index + 1, end)
                index = end
            elif char == "\\":
                index += 1
                yield re2.escape(self._pattern[index]) if index < length else _NOTHING
            else:
                yield {"*": ".*", "?": "."}.get(char) or re2.escape(char)
            index += 1

    def _end(self, opening: int) -> int:
        """Where the bracket closes; a ``]`` that stands first is one of its characters."""
        index = opening + 1
        if self._pattern[index : index + 1] in ("!", "^") and index < len(self._pattern):
            index += 1
        if self._pattern[index : index + 1] == "]":
            index += 1
        return self._ends[min(index, len(self._pattern))]

    def _bracket(self, index: int, end: int) -> str:
        """The same set of characters."""
        is_negated = self._pattern[index] in "!^"
        body = list(self._members(index + is_negated, end))
        if None in body:
            return _NOTHING
        inside = "".join(filter(None, body))
        if not inside:
            return _ANYTHING if is_negated else _NOTHING
        return f"[{'^' if is_negated else ''}{inside}]"

    def _members(self, index: int, end: int) -> Iterator[str | None]:
        """What stands in a bracket: characters, ranges, classes; "" for a range of nothing, None for no class."""
        while index < end:
            if match := _CLASS.match(self._pattern, index):
                yield match[0]
                index = match.end()
            elif match := _UNKNOWN_CLASS.match(self._pattern, index):
                yield None
                index = match.end()
            else:
                first, index = self._character(index)
                last = first
                if self._pattern[index] == "-" and index + 1 < end:
                    last, index = self._character(index + 1)
                yield f"{_literal(first)}-{_literal(last)}" if first <= last else ""

    def _character(self, index: int) -> tuple[str, int]:
        """One character of a bracket, and where it ends."""
        if self._pattern[index] == "\\":
            return self._pattern[index + 1], index + 2
        if match := _NAMED.match(self._pattern, index):
            return match[2], match.end()
        return self._pattern[index], index + 1


def _ends(pattern: str) -> list[int]:
    """For each index, where a bracket ends of which the rest stands there; _OPEN if it does not."""
    length = len(pattern)
    ends = [_OPEN] * (length + 2)
    for index in range(length - 1, -1, -1):
        match pattern[index]:
            case "]":
                ends[index] = index
            case "\\":
                ends[index] = ends[index + 2]
            case "[":
                named = _UNKNOWN_CLASS.match(pattern, index) or _NAMED.match(pattern, index)
                ends[index] = ends[named.end() if named else index + 1]
            case _:
                ends[index] = ends[index + 1]
    return ends


def _literal(char: str) -> str:
    return f"\\{char}" if char.isascii() and not char.isalnum() and char.isprintable() and char != " " else char

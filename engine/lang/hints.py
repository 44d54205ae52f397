"""What is wrong with the syntax of a condition, and what to do about it."""

from __future__ import annotations

import re

from engine.lang.nearest import nearest
from engine.lang.operators import OPERATORS

LIST = "write a list with commas: (a, b)"
_MACRO = "a word alone is the name of a macro; a field has a dot: proc.name"
_QUOTE = "put a value with blanks, quotes, commas or parentheses in double quotes; join checks with and, or"
_WORD = re.compile(r"[a-zA-Z!<>=~]+")
_JOINERS = ("and", "or", "not")
_CHARACTERS = {
    "": "a '(' is never closed",
    ")": "there is no '(' for this ')'",
    "#": "a condition has no comments",
    "&": "write and",
    "|": "write or",
}


class ConditionError(Exception):
    """A condition that cannot be understood. ``index`` counts from 0."""

    def __init__(self, message: str, text: str, index: int, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.index = index
        self.hint = hint
        self._text = text

    @property
    def line(self) -> int:
        """The line in the condition, from 1."""
        return self._text.count("\n", 0, self.index) + 1

    @property
    def column(self) -> int:
        """The column in the condition's line, from 1."""
        return self.index - self._text.rfind("\n", 0, self.index)


def unexpected(text: str, index: int, *, after_name: bool) -> str:
    """A hint for what follows where a condition, or a part in parentheses, could end."""
    char = text[index : index + 1]
    if char in _CHARACTERS:
        return _CHARACTERS[char]
    word = _WORD.match(text, index)
    if word and word[0].lower() in _JOINERS:
        return f"write {word[0].lower()}"
    return _MACRO if after_name else _QUOTE


def nearest_operator(text: str, index: int) -> str:
    """A hint for the word that stands where an operator should."""
    word = _WORD.match(text, index)
    return nearest(word[0].lower(), OPERATORS, 0.6) if word else ""

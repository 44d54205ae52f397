"""The words of conditions: what a name, a number, a bare and a quoted value is, and the blanks between them.

Blanks are space, tab, CR, LF and backspace. A bare value ends at white space, though, to which a backspace does not
belong, but vertical tab and form feed do: both are as Falco has them.
"""

from __future__ import annotations

import re
from typing import NoReturn

from engine.lang.hints import ConditionError
from engine.lang.quoting import EscapeError, unescape

_SPACE = r"\t\n\v\f\r "
_BLANKS = re.compile(r"[ \t\r\n\b]*")

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
FIELD = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z][a-zA-Z0-9_]*)+")
ARGUMENT = re.compile(rf"[^\]\[\"'{_SPACE}]+")
BARE = re.compile(rf"[^()\"'{_SPACE}=,]+")
NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?")
NEGATION = re.compile(rf"not[{_SPACE}]+")
"""``not`` before a word; before a parenthesis it needs no blank."""


class Scanner:
    """A position in one text. Methods that find nothing have consumed nothing."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.index = 0
        self.last = ""
        """The token before, for messages."""

    def fail(self, message: str, hint: str = "") -> NoReturn:
        """Raises ConditionError, here."""
        raise ConditionError(message, self.text, self.index, hint=hint)

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """The text that ``pattern`` matches here, consumed; None when it does not."""
        if match := pattern.match(self.text, self.index):
            self.index = match.end()
            self.last = match[0]
            return match[0]
        return None

    def symbol(self, word: str) -> bool:
        """Whether ``word`` stands here, which is then consumed."""
        if not self.text.startswith(word, self.index):
            return False
        self.index += len(word)
        self.last = word
        return True

    def blanks(self) -> bool:
        """Skip blanks; whether there were any."""
        start = self.index
        if match := _BLANKS.match(self.text, start):
            self.index = match.end()
        return self.index > start

    def quoted(self) -> str | None:
        """A quoted string without its quotes. A quote after a backslash never ends it. Raises ConditionError."""
        mark = self.text[self.index : self.index + 1]
        if mark not in ("'", '"'):
            return None
        end = self.text.find(mark, self.index + 1)
        while end > 0 and self.text[end - 1] == "\\":
            end = self.text.find(mark, end + 1)
        if end < 0 or self.text.find("\0", self.index, end) >= 0:
            return None
        start, self.index = self.index, end + 1
        try:
            self.last = unescape(self.text[start + 1 : end], mark)
        except EscapeError as error:
            self.fail(str(error), error.hint)
        return self.last

"""Where the characters of a YAML scalar stand in the file.

YAML folds lines, doubles quotes and has escapes, so the text of a scalar is not what is written there. The characters
are found again one after the other: between them only blanks, line ends and escaped blanks can lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import yaml

from engine.rules.text import Piece, Place, Text

_BLANKS = " \t\r\n\x85\u2028\u2029"
_RUN = re.compile(f"[{_BLANKS}]*")
_CONTINUED = re.compile(r"\\$")
_PROPERTIES = re.compile(r"[&!]\S*")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_BLANK_ESCAPES = {"\\ ", "\\t", "\\\t", "\\n", "\\r", "\\N", "\\L", "\\P", "\\x20", "\\x09", "\\x0a", "\\x0d", "\\x0A"}


def scalar_text(node: yaml.ScalarNode, file: str, lines: Sequence[str]) -> Text:
    """The text of a scalar; its places are looked for as far as they are asked for."""
    value = str(node.value)
    places: list[Place] = []
    rest: list[Iterator[tuple[int, int]]] = []

    def where(index: int) -> Place:
        if not rest:
            cursor = _Cursor(lines, node.start_mark.line, node.start_mark.column)
            rest.append(cursor.find_all(value, node.style))
        while len(places) <= index:
            line, column = next(rest[0])
            places.append(Place(file, line + 1, column + 1))
        return places[index]

    return Text([Piece(value, where)])


class _Cursor:
    """A position that moves through the lines of a file; line and column count from 0."""

    def __init__(self, lines: Sequence[str], line: int, column: int) -> None:
        self.lines = lines
        self.line = line
        self.column = column
        self.style: str | None = None

    def find_all(self, value: str, style: str | None) -> Iterator[tuple[int, int]]:
        """The position of each character of a scalar that begins here, its anchor and tag included."""
        self.style = style
        self._enter()
        for char in value:
            if char in _BLANKS:
                yield self._blank()
            else:
                yield self._visible()

    def _enter(self) -> None:
        """Step over anchor and tag, and over the quote or the indicator of a block."""
        self._skip_blanks()
        while properties := _PROPERTIES.match(self._current(), self.column):
            self.column = properties.end()
            self._skip_blanks()
        if self.style in ("|", ">"):
            self.line, self.column = self.line + 1, 0
        elif self.style in ("'", '"'):
            self.column += 1

    def _current(self) -> str:
        return self.lines[self.line] if self.line < len(self.lines) else ""

    def _blank(self) -> tuple[int, int]:
        """A blank stands where the cursor is; one that is written out, escaped or not, is stepped over."""
        here = self.line, self.column
        written = self._written()
        if written in _BLANK_ESCAPES or (written and written in _BLANKS):
            self.column += len(written)
        return here

    def _visible(self) -> tuple[int, int]:
        self._skip_blanks()
        while self.style == '"' and (self._written() in _BLANK_ESCAPES or self._is_continued()):
            self.column += len(self._written())
            self._skip_blanks()
        here = self.line, self.column
        self.column += len(self._written())
        return here

    def _is_continued(self) -> bool:
        """Whether a backslash ends the line: it swallows the line's end."""
        return _CONTINUED.match(self._current(), self.column) is not None

    def _written(self) -> str:
        """What is written at the cursor for one character."""
        line = self._current()
        if self.style == '"' and (escape := _ESCAPE.match(line, self.column)):
            return escape[0]
        if self.style == "'" and line.startswith("''", self.column):
            return "''"
        return line[self.column : self.column + 1]

    def _skip_blanks(self) -> None:
        while self.line < len(self.lines):
            if run := _RUN.match(self._current(), self.column):
                self.column = run.end()
            if self.column < len(self._current()):
                return
            self.line, self.column = self.line + 1, 0

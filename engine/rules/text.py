"""Text that knows where each of its characters stands in a file.

Conditions are put together from several places: appended parts, list items, exceptions. Whatever is found wrong in
the result is shown where it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import yaml

_BLANK = " \t\r\n"


class Place(NamedTuple):
    """A character in a file; line and column count from 1, 0 where there is none."""

    file: str = ""
    line: int = 0
    column: int = 0


class Text:
    """A string with a place for each character."""

    __slots__ = ("places", "value")

    def __init__(self, value: str, places: Sequence[Place]) -> None:
        self.value = value
        self.places = list(places)

    @classmethod
    def at(cls, value: str, place: Place) -> Text:
        """Text that stands as a whole in one place."""
        return cls(value, [place] * len(value))

    def __str__(self) -> str:
        return self.value

    def __add__(self, other: Text | str) -> Text:
        if isinstance(other, str):
            other = Text.at(other, self.places[-1] if self.places else Place())
        return Text(self.value + other.value, self.places + other.places)

    def part(self, start: int, end: int | None = None) -> Text:
        """A slice."""
        return Text(self.value[start:end], self.places[start:end])

    def replaced(self, spans: Iterable[tuple[int, int, str]]) -> Text:
        """Each span (start, end, new text), in order, replaced; new text stands where the old one began."""
        parts: list[str] = []
        places: list[Place] = []
        index = 0
        for start, end, new in spans:
            parts += [self.value[index:start], new]
            places += self.places[index:start]
            places += [self.place(start)] * len(new)
            index = end
        return Text("".join([*parts, self.value[index:]]), places + self.places[index:])

    def stripped(self) -> Text:
        """Without blanks at both ends."""
        start = len(self.value) - len(self.value.lstrip())
        return self.part(start, len(self.value.rstrip()))

    def place(self, index: int) -> Place:
        """Where a character stands; behind the end, the last one's place."""
        if not self.places:
            return Place()
        if index < len(self.places):
            return self.places[index]
        last = self.places[-1]
        return last._replace(column=last.column + 1) if last.column else last


def scalar_text(node: yaml.ScalarNode, file: str, lines: Sequence[str]) -> Text:
    """The text of a YAML scalar: its characters found again in the file, one after the other.

    Folding changes blanks only and quoting adds characters, so a character's place is the next equal one in the
    source.
    """
    cursor = _Cursor(file, lines, node.start_mark.line, node.start_mark.column)
    if node.style in ("|", ">"):
        cursor.next_line()
    elif node.style in ("'", '"'):
        cursor.column += 1
    value = str(node.value)
    return Text(value, [cursor.find(char) for char in value])


class _Cursor:
    """A position that moves through the lines of a file."""

    def __init__(self, file: str, lines: Sequence[str], line: int, column: int) -> None:
        self.file = file
        self.lines = lines
        self.line = line
        self.column = column

    def next_line(self) -> None:
        self.line += 1
        self.column = 0

    def find(self, char: str) -> Place:
        """The place of the next ``char``; a blank stands where the cursor is."""
        place = Place(self.file, self.line + 1, self.column + 1)
        if char in _BLANK:
            return place
        line, column = self.line, self.column
        while line < len(self.lines):
            found = self.lines[line].find(char, column)
            if found >= 0:
                self.line, self.column = line, found + 1
                return Place(self.file, line + 1, found + 1)
            line, column = line + 1, 0
        return place

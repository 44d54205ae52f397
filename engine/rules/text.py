"""Text that knows where each of its characters stands in a file.

Conditions are put together from several places: appended parts, list items, exceptions. Whatever is found wrong in
the result is shown where it was written. A text is a chain of pieces; places are looked up only for what is reported.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple


class Place(NamedTuple):
    """A character in a file; line and column count from 1, 0 where there is none."""

    file: str = ""
    line: int = 0
    column: int = 0


Where = Callable[[int], Place]
"""The place of a character by its index."""


class Piece(NamedTuple):
    """Characters with a common origin; the first one's place is ``where(start)``."""

    value: str
    where: Where
    start: int = 0


class Text:
    """A string with a place for each character. Immutable; putting texts together costs what their pieces do."""

    def __init__(self, pieces: Sequence[Piece] = ()) -> None:
        self.pieces = tuple(piece for piece in pieces if piece.value)

    @classmethod
    def at(cls, value: str, place: Place) -> Text:
        """Text that stands as a whole in one place."""
        return cls([Piece(value, lambda _index: place)])

    @classmethod
    def behind_all(cls, value: str, text: Text) -> Text:
        """Text that stands where another one ends."""
        return cls([Piece(value, lambda _index: text.place(len(text.value)))])

    @classmethod
    def before_all(cls, value: str, text: Text) -> Text:
        """Text that stands where another one begins."""
        return cls([Piece(value, lambda _index: text.place(0))])

    @cached_property
    def value(self) -> str:
        """The string."""
        return "".join(piece.value for piece in self.pieces)

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(len(piece.value) for piece in self.pieces))

    def __str__(self) -> str:
        return self.value

    def __add__(self, other: Text | str) -> Text:
        """A string stands where this text's last character does."""
        added = other.pieces if isinstance(other, Text) else (self._inserted(other, max(0, self._length() - 1)),)
        return Text._of(self.pieces + tuple(added))

    @classmethod
    def _of(cls, pieces: tuple[Piece, ...]) -> Text:
        text = cls()
        text.pieces = pieces
        return text

    def behind(self, value: str) -> Text:
        """This text behind a string, which stands where this text begins."""
        return Text((Piece(value, lambda _index: self.place(0)), *self.pieces))

    def _length(self) -> int:
        return self._ends[-1] if self.pieces else 0

    def _inserted(self, value: str, index: int) -> Piece:
        return Piece(value, lambda _index: self.place(index))

    def join(self, parts: Iterable[Text]) -> Text:
        """The parts with this text between them."""
        pieces: list[Piece] = []
        for number, part in enumerate(parts):
            pieces += [*(self.pieces if number else ()), *part.pieces]
        return Text(pieces)

    def part(self, start: int, end: int | None = None) -> Text:
        """A slice; the indices are not negative."""
        return Text(list(self._cut(start, self._length() if end is None else end)))

    def _cut(self, start: int, end: int) -> Iterator[Piece]:
        for number in range(bisect_right(self._ends, start), len(self.pieces)):
            piece = self.pieces[number]
            begin = self._ends[number] - len(piece.value)
            if begin >= end:
                return
            skipped = max(0, start - begin)
            yield Piece(piece.value[skipped : end - begin], piece.where, piece.start + skipped)

    def replaced(self, spans: Iterable[tuple[int, int, str]]) -> Text:
        """Each span (start, end, new text), in order, replaced; new text stands where the old one began."""
        pieces: list[Piece] = []
        index = 0
        for start, end, new in spans:
            pieces += [*self._cut(index, start), self._inserted(new, start)]
            index = end
        return Text([*pieces, *self._cut(index, self._length())])

    def stripped(self) -> Text:
        """Without blanks at both ends."""
        start = len(self.value) - len(self.value.lstrip())
        return self.part(start, len(self.value.rstrip()))

    def place(self, index: int) -> Place:
        """Where a character stands; behind the end, the place behind the last visible one."""
        if not self.pieces:
            return Place()
        if index >= self._length():
            visible = len(self.value.rstrip())
            last = self.place(max(0, visible - 1))
            return last._replace(column=last.column + 1) if last.column and visible else last
        number = bisect_right(self._ends, index)
        piece = self.pieces[number]
        return piece.where(piece.start + index - (self._ends[number] - len(piece.value)))

"""The line above the content: what holds there, and what was said last. It is one line, so that nothing below moves.

Where there is more than room, the hints go first, then what holds, the least telling first. What was said last is cut
at the end only, and then it is told in full in passing, as long as one stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.notifications import Notification, Notify
from textual.widgets import Static

from tui.theme import Span, content
from tui.widgets.columns import fit

_BETWEEN: Span = ("   ", "")
_HINTS = frozenset({"dim", "faint"})
"""The tones of what can be left out first."""
_ENOUGH = 24
"""Cells in which what was said still says something."""
LONG = 8.0
"""Seconds for what has to be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that holds; of those that do not fit the one with the lowest ``rank`` goes first."""

    spans: Sequence[Span]
    rank: int


class Notice(Static):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(markup=False, classes="notice")
        self._parts: Sequence[Part] = ()
        self._word: Sequence[Span] = ()
        self._told: Sequence[Span] = ()
        """What was told in passing, so that it is told once, …"""
        self._passing: Notification | None = None
        """… and how, so that it can be taken back."""

    def show(self, parts: Sequence[Part], word: Sequence[Span]) -> None:
        """Write it."""
        self._parts, self._word = [part for part in parts if part.spans], word
        self._write()

    def on_resize(self) -> None:
        """There is more room, or less."""
        self._write()

    def _write(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return  # it comes with its size
        line = fitted(self._parts, self._word, width)
        self.update(content(*line), layout=False)  # it keeps its line
        if self._word != self._told and _length(self._word) > width:
            self.hush()
            self._passing = Notification("".join(text for text, _ in self._word).strip(), timeout=LONG)
            self.app.post_message(Notify(self._passing))
        self._told = self._word

    def on_hide(self) -> None:
        """Another tab has come to the front, on which it says nothing."""
        self.hush()

    def on_unmount(self) -> None:
        """As when it is hidden."""
        self.hush()

    def hush(self) -> None:
        """Take back what was told in passing."""
        if self._passing is not None:
            self.app.call_later(self.app._unnotify, self._passing)  # in public it takes back all or none
            self._passing = None


def fitted(parts: Sequence[Part], word: Sequence[Span], width: int) -> list[Span]:
    """What of it there is room for, in one line."""
    for chosen in _shorter(parts):
        line = _joined([*chosen, *([word] if word else [])])
        if _length(line) <= width:
            return line
    return _beside_the_last(parts, word, width)


def _beside_the_last(parts: Sequence[Part], word: Sequence[Span], width: int) -> list[Span]:
    """What was said, cut; as long as it still says something, behind what must not be forgotten: a filter."""
    kept = max(parts, key=lambda part: part.rank, default=Part([], 0))
    held = [span for span in kept.spans if span[1] not in _HINTS]
    room = width - _length([*held, _BETWEEN])
    return [*held, _BETWEEN, *fit(word, room)] if kept.rank and room >= _ENOUGH else fit(word, width)


def _shorter(parts: Sequence[Part]) -> Iterator[list[Sequence[Span]]]:
    """All of them, then one hint less at a time, then one part less."""
    left = {number: part.spans for number, part in enumerate(parts)}
    by_rank = sorted(left, key=lambda number: parts[number].rank)
    yield list(left.values())
    for number in by_rank:
        left[number] = [span for span in left[number] if span[1] not in _HINTS]
        yield list(left.values())
    for number in by_rank:
        del left[number]
        yield list(left.values())


def _joined(parts: Sequence[Sequence[Span]]) -> list[Span]:
    return [span for part in parts if part for span in (*part, _BETWEEN)][:-1]


def _length(spans: Sequence[Span]) -> int:
    return sum(cell_len(text) for text, _ in spans)

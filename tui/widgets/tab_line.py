"""One line that says where you are: the trail that led here, and the tabs to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.theme import Span, content

_GAP = "   "
_TRAIL_LEAST = 20
"""Cells that the trail has at least: the names of what one is inside are longer, the tabs are all."""
_MORE = "…"
"""Stands for what is left out of a trail."""

_Piece = tuple[Span, Message | None]


def _width(pieces: Sequence[_Piece]) -> int:
    return sum(cell_len(text) for (text, _), _ in pieces)


def _cut(text: str, width: int) -> str:
    return set_cell_size(text, max(1, width - 1)).rstrip() + _MORE


def _window(widths: Sequence[int], active: int, room: int) -> tuple[int, int]:
    """The first tab shown and the one behind the last: all, or as many as fit from the left with the active one."""
    if sum(widths) <= room or not widths:
        return 0, len(widths)
    room -= 3  # the signs
    first = active
    while first and sum(widths[first - 1 : active + 1]) <= room:
        first -= 1
    end = active + 1
    while end < len(widths) and sum(widths[first : end + 1]) <= room:
        end += 1
    return first, end


class TabLine(Widget):
    """The trail (``Containers › web``) and the tabs; a click on either goes there."""

    ALLOW_SELECT = False
    active: reactive[int] = reactive(0)
    badges: reactive[tuple[str, ...]] = reactive(())
    """A word behind each tab's title, such as the number of alerts."""

    @dataclass
    class Chosen(Message):
        """A tab was clicked."""

        index: int

    @dataclass
    class Returned(Message):
        """A place in the trail was clicked: go back by so many steps."""

        steps: int

    def __init__(self, titles: Sequence[str], trail: Sequence[str] = ()) -> None:
        super().__init__()
        self._titles = titles
        self._trail = trail

    def _pieces(self) -> list[_Piece]:
        """Each text with what a click on it means."""
        width = self.size.width
        least = min(_width(self._steps(self._trail)), _TRAIL_LEAST) if self._trail else 0
        tabs = self._tab_pieces(width - least)
        return [*self._trail_pieces(width - _width(tabs)), *tabs]

    def _trail_pieces(self, room: int) -> list[_Piece]:
        """Where this is, without its first steps, and cut, where there is no room beside the tabs."""
        if not self._trail:
            return []
        shorter = ((_MORE, *self._trail[first:]) for first in range(1, len(self._trail)))
        for trail in (self._trail, *shorter, self._trail[-1:]):
            pieces = self._steps(trail)
            if _width(pieces) <= room:
                return pieces
        return self._steps([_cut(self._trail[-1], room - len(_GAP))])

    def _steps(self, trail: Sequence[str]) -> list[_Piece]:
        pieces: list[_Piece] = []
        for index, step in enumerate(trail):
            last = index == len(trail) - 1
            pieces.append(((step, "strong" if last else "dim"), self.Returned(len(trail) - 1 - index)))
            pieces.append(((_GAP if last else " › ", "faint"), None))
        return pieces

    def _tab_pieces(self, room: int) -> list[_Piece]:
        """The tabs; where there is no room for all, those around the active one, with signs for the others."""
        labels = [self._label(index) for index in range(len(self._titles))] if len(self._titles) > 1 else []
        first, end = _window([cell_len(label) + 2 for label in labels], self.active, room)
        pieces: list[_Piece] = []
        for index in range(first, end):
            pieces.append(((labels[index], "accent" if index == self.active else "dim"), self.Chosen(index)))
            pieces.append((("  ", ""), None))
        before: list[_Piece] = [(("‹ ", "accent"), self.Chosen(first - 1))] if first else []
        after: list[_Piece] = [(("›", "accent"), self.Chosen(end))] if end < len(labels) else []
        return [*before, *pieces, *after]

    def _label(self, index: int) -> str:
        badge = self.badges[index] if index < len(self.badges) else ""
        return f"{self._titles[index]} {badge}".rstrip()

    def render(self) -> Content:
        """The trail, then the tabs; the active one is underlined as well, for eyes without colour."""
        line = Content("")
        for (text, tone), message in self._pieces():
            piece = content((text, tone))
            active = isinstance(message, self.Chosen) and message.index == self.active
            line += piece.stylize("bold underline") if active else piece
        return line.truncate(self.size.width, ellipsis=True)

    def on_click(self, event: events.Click) -> None:
        """Go where the click points."""
        edge = 0
        for (text, _), message in self._pieces():
            edge += cell_len(text)
            if event.get_content_offset_capture(self).x < edge:
                if message is not None:
                    self.post_message(message)
                return

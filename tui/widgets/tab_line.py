"""One line that says where you are: the trail that led here, and the tabs to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.theme import Span, content

_GAP = "   "


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

    def _pieces(self) -> list[tuple[Span, Message | None]]:
        """Each text with what a click on it means."""
        pieces: list[tuple[Span, Message | None]] = []
        for index, step in enumerate(self._trail):
            last = index == len(self._trail) - 1
            pieces.append(((step, "strong" if last else "dim"), self.Returned(len(self._trail) - 1 - index)))
            pieces.append(((_GAP if last else " › ", "faint"), None))
        for index, title in enumerate(self._titles if len(self._titles) > 1 else ()):
            badge = self.badges[index] if index < len(self.badges) else ""
            label = f"{title} {badge}".rstrip()
            pieces.append(((label, "accent" if index == self.active else "dim"), self.Chosen(index)))
            pieces.append((("  ", ""), None))
        return pieces

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
            if event.x < edge:
                if message is not None:
                    self.post_message(message)
                return

"""Text to read: scrolls, can be searched, and never parses what it shows."""

from __future__ import annotations

import re
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content, Span
from textual.widgets import Static

from tui import clip
from tui.actions import bindings
from tui.widgets.backdrop import Backdrop

_MARKED, _LIT = "reverse dim", "reverse bold"
"""How the places that were found look, and the one that was gone to."""
_MARKS = 1_000
"""Places that are marked at a time."""


class Details(VerticalScroll, Backdrop):
    """A scrolling text. Beside a list it is read-only scenery; alone it takes the focus and the keys."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("text")

    def __init__(self, *, focusable: bool, id: str | None = None) -> None:
        super().__init__(id=id, can_focus=focusable)
        self._text = Static(markup=False)
        self._sought = ""
        self.shown = Content("")
        """The text that is shown, without marks."""
        self.places: list[tuple[int, int]] = []
        """Where what is looked for occurs: beginnings and ends."""
        self.place = 0
        """Which of them was gone to."""

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._text

    def show(self, text: Content) -> None:
        """Replace the text; the place in it is kept."""
        if text != self.shown or text.spans != self.shown.spans:
            self.shown = text
            self._find()
            self._draw()

    def search(self, text: str) -> None:
        """Mark every place where a text occurs, upper and lower case alike, and go to the first."""
        self._sought = text
        self.place = 0
        self._find()
        self.go_to_match(0)

    def go_to_match(self, step: int) -> None:
        """Go so many places on; after the last comes the first."""
        if self.places:
            self.place = (self.place + step) % len(self.places)
            self._reveal(self.places[self.place][0])
        self._draw()

    def _find(self) -> None:
        sought = re.compile(re.escape(self._sought), re.IGNORECASE)
        self.places = [match.span() for match in sought.finditer(self.shown.plain)] if self._sought else []
        self.place = min(self.place, max(0, len(self.places) - 1))

    def _draw(self) -> None:
        text = Content(self.shown.plain, [*self.shown.spans, *self._marks()])
        self._text.update(text, layout=not self._fits(text))

    def _marks(self) -> list[Span]:
        """Of the places around the one that was gone to: in a long text each letter may be one."""
        first = max(0, self.place - _MARKS // 2)
        near = enumerate(self.places[first : first + _MARKS], first)
        return [Span(start, end, _LIT if number == self.place else _MARKED) for number, (start, end) in near]

    def _fits(self, text: Content) -> bool:
        """Whether it takes as many lines as what is shown: then nothing else has to find its place anew."""
        width, height = self._text.size
        return bool(width) and max(text.get_height({}, width), self.scrollable_content_region.height) == height

    def _reveal(self, index: int) -> None:
        """Scroll to the line, as it is wrapped, in which a place begins."""
        width = max(1, self.scrollable_content_region.width)
        line = len(self.shown[: index + 1].wrap(width)) - 1
        self.scroll_to(y=max(0, line - self.size.height // 3), animate=False)

    def action_copy(self) -> None:
        """What is selected by mouse, or all of it."""
        clip.put(self.app, self.screen.get_selected_text() or self.shown.plain)

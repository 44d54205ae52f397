"""Text to read: scrolls, and never parses what it shows."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui import clip
from tui.actions import bindings


class Details(VerticalScroll):
    """A scrolling text. Beside a list it is read-only scenery; alone it takes the focus and the keys."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("text")

    def __init__(self, *, focusable: bool, id: str | None = None) -> None:
        super().__init__(id=id, can_focus=focusable)
        self._text = Static(markup=False)
        self.shown = Content("")
        """The text that is shown."""

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._text

    def action_copy(self) -> None:
        """What is selected by mouse, or all of it."""
        clip.put(self.app, self.screen.get_selected_text() or self.shown.plain)

    def show(self, text: Content) -> None:
        """Replace the text; the place in it is kept."""
        if text != self.shown or text.spans != self.shown.spans:
            self.shown = text
            self._text.update(text)

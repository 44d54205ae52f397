"""A text in a dialog, below what has the focus: where it has no room the keys for pages move it, and nothing else."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

PAGING: list[BindingType] = [
    Binding("pageup", "page(-1)", "page up", show=False, priority=True),
    Binding("pagedown", "page(1)", "page down", show=False, priority=True),
]
"""For the dialog: its action ``page`` is :meth:`Words.page`. They come before what a list does with them; Ctrl-U and
Ctrl-D are left to what is typed."""


class Words(VerticalScroll, can_focus=False):
    """See the module."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._text = Static(markup=False)

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._text

    def show(self, text: Content) -> None:
        """Replace the text, from its beginning."""
        self._text.update(text)
        self.scroll_home(animate=False)

    def page(self, step: int) -> None:
        """So many pages on, with a line of the page before."""
        self.scroll_relative(y=step * max(1, self.size.height - 1), animate=False)

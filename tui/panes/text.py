"""Panes that are a text to read, with a search in it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tui import words
from tui.actions import bindings
from tui.front import Front
from tui.panes.filtering import FilterPane
from tui.theme import Span
from tui.widgets.details import Details


class TextPane(FilterPane):
    """A text. What is looked for is marked in it, and the keys go from one place to the next."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("search")
    filter_help = "text to look for"

    def __init__(self, front: Front, id: str | None = None) -> None:
        super().__init__(front, id)
        self.details = Details(focusable=True)

    def body(self) -> ComposeResult:
        """The text."""
        yield self.details

    async def _load(self) -> None:
        """Another text has others of the places that are looked for."""
        await super()._load()
        if self.filter_bar.text:
            self.show_state()

    def apply_filter(self, text: str) -> None:
        """Mark it, and go to the first place."""
        self.details.search(text)

    def typing(self, text: str) -> None:
        """While it is typed, too."""
        self.details.search(text)

    def action_next_match(self) -> None:
        """To the next place."""
        self._step(1)

    def action_previous_match(self) -> None:
        """To the place before."""
        self._step(-1)

    def _step(self, step: int) -> None:
        self.details.go_to_match(step)
        self.show_state()

    def standing(self) -> list[list[Span]]:
        """What is looked for, and which of the places this is."""
        number = len(self.details.places)
        found: list[Span] = [(f"{self.details.place + 1} of {words.plural(number, 'place')}", "dim")]
        if not number:
            found = [("it does not occur", "warn")]
        return [*super().standing(), found] if self.filter_bar.text else []

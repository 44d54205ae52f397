"""The line in which a list's filter is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from tui.actions import bindings
from tui.theme import content


class _FilterInput(Input):
    """An input with the filter's keys."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("filter")

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=f" {placeholder}", compact=True, select_on_focus=False)  # the cursor covers a cell
        self.cursor_blink = False
        self._history: list[str] = []
        self._place = 0

    def remember(self, text: str) -> None:
        """Put a filter at the end of the history, once."""
        if text:
            self._history = [*(entry for entry in self._history if entry != text), text]
        self._place = len(self._history)

    def action_recall(self) -> None:
        """The filter before."""
        self._recall(-1)

    def action_recall_later(self) -> None:
        """The filter after."""
        self._recall(1)

    def _recall(self, step: int) -> None:
        self._place = max(0, min(self._place + step, len(self._history)))
        self.value = self._history[self._place] if self._place < len(self._history) else ""
        self.cursor_position = len(self.value)

    def action_abandon(self) -> None:
        """Clear the filter and leave."""
        self.value = ""
        self.post_message(self.Submitted(self, ""))


class FilterBar(Horizontal):
    """Hidden until ``/``. Enter applies, Esc clears and leaves, up and down recall earlier filters.

    A filter that is wrong keeps the bar open, with the reason beside it.
    """

    @dataclass
    class Applied(Message):
        """The filter to apply, "" for none. ``final`` is False while it is being typed."""

        text: str
        final: bool

    def __init__(self, placeholder: str) -> None:
        super().__init__()
        self._input = _FilterInput(placeholder)
        self._error = Static(id="filter-error", markup=False)
        self.text = ""
        """The filter in force."""
        self.display = False

    def compose(self) -> ComposeResult:
        """A slash, the input, and room for the reason."""
        yield Static("/", id="filter-sign", markup=False)
        yield self._input
        yield self._error

    def edit(self) -> None:
        """Open with the filter in force."""
        self.display = True
        with self._input.prevent(Input.Changed):
            self._input.value = self.text
        self._input.cursor_position = len(self.text)
        self.screen.set_focus(self._input)  # at once: the next key is part of the filter, not an action

    def refuse(self, reason: str) -> None:
        """Say what is wrong, in place."""
        self.display = True
        self._error.update(content((reason, "bad")))
        self._error.display = True
        self._input.focus()

    def accept(self) -> None:
        """The filter works: nothing to complain about."""
        self._error.display = False

    def close(self) -> None:
        """Hide."""
        self.accept()
        self.display = False

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Applied(event.value.strip(), final=False))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        self._input.remember(text)
        self.post_message(self.Applied(text, final=True))

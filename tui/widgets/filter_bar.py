"""The line in which a list's filter is written, with what it may go on with, or what is wrong with it, beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static
from textual.widgets.input import Selection

from tui.actions import bindings
from tui.filters.completion import Offer
from tui.filters.unfinished import may_become_right, split_column
from tui.theme import Span, content
from tui.widgets.input_line import Line

Complete = Callable[[str], Offer]
Wrong = Callable[[str], str]
"""What is wrong with a filter, "" for nothing."""
_OFFERED = 6
"""Words shown of an offer."""
_WORD_SHARE, _WORD_PADDING = 0.6, 3
"""What of the line is for what stands beside the input, as in the style sheet."""


class _FilterInput(Line):
    """An input with the filter's keys, and a memory."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("filter")

    def __init__(self, placeholder: str, complete: Complete) -> None:
        super().__init__(placeholder=f" {placeholder}", compact=True, select_on_focus=False)  # the cursor covers a cell
        self._complete = complete
        self.cursor_blink = False
        self._history: list[str] = []
        self._place = 0

    def know(self, saved: Iterable[str]) -> None:
        """Saved filters can be recalled, too: they come before all that were typed."""
        others = [text for text in dict.fromkeys(saved) if text not in self._history]
        self._history = [*others, *self._history]
        self._place = len(self._history)

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

    def action_save(self) -> None:
        """Give it a name."""
        self.post_message(FilterBar.Kept(self.value.strip()))

    def action_complete(self) -> None:
        """Go on with the first word that is offered."""
        before, after = self.value[: self.cursor_position], self.value[self.cursor_position :]
        completed = self._complete(before).applied(before)
        self.value = completed + after
        self.cursor_position = len(completed)

    def action_abandon(self) -> None:
        """Clear the filter and leave."""
        self.value = ""
        self.post_message(self.Submitted(self, ""))


class FilterBar(Horizontal):
    """Hidden until ``/``. Enter applies, Esc clears and leaves, up and down recall earlier filters.

    A filter that is wrong keeps the bar open, with the reason beside it; while it is typed the reason is there as soon
    as going on cannot mend it, else when somebody waits and there is nothing to go on with.
    """

    pause: ClassVar[float] = 0.8
    """Seconds without a key after which a term counts as finished."""

    @dataclass
    class Applied(Message):
        """The filter to apply, "" for none. ``final`` is False while it is being typed."""

        text: str
        final: bool

    @dataclass
    class Kept(Message):
        """The filter, as far as it is typed, is to have a name."""

        text: str

    def __init__(self, placeholder: str, complete: Complete, wrong: Wrong = lambda _text: "") -> None:
        super().__init__()
        self._complete = complete
        self._wrong = wrong
        self._later: Timer | None = None
        """When what is wrong is said."""
        self._input = _FilterInput(placeholder, complete)
        self._word = Static(id="filter-word", markup=False)
        self.reason = Static(classes="filter-reason", markup=False)
        """What is wrong, where it has no room beside the filter: it lies over the list, and moves nothing."""
        self.reason.display = False
        self.text = ""
        """The filter in force."""
        self.warns = False
        """Whether it says what is wrong."""
        self.display = False

    def compose(self) -> ComposeResult:
        """A slash, the input, and room for the reason."""
        yield Static("/", id="filter-sign", markup=False)
        yield self._input
        yield self._word

    def edit(self, saved: Iterable[str] = ()) -> None:
        """Open with the filter in force, selected: what is typed replaces it, an arrow goes on with it."""
        self.display = True
        self._input.know(saved)
        with self._input.prevent(Input.Changed):
            self._input.value = self.text
        self._input.selection = Selection(0, len(self.text))
        if self.text:
            self._say(("type to replace it, ← → to edit it", "dim"))
        else:
            self._offer()
        self.screen.set_focus(self._input)  # at once: the next key is part of the filter, not an action

    def refuse(self, reason: str) -> None:
        """Say what is wrong, with the cursor on it where its column is known."""
        self.display = True
        column, _ = split_column(reason)
        if column is not None:
            self._input.cursor_position = column
        self._warn(reason)
        self._input.focus()

    def _warn(self, reason: str) -> None:
        _, reason = split_column(reason)
        fits = cell_len(reason) <= self.app.size.width * _WORD_SHARE - _WORD_PADDING
        self._say((reason if fits else "", "bad"))
        self.reason.update(content((reason, "bad")))
        self.reason.display = not fits
        self.warns = True

    def _judge(self) -> None:
        """Say what is wrong with what is typed: now, in a moment, or not as long as something is offered."""
        typed, reason = self._input.value[: self._input.cursor_position], self._wrong(self._input.value)
        offered = self._offer()
        if reason and not may_become_right(typed, reason):
            self._warn(reason)
        elif reason and not offered:
            self._later = self.set_timer(self.pause, lambda: self._warn(reason))

    def _offer(self) -> bool:
        """Show what the text before the cursor may go on with; whether there is anything."""
        words = self._complete(self._input.value[: self._input.cursor_position]).words
        more = f" +{len(words) - _OFFERED}" if len(words) > _OFFERED else ""
        sign: Span = ("⇥ ", "accent") if words else ("", "")
        self._say(sign, ("  ".join(words[:_OFFERED]) + more, "dim"))
        return bool(words)

    def _say(self, *spans: Span) -> None:
        """Write beside the input, in one line: the list stays where it is."""
        self.warns = False
        if self._later is not None:
            self._later.stop()
        self.reason.display = False
        self._word.update(content(*spans))
        self._word.display = any(text for text, _ in spans)

    def close(self) -> None:
        """Hide."""
        self._say()
        self.display = False

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._judge()
        self.post_message(self.Applied(event.value.strip(), final=False))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        self._input.remember(text)
        self.post_message(self.Applied(text, final=True))

"""The dialog that makes an exception of an alert: which fields, what would have been hidden, what is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine.protocol import ProposalRow
from tui import words
from tui.theme import Span, content
from tui.widgets.choices import Choices
from tui.widgets.cutting import short
from tui.widgets.words import PAGING, Words


class ExceptionScreen(ModalScreen["ProposalRow | None"]):
    """Gives the proposal that was chosen, None for none. ``rule`` is the one that will not fire any more on it.

    Where nothing can be written (``writable``), as in a replay, the text of the exception is there to be copied.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel"),
        Binding("y", "copy", "copy"),
        *PAGING,
    ]

    def __init__(self, rule: str, rows: Sequence[ProposalRow], *, writable: bool = True) -> None:
        super().__init__()
        self._writable = writable
        self._rule = rule
        self._rows = rows

    def compose(self) -> ComposeResult:
        """The proposals, and the one that is lit in full."""
        with Vertical(id="exception") as box:
            box.border_title = content(("Exception from ", ""), (self._rule, "strong"))
            box.border_subtitle = content((_WRITES if self._writable else _COPIES, "dim"))
            yield Choices(*(Option(_row(row)) for row in self._rows), compact=True, markup=False)
            yield Words(id="exception-text")

    def on_mount(self) -> None:
        """Begin with the narrowest."""
        self.query_one(OptionList).focus()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self.query_one(Words).show(_whole(self._rows[event.option_index]))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self._writable:
            self.dismiss(self._rows[event.option_index])
        else:
            self.action_copy()

    def action_page(self, step: int) -> None:
        """Through the text, where it has no room."""
        self.query_one(Words).page(step)

    def action_copy(self) -> None:
        """The YAML, for a rule file elsewhere."""
        row = self._rows[self.query_one(OptionList).highlighted or 0]
        self.app.copy_to_clipboard("".join(f"{line}\n" for line in row.lines))
        self.app.notify("Copied.", markup=False, timeout=4)

    def action_cancel(self) -> None:
        """Nothing."""
        self.dismiss(None)


_WRITES = "⏎ writes it, in force at once   y copies   esc cancels"
_COPIES = "a replay changes no rules   ⏎ y copy it for a rule file   esc cancels"


def _row(row: ProposalRow) -> Content:
    return content((f"{effect(row):<{_EFFECT}} ", "accent"), (" + ".join(row.fields), ""))


_EFFECT = 18
"""Cells of an effect."""


def effect(row: ProposalRow) -> str:
    """What it would have done: ``hides 41 of 43``."""
    return f"hides {row.hidden:,} of {row.alerts:,}"


def _whole(row: ProposalRow) -> Content:
    pairs = zip(row.fields, row.values, strict=True)
    lines: list[list[Span]] = [[(f"{name} = ", "dim"), (value, "strong")] for name, value in pairs]
    if row.unknown:
        lines += [[(f"{words.plural(row.unknown, 'alert')} cannot be judged by what is kept", "warn")]]
    if row.staying:
        lines += [
            [],
            [("These stay, for example:", "dim")],
            *([(f"  {short(text, _MESSAGE)}", "")] for text in row.staying[:3]),
        ]
    lines += [[], *([(line, "dim")] for line in row.lines)]
    return Content("\n").join([content(*line) for line in lines])


_MESSAGE = 64
"""Characters of a message: one line, also on a narrow screen."""

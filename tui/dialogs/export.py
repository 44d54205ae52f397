"""The dialog that asks in which form a list is written to a file."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.sheet import FORMS, Form
from tui.theme import content


class ExportScreen(ModalScreen[Form | None]):
    """Gives the form that was chosen, None for none. ``what`` says which rows, ``where`` the folder."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel"),
        *(Binding(key, f"choose('{key}')", form.label, show=False) for key, form in FORMS.items()),
    ]

    def __init__(self, what: str, where: str) -> None:
        super().__init__()
        self._what = what
        self._where = where

    def compose(self) -> ComposeResult:
        """What goes where, and the forms."""
        with Vertical(id="export") as box:
            box.border_title = content(("Write to a file", ""))
            yield Static(f"{self._what}, to {self._where}", markup=False, id="export-what")
            rows = (content((f" {key} ", "accent"), (f" {form.label}", "")) for key, form in FORMS.items())
            yield OptionList(*map(Option, rows), compact=True, markup=False)
            yield Static("⏎ or its key writes it   esc cancels", markup=False, id="export-keys")

    def on_mount(self) -> None:
        """Begin with the first."""
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(list(FORMS.values())[event.option_index])

    def action_choose(self, key: str) -> None:
        """This one."""
        self.dismiss(FORMS[key])

    def action_cancel(self) -> None:
        """None."""
        self.dismiss(None)

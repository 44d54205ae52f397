"""The line in which a time is typed to go to."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.theme import content
from tui.widgets.input_line import Line

_HELP = "14:12:30   2026-11-28 14:12   -90s   +5m   ⏎ goes there   esc cancels"


class JumpScreen(ModalScreen["int | None"]):
    """Gives the time, None for none. ``read`` makes one of what was typed, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "cancel")]

    def __init__(self, read: Callable[[str], int | None]) -> None:
        super().__init__()
        self._read = read

    def compose(self) -> ComposeResult:
        """A line, and what can stand in it."""
        with Vertical(id="jump") as box:
            box.border_title = content(("Go to a time", ""))
            yield Line(placeholder=" 14:12:30", compact=True)
            yield Static(_HELP, markup=False, id="jump-help")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        found = self._read(event.value)
        if found is None:
            self.query_one("#jump-help", Static).update(content(("That is no time. ", "bad"), (_HELP, "")))
        else:
            self.dismiss(found)

    def action_cancel(self) -> None:
        """Nowhere."""
        self.dismiss(None)

"""The dialog with the filters of a view that have names: pick one, name the one in force, delete."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import TiercelError
from engine.scrub import scrub
from tui.actions import VIEWS
from tui.filters.saved import LONGEST_NAME, SavedFilters
from tui.theme import content
from tui.widgets.input_line import Line

_NAME = 16
"""Cells of a name in the list, at least."""


class SavedScreen(ModalScreen["str | None"]):
    """Gives the filter that was picked, None for none. ``text`` is the one that can be named, "" for none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel"),
        Binding("delete", "delete", "delete"),
    ]

    def __init__(self, saved: SavedFilters, view: str, text: str, *, naming: bool = False) -> None:
        super().__init__()
        self._saved = saved
        self._view = view
        self._text = text
        self._naming = naming

    def compose(self) -> ComposeResult:
        """The list, and a line for a name where there is something to name."""
        with Vertical(id="saved") as box:
            box.border_title = content((f"Saved filters: {_within(VIEWS[self._view])}", ""))
            yield OptionList(compact=True, markup=False)
            yield Static("None is saved here yet.", markup=False, id="saved-none")
            yield Static(content(("/ ", "accent"), (scrub(self._text), "strong")), markup=False, id="saved-text")
            yield Line(
                placeholder=" its name", compact=True, select_on_focus=False, max_length=LONGEST_NAME, id="saved-name"
            )
            yield Static(markup=False, id="saved-keys")

    def on_mount(self) -> None:
        """Begin with the list, or with the name."""
        for widget in self.query("#saved-text, #saved-name"):
            widget.display = bool(self._text)
        self._fill()
        has_rows = self.query_one(OptionList).option_count
        name_first = self._text and (self._naming or not has_rows)
        self.query_one(Input if name_first else OptionList).focus()

    def _fill(self) -> None:
        """The list as it is now."""
        options = self.query_one(OptionList)
        options.clear_options()
        rows = sorted(self._saved.of(self._view).items())
        for name, text in rows:
            shown = content((f" {scrub(name):<{_NAME}} ", "accent"), (scrub(text), ""))
            options.add_option(Option(shown, id=None))
        self._names = [name for name, _ in rows]
        options.highlighted = 0 if rows else None
        options.display = bool(rows)
        self.query_one("#saved-none").display = not rows
        self._say()

    def _say(self, word: str = "") -> None:
        name = "   Tab names the one in force" if self._text and self._names else ""
        rows = "⏎ takes it   Del deletes it" if self._names else "⏎ saves it under its name" * bool(self._text)
        keys = f"{rows}{name}   esc cancels".lstrip()
        self.query_one("#saved-keys", Static).update(content((word, "bad")) if word else content((keys, "dim")))

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._saved.of(self._view).get(self._names[event.option_index]))

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            self._saved.save(self._view, event.value, self._text)
        except TiercelError as error:
            self._say(error.message)
        else:
            self.dismiss(self._text)

    def action_delete(self) -> None:
        """Keep the one under the cursor no longer. In the line for a name the key deletes a character."""
        place = self.query_one(OptionList).highlighted
        if place is None:
            return
        try:
            self._saved.delete(self._view, self._names[place])
        except TiercelError as error:
            self._say(error.message)
        else:
            self._fill()

    def action_cancel(self) -> None:
        """None."""
        self.dismiss(None)


def _within(title: str) -> str:
    """A title in the midst of another."""
    return title[:1].lower() + title[1:]

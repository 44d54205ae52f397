"""The menu under the right mouse button: what can be done with the row, each with its key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.dom import DOMNode
from textual.geometry import Offset
from textual.screen import ModalScreen, Screen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.actions import sign
from tui.keys.keymap import is_about_row
from tui.theme import content
from tui.widgets.choices import Choices


@dataclass(frozen=True, slots=True)
class Item:
    """An action, and the widget that does it."""

    node: DOMNode
    binding: Binding


class MenuScreen(ModalScreen["Item | None"]):
    """Gives the item that was chosen, None for none. ``place`` is where the pointer was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel"),
    ]

    def __init__(self, items: Sequence[Item], place: Offset) -> None:
        super().__init__()
        self._items = items
        self._place = place

    def compose(self) -> ComposeResult:
        """Key and word of each."""
        yield Choices(*(Option(_row(item)) for item in self._items), compact=True, markup=False, id="menu")

    def on_mount(self) -> None:
        """Its keys work at once."""
        self.query_one(OptionList).focus()

    def on_resize(self) -> None:
        """At the pointer, but wholly on the screen."""
        menu, size = self.query_one(OptionList), self.app.size
        width, height = _WIDTH, min(len(self._items) + 2, size.height)
        menu.styles.width, menu.styles.height = width, height
        x = max(0, min(self._place.x, size.width - width))
        y = max(0, min(self._place.y, size.height - height))
        menu.styles.offset = (x, y)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._items[event.option_index])

    def on_click(self, event: object) -> None:
        """A click beside it closes it."""
        if self.query_one(OptionList).is_mouse_over:
            return
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Nothing."""
        self.dismiss(None)


_WIDTH = 34
_LAST = frozenset({"mark", "export", "copy", "copy_json", "copy_command"})


def items_of(screen: Screen[Any], lacks: Callable[[DOMNode, str], bool]) -> list[Item]:
    """What can be done with a row where the focus is, each action once; not what a widget ``lacks``."""
    found: dict[str, Item] = {}
    for active in screen.active_bindings.values():
        action = active.binding.action
        if active.enabled and is_about_row(active.binding.id or "") and not lacks(active.node, action):
            found.setdefault(action, Item(active.node, active.binding))
    return sorted(found.values(), key=_rank)


def _rank(item: Item) -> tuple[bool, bool]:
    """Opening first; marks, files and copies last."""
    return item.binding.action != "open", item.binding.action in _LAST


def _row(item: Item) -> Content:
    key = item.binding.key_display or sign(item.binding.key)
    return content((f"{key:>6}  ", "accent"), (item.binding.description, ""))

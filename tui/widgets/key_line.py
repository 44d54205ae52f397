"""The footer: the keys that work here. Where not all have room, help and quit stay and the last of the others go;
then help, which has them all, is called ``more``.

Textual's footer scrolls instead, so that a terminal of 80 columns never shows how to leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from rich.cells import cell_len
from textual import events
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from tui.actions import LAST, RANKS, sign
from tui.theme import Span, content


@runtime_checkable
class Offering(Protocol):
    """A widget with actions that cannot always be done, whose keys say so then."""

    def offers(self, action: str, /) -> bool:
        """Whether it can be done now."""


PINNED = ("help", "quit")
"""The actions that always stand at the right."""


class KeyLine(Widget):
    """See the module. A click on a key presses it."""

    ALLOW_SELECT = False

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _screen: Screen[object]) -> None:
        self.refresh()

    def _pieces(self) -> list[tuple[Span, Binding | None]]:
        """Each text with the key that a click on it presses."""
        shown = _shown(self.screen)
        pinned = [binding for binding in shown if binding.action in PINNED]
        room = self.size.width - _width(pinned) - 1
        others = _fitting([binding for binding in shown if binding.action not in PINNED], room)
        if len(others) + len(pinned) < len(shown):
            pinned = [_with_more(binding) for binding in pinned]
        space = " " * max(0, room - _width(others) + 1)
        return [*_texts(others), ((space, ""), None), *_texts(pinned)]

    def render(self) -> Content:
        """One line."""
        return content(*(span for span, _ in self._pieces())).truncate(self.size.width)

    def on_click(self, event: events.Click) -> None:
        """Press the key under the pointer."""
        edge = 0
        for (text, _), binding in self._pieces():
            edge += cell_len(text)
            if event.get_content_offset_capture(self).x < edge:
                if binding is not None:
                    self.app.simulate_key(binding.key)
                return


def _shown(screen: Screen[object]) -> list[Binding]:
    """The bindings that work where the focus is, each action once, nearest first, then in the order of the table."""
    found = list(screen.active_bindings.values())
    near = {node: number for number, node in enumerate(dict.fromkeys(entry.node for entry in found))}
    found.sort(key=lambda entry: (entry.binding.id in LAST, near[entry.node], RANKS.get(entry.binding.action, 0)))
    active = [entry.binding for entry in found if entry.enabled and entry.binding.show and _is_offered(entry)]
    return list({binding.action: binding for binding in reversed(active)}.values())[::-1]


def _is_offered(entry: ActiveBinding) -> bool:
    return not isinstance(entry.node, Offering) or entry.node.offers(entry.binding.action)


def _with_more(binding: Binding) -> Binding:
    """The help says that there are more keys than have room; as wide as before."""
    return replace(binding, description="more") if binding.action == "help" else binding


def _fitting(bindings: Sequence[Binding], room: int) -> list[Binding]:
    """As many as fit, from the first."""
    number = next((number for number in range(len(bindings), 0, -1) if _width(bindings[:number]) <= room), 0)
    return list(bindings[:number])


def _width(bindings: Sequence[Binding]) -> int:
    return sum(cell_len(text) for (text, _), _ in _texts(bindings))


def _texts(bindings: Sequence[Binding]) -> list[tuple[Span, Binding | None]]:
    pieces: list[tuple[Span, Binding | None]] = []
    for binding in bindings:
        if pieces:
            pieces.append(((" ", ""), None))
        pieces.append(((_sign(binding), "accent"), binding))
        pieces.append(((f" {binding.description}", ""), binding))
    return pieces


def _sign(binding: Binding) -> str:
    """The first of an action's keys; F1 where its other key would be typed into a filter."""
    return sign(binding.key) if binding.key == "f1" else binding.key_display or binding.key

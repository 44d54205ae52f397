"""Alt and a key, or Esc and a key right behind it: a terminal sends the same bytes for both.

Who is quick on the keys, or whose keys come over a slow line, has not pressed Alt. So it is Alt only where that does
something; elsewhere it is both keys, one after the other, and none is lost. A terminal with kitty's keyboard protocol
tells them apart by itself; what it says is Alt stays Alt.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from textual.events import Key

_NAMED = {"b": "ctrl+left", "f": "ctrl+right", "backspace": "ctrl+w", "tab": "shift+tab"}
"""What some terminals send for words to the left and right and for one to delete, and Linux' console for Shift and Tab,
as Textual has it."""


class Chord(Key):
    """The two of them, until it is known where they are going."""

    __slots__ = ["behind"]

    def __init__(self, behind: Key) -> None:
        key = behind.key
        name = f"shift+{key.lower()}" if len(key) == 1 and key.isupper() else key
        super().__init__(_NAMED.get(key, f"alt+{name}"), None)
        self.behind = behind

    def keys(self, bound: Container[str]) -> Sequence[Key]:
        """What is pressed where these keys do something."""
        return [self.copy()] if self.key in bound else [Key("escape", "\x1b"), self.behind]

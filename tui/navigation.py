"""What a view may ask of the application around it: the way to other places, and a word in passing.

Views know this protocol and not the application, which knows them: so the imports go one way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any, Protocol

from tui.keys.keymap import Keys
from tui.places import Place


class Navigator(Protocol):
    """The application, as its views see it."""

    keys: Keys
    """The keys in force."""

    def visit(self, place: Place, view: str = "") -> None:
        """Open a place on top of what is shown, before the next key is looked at; ``view`` is the tab to begin with.
        Who is in that place already stays there, and sees that tab."""

    def opens(self, work: Callable[[], Awaitable[None]]) -> Callable[[], Coroutine[Any, Any, None]]:
        """The same work, at the end of which something is open: keys that are typed ahead wait for it a moment."""

    def pressed_at(self) -> float:
        """When the key was pressed that is being dealt with, in seconds of time.monotonic()."""

    def show(self, view: str) -> bool:
        """Bring the tab with this id of the place one is in to the front; False where it has none."""

    def go_back(self, steps: int) -> None:
        """Close so many places, but never the main views."""

    def tell(self, text: str) -> None:
        """Say something that is gone again in a moment."""

    def remember(self, text: str) -> None:
        """Keep what was said elsewhere, for who reads it later."""

    def lend(self) -> AbstractContextManager[None]:
        """Let another program have the terminal meanwhile; the sensor is listened to, and nothing is drawn.

        Raises textual.app.SuspendNotSupported where the terminal cannot be lent.
        """

"""A sensor that was started again on another store: what was open of the old one's alerts is left, and that is said.

Its alerts and stacks have the same numbers, and are others: a key would be about one that nobody has looked at.
"""

from __future__ import annotations

from textual.app import App
from textual.screen import Screen

from tui.dialogs.exception import ExceptionScreen
from tui.dialogs.menu import MenuScreen
from tui.dialogs.respond import RespondScreen
from tui.dialogs.state import StateScreen
from tui.frame import Frame
from tui.places import AlertPlace

_DIALOGS = (ExceptionScreen, MenuScreen, RespondScreen, StateScreen)
"""Those that may be about an alert."""


def leave(app: App[None]) -> None:
    """Close the first place or dialog that is about an alert, and all that was opened from there."""
    first = next((number for number, screen in enumerate(app.screen_stack) if _is_about_alert(screen)), None)
    for _ in app.screen_stack[first:] if first is not None else ():
        app.pop_screen()


def forget(app: App[None]) -> str:
    """Have all views forget what they know by numbers; what there is to say."""
    for screen in app.screen_stack:
        if isinstance(screen, Frame):
            screen.forget()
    return "The sensor has another store now: places of its old alerts are closed."


def _is_about_alert(screen: Screen[object]) -> bool:
    if isinstance(screen, Frame):
        return isinstance(screen.place, AlertPlace)
    return isinstance(screen, _DIALOGS)

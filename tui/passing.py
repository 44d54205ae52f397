"""Words in passing: those of one key at a time, and all of late to be read again.

A word in passing lies over something. What is said after another key, or another press of the mouse, takes the place of
what was said before it, and of what one has said only the latest is shown; a warning or an error stays its own time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import App
from textual.content import Content
from textual.events import Event, Key, MouseDown
from textual.notifications import Notification, Notify, SeverityLevel
from textual.widgets._toast import ToastHolder, ToastRack

from tui.dialogs.help import HelpScreen
from tui.theme import Span, content
from tui.words import moment

if TYPE_CHECKING:
    from tui.front import Front

KEPT = 100
"""Words that can be read again."""
_AT_ONCE = 2
"""Words in passing that are shown together."""
Said = tuple[int, str]
"""When, in nanoseconds since the epoch, and what."""


class MessagesScreen(HelpScreen):
    """What was said of late, the latest first."""

    heading = "Said of late"

    def __init__(self, said: list[Said]) -> None:
        super().__init__()
        self._said = said

    def words(self) -> Content:
        """What it shows."""
        return messages_text(self._said)


def messages_text(said: list[Said]) -> Content:
    """A paragraph for each, the latest first."""
    rows: list[list[Span]] = [[(f"{moment(at)}  ", "dim"), (text, "")] for at, text in reversed(said)]
    return Content("\n").join([content(*row) for row in rows or [[("Nothing was said yet.", "dim")]]])


class Passing(App[None]):
    """An application that says something now and then."""

    front: Front

    def __init__(self) -> None:
        super().__init__()
        self.said: deque[Said] = deque(maxlen=KEPT)
        """What can be read again, the oldest first."""
        self.wall: Callable[[], int] = time.time_ns
        """When it was said: by the wall clock of who reads it, for the sensor's stands still in a recording."""
        self._passing: list[Notification] = []
        """Those that are shown: the next one takes the place of the first, …"""
        self._pressed = False
        """… or of all, after another key or press of the mouse."""

    async def on_event(self, event: Event) -> None:
        """What is said from now on is about this key, or this press of the mouse."""
        if isinstance(event, Key | MouseDown) and not event.is_forwarded:
            self._pressed = True
        await super().on_event(event)

    def remember(self, text: str) -> None:
        """Keep what is said for who reads it later; what is said over and over is kept once, as of its first time."""
        text = " ".join(text.split())
        if text and (not self.said or self.said[-1][1] != text):
            self.said.append((self.wall(), text))

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Say something that is gone again in a moment. Only Textual itself says something with markup."""
        plain = Content.from_markup(message).plain if markup else message
        self.remember(f"{title}: {plain}" if title else plain)
        word = Notification(message, title, severity, timeout or self.NOTIFICATION_TIMEOUT, markup=markup)
        self.post_message(Notify(word))
        if severity == "information":
            self._take_place(word)

    def _take_place(self, word: Notification) -> None:
        stay = [] if self._pressed else self._passing[1 - _AT_ONCE :]
        for older in self._passing:
            if older not in stay:
                self.call_later(self._unnotify, older)
        self._passing, self._pressed = [*stay, word], False

    def _refresh_notifications(self) -> None:
        """Textual leaves the place of a word that was taken back, and the next would stand a line below."""
        super()._refresh_notifications()
        self.call_later(self._tidy_words)

    def _tidy_words(self) -> None:
        told = {ToastRack._toast_id(word) for word in self._notifications}
        for holder in self.screen.query(ToastHolder):
            if holder.id not in told:
                holder.remove()

    def tell(self, text: str) -> None:
        """A word in passing."""
        self.notify(text, markup=False, timeout=4)

    def action_messages(self) -> None:
        """What was said of late; what is still there is among it."""
        self.clear_notifications()
        self.push_screen(MessagesScreen([*self.said]))

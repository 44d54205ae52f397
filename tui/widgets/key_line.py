"""The footer: the keys that work here. Where not all have room, help and quit stay and the last of the others go."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

PINNED = ("help", "quit")
"""The actions that are always shown."""


class KeyLine(Footer):
    """Textual's footer, made to fit."""

    def compose(self) -> ComposeResult:
        """The keys that fit, none of them cut."""
        keys = [widget for widget in super().compose() if isinstance(widget, FooterKey)]
        pinned = [key for key in keys if key.action in PINNED]
        room = self.app.size.width - sum(map(_width, pinned))
        for key in keys:
            if key.action not in PINNED:
                room -= _width(key)
                if room >= 0:
                    yield key
        yield from pinned

    def on_resize(self, _event: events.Resize) -> None:
        """More or fewer keys fit."""
        self.call_after_refresh(self.recompose)


def _width(key: FooterKey) -> int:
    """The cells of a compact key, with the space inside and the one after it."""
    return len(key.key_display) + len(key.description) + 2

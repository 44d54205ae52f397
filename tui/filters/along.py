"""The condition that goes along from view to view, as the time that is looked at does.

A condition by Falco's names (``container.name=web and proc.name=sh``) means the same of an alert, a process or an
event; words are about what one list shows, and stay there. A view that has its own filter keeps it, and one that does
not know a field of the condition shows everything.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.filters.query import has_field


@dataclass
class Along:
    """What goes along: "" for nothing."""

    text: str = ""


@dataclass
class Share:
    """A view's part in it."""

    along: Along
    takes: bool = False
    """Whether the view takes part."""
    has: bool = False
    """Whether its filter is, or was, what goes along."""
    came: bool = False
    """Whether that was given in another view."""

    def give(self, text: str) -> None:
        """Somebody gave the view this filter, or cleared it."""
        if self.takes and has_field(text):
            self.along.text, self.has = text, True
        elif self.has:
            self.along.text, self.has = "", False
        self.came = False

    def take(self, mine: str) -> str | None:
        """What the view is to show instead of its filter ``mine``; None for no change."""
        text = self.along.text
        if self.takes and text and text == mine:
            self.has = True  # to clear it here clears it everywhere
        if not self.takes or text == mine or (mine and not self.has):
            return None
        return text

    def taken(self, text: str) -> None:
        """It shows that."""
        self.has = self.came = bool(text)

"""A line to type in, whose text is as inert as all that is shown: what is pasted may be the text of an attacker."""

from __future__ import annotations

from textual.widgets import Input

from engine.scrub import scrub


class Line(Input):
    """An input in which characters that drive a terminal, cannot be seen or turn the line around become escapes."""

    def validate_value(self, value: str) -> str:
        """Whatever has set it."""
        return scrub(value)

    def replace(self, text: str, start: int, end: int) -> None:
        """All typing and pasting ends here. The cursor stands behind what has come, also where that became longer."""
        first, last = sorted((max(0, start), min(len(self.value), end)))
        super().replace(scrub(self.value[:first] + text), 0, last)

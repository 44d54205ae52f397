"""What lies behind other widgets: of it nothing is seen but its colour, and so all its lines are one strip.

Textual draws every line of every widget, also where others cover it: a view has five such layers.
"""

from __future__ import annotations

from functools import lru_cache

from textual.color import Color
from textual.containers import Container
from textual.geometry import Region
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget


class Backdrop(Widget):
    """A widget without text of its own. Where it has a border it is drawn like any other."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """One strip, as often as there are lines: how it is cut and filtered is known after the first."""
        if any(edge for edge, _ in self.styles.border):
            return super().render_lines(crop)
        below, background = self.background_colors
        strip = _blank(crop.width, below + background)
        for line_filter in self.get_line_filters():
            strip = strip.apply_filter(line_filter, background)
        return [strip] * crop.height


class Split(Container, Backdrop):
    """Widgets beside or below each other."""


@lru_cache(64)
def _blank(width: int, colour: Color) -> Strip:
    return Strip.blank(width, Style(background=colour).rich_style)

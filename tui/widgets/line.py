"""Spans as a line of a list, in the colours of a theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.theme import Span, rich_tone
from tui.widgets.columns import GAP, Placed, fit

GUTTER = 1
"""Cells at the left for the sign of a marked row."""


def line(theme: str, width: int, spans: Sequence[Span], base: Style) -> Strip:
    """One text."""
    return Strip(_segments(theme, fit(spans, width), base)).adjust_cell_length(width, base)


def row_line(
    theme: str, width: int, cells: Sequence[tuple[Placed[Any], Sequence[Span]]], base: Style, sign: str = ""
) -> Strip:
    """The cells of a row behind a sign. Each begins a segment: a picture of the screen places these, not letters."""
    segments = _segments(theme, fit([(sign, "accent")], GUTTER), base)
    for placed, spans in cells:
        column = placed.column
        cell = _segments(theme, fit(spans, placed.width, column.right, column.middle), base)
        segments += Segment.simplify([*cell, Segment(" " * GAP, base)])
    return Strip(segments).adjust_cell_length(width, base)


def heading_line(theme: str, width: int, placed: Sequence[Placed[Any]], signs: Mapping[str, str], base: Style) -> Strip:
    """The titles, some with a sign behind them: in the gap, where the column has no room for both."""
    segments = _segments(theme, [(" " * GUTTER, "")], base)
    for number, each in enumerate(placed, 1):
        cell, behind = _heading(each, signs.get(each.column.title, ""), is_last=number == len(placed))
        gap: list[Span] = [(behind, "accent"), (" " * (GAP - len(behind)), "")]
        segments += _segments(theme, [*cell, *gap], base)
    return Strip(segments).adjust_cell_length(width, base)


def _heading(placed: Placed[Any], sign: str, *, is_last: bool) -> tuple[list[Span], str]:
    """What stands in the column, and what behind it: behind the last one there is nothing."""
    title: Span = (placed.column.title, "faint")
    both = cell_len(title[0]) + len(sign) <= placed.width
    if both or not sign:
        return fit([title, (sign, "accent")], placed.width, placed.column.right), ""
    if is_last:
        return [*fit([title], placed.width - len(sign)), (sign, "accent")], ""
    return fit([title], placed.width, placed.column.right), sign


def _segments(theme: str, spans: Sequence[Span], base: Style) -> list[Segment]:
    """Of as few as there are styles: each is looked at with every drawing."""
    return list(Segment.simplify(Segment(text, base + rich_tone(theme, tone)) for text, tone in spans))

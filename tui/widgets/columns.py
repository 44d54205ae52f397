"""Columns of a list: which are shown at a width, how wide, and how text is made to fit.

Widths depend on the list's width alone, never on its rows, so nothing shifts while rows come and go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rich.cells import cell_len, set_cell_size

from tui.theme import Span

Row = TypeVar("Row")
GAP = 2
"""Cells between two columns."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column. ``share`` > 0 makes it grow with the list, from ``width`` on, in proportion."""

    title: str
    width: int
    cell: Callable[[Row], Sequence[Span]]
    """The row's texts and tones; cut with an ellipsis where they do not fit."""
    right: bool = False
    """Numbers stand at the right."""
    share: int = 0
    from_width: int = 0
    """The width of the list from which on it is shown."""
    below_width: int | None = None
    """The width from which on it is not shown any more: others say the same."""
    order: Callable[[Row], Any] | None = None
    """What the rows can be sorted by, None for what is not known; without it nobody sorts by this column."""
    descends: bool = False
    """Whether that begins with the highest."""


@dataclass(frozen=True, slots=True)
class Placed(Generic[Row]):
    """A column with the width it got."""

    column: Column[Row]
    width: int


def place(columns: Sequence[Column[Row]], width: int) -> list[Placed[Row]]:
    """The columns shown at a width, left to right."""
    shown = [column for column in columns if _is_shown(column, width)]
    spare = max(0, width - sum(column.width for column in shown) - GAP * (len(shown) - 1))
    shares = sum(column.share for column in shown)
    placed = []
    for column in shown:
        extra = spare * column.share // shares if column.share else 0
        spare -= extra
        shares -= column.share
        placed.append(Placed(column, column.width + extra))
    return placed


def column_at(columns: Sequence[Column[Row]], width: int, x: int) -> Column[Row] | None:
    """The column that is drawn at a place of the line, None between two."""
    begin = 0
    for placed in place(columns, width):
        if begin <= x < begin + placed.width:
            return placed.column
        begin += placed.width + GAP
    return None


def _is_shown(column: Column[Row], width: int) -> bool:
    return width >= column.from_width and (column.below_width is None or width < column.below_width)


def fit(spans: Sequence[Span], width: int, right: bool = False) -> list[Span]:
    """The spans in exactly ``width`` cells: padded, or cut with an ellipsis. Wide characters are never halved."""
    used = sum(cell_len(text) for text, _ in spans)
    if used <= width:
        pad = [(" " * (width - used), "")] if used < width else []
        return [*pad, *spans] if right else [*spans, *pad]
    return _cut(spans, width)


def _cut(spans: Sequence[Span], width: int) -> list[Span]:
    if width < 1:
        return []
    left = width - 1
    kept: list[Span] = []
    for text, tone in spans:
        length = cell_len(text)
        if length > left:
            return [*kept, (set_cell_size(text, left), tone), ("…", "faint")]
        kept.append((text, tone))
        left -= length
    return kept

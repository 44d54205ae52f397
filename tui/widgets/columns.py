"""Columns of a list: which are shown at a width, how wide, and how text is made to fit.

Which columns there are depends on the list's width alone. Those that grow get room by what they have to show; the
longest so far counts, so nothing shifts while rows come and go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rich.cells import cell_len

from tui.theme import Span
from tui.widgets import cutting

Row = TypeVar("Row")
GAP = 2
"""Cells between two columns."""
_LEAST_MIDDLE = 12
"""Cells from which on there is a beginning and an end to show."""
_LEAST_NUMBER = 3
"""Cells from which on something of a number is seen."""
_LEAST = 12
"""Cells that are left to a name that makes room."""


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
    in_files: bool = False
    """It is only in what leaves the screen: there is a place for it beside the list."""
    order: Callable[[Row], Any] | None = None
    """What the rows can be sorted by, None for what is not known; without it nobody sorts by this column."""
    descends: bool = False
    """Whether that begins with the highest."""
    exact: Callable[[Row], str] | None = None
    """What leaves the screen in its place, where the cell only makes sense there: the time instead of an age."""
    name: str = ""
    """The title outside of the screen, where it is another."""
    middle: bool = False
    """What does not fit is cut in the middle: of a path the end says most."""
    whole: bool = False
    """Of a column that grows: it has what it needs, and names make room for it. Of a figure no part says anything."""
    most: int | None = None
    """Of such a column: the width up to which names make room; beyond, it gets what is to spare, before they do."""
    there: Callable[[], bool] = lambda: True
    """Whether there can be anything in it just now; else it is not shown."""

    def text(self, row: Row) -> str:
        """The cell outside of the screen: uncut, without tones."""
        return self.exact(row) if self.exact else "".join(text for text, _ in self.cell(row)).strip()


@dataclass(frozen=True, slots=True)
class Placed(Generic[Row]):
    """A column with the width it got."""

    column: Column[Row]
    width: int


def place(columns: Sequence[Column[Row]], width: int, needs: Mapping[str, int] | None = None) -> list[Placed[Row]]:
    """The columns shown at a width, left to right.

    ``needs`` are the cells of the longest text in each column that grows, by title: what one does not need goes to
    those that cut theirs, first to those of which no part says anything.
    """
    shown = [column for column in columns if _is_shown(column, width)]
    wanted = [_wanted(column, needs or {}) for column in shown]
    widths = [min(_first(column, want), want) for column, want in zip(shown, wanted, strict=True)]
    room = width - sum(widths) - GAP * (len(shown) - 1)
    if room < 0:
        _narrow(shown, widths, -room)
        if lost := [each for each, got, want in zip(shown, widths, wanted, strict=True) if _is_lost(each, got, want)]:
            return place([column for column in shown if column is not lost[-1]], width, needs)
    room = max(0, room)
    whole, names = ([column.share > 0 and column.whole is is_whole for column in shown] for is_whole in (True, False))
    for among, limits in ((whole, wanted), (names, wanted), (names, None)):
        for index, extra in enumerate(_shared(shown, widths, room, limits, among)):
            widths[index] += extra
            room -= extra
    return [Placed(column, got) for column, got in zip(shown, widths, strict=True)]


def _first(column: Column[Row], wanted: int) -> int:
    """The width with which a column begins, before what is to spare is shared."""
    if not column.whole:
        return column.width
    return wanted if column.most is None else column.most


def _wanted(column: Column[Row], needs: Mapping[str, int]) -> int:
    """The width with which a column cuts nothing; where that is not known, its own."""
    if not column.share:
        return column.width
    return max(cell_len(column.title), needs.get(column.title, column.width))


def _narrow(columns: Sequence[Column[Row]], widths: list[int], lacking: int) -> None:
    """Take cells away: of names first, then from the right, so that nothing is cut without a sign of it."""
    names = [index for index, column in enumerate(columns) if column.share and not column.whole]
    for least, giving in ((_LEAST, names), (0, list(reversed(range(len(columns)))))):
        for index in sorted(giving, key=lambda index: -widths[index]) if least else giving:
            given = min(lacking, max(0, widths[index] - least))
            widths[index] -= given
            lacking -= given


def _is_lost(column: Column[Row], width: int, wanted: int) -> bool:
    """Whether it takes a gap and shows nothing, or nothing that says anything."""
    return width < min(wanted, _LEAST_NUMBER if column.right else 1)


def _shared(
    columns: Sequence[Column[Row]],
    widths: Sequence[int],
    room: int,
    limits: Sequence[int] | None,
    among: Sequence[bool],
) -> list[int]:
    """What each of some columns gets of the room, in proportion, none more than up to its limit."""
    extras = [0] * len(columns)
    open_ = [index for index, is_meant in enumerate(among) if is_meant]
    while room and (open_ := [i for i in open_ if limits is None or widths[i] + extras[i] < limits[i]]):
        shares, before = sum(columns[index].share for index in open_), room
        for index in open_:
            part = max(1, before * columns[index].share // shares)
            part = min(part, room, limits[index] - widths[index] - extras[index] if limits else part)
            extras[index] += part
            room -= part
    return extras


def column_at(placed: Sequence[Placed[Row]], x: int) -> Column[Row] | None:
    """The column that is drawn at a place of the line, or whose sign is, None between two."""
    begin = 0
    for each in placed:
        if begin <= x <= begin + each.width:
            return each.column
        begin += each.width + GAP
    return None


def _is_shown(column: Column[Row], width: int) -> bool:
    is_apt = width >= column.from_width and (column.below_width is None or width < column.below_width)
    return is_apt and not column.in_files and column.there()


def fit(spans: Sequence[Span], width: int, right: bool = False, middle: bool = False) -> list[Span]:
    """The spans in exactly ``width`` cells: padded, or cut with an ellipsis. Wide characters are never halved."""
    used = sum(cell_len(text) for text, _ in spans)
    if used <= width:
        pad = [(" " * (width - used), "")] if used < width else []
        return [*pad, *spans] if right else [*spans, *pad]
    return _cut_middle(spans, width) if middle and width > _LEAST_MIDDLE else _cut(spans, width)


def _cut_middle(spans: Sequence[Span], width: int) -> list[Span]:
    """The beginning, an ellipsis, and as much of the end of the last text."""
    text, tone = spans[-1]
    end = cutting.end(text, (width - 1) * 2 // 3)
    begin = _cut(spans, width - cell_len(end))
    return [*begin, (end, tone)]


def _cut(spans: Sequence[Span], width: int) -> list[Span]:
    if width < 1:
        return []
    left = width - 1
    kept: list[Span] = []
    for text, tone in spans:
        length = cell_len(text)
        if length > left:
            begin = cutting.beginning(text, left)
            pad = " " * (left - cell_len(begin))
            return [*kept, (begin, tone), ("…", "dim"), *([(pad, "")] if pad else [])]
        kept.append((text, tone))
        left -= length
    return kept

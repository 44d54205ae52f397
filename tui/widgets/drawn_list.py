"""The lines of a list as they are drawn: only what looks different from what is there is drawn anew.

A row's cells are asked for each time, for ages grow; what costs most, fitting, colouring and sending them, is done once
for all that looks the same. A line is known to look the same when its strip is the very one that was drawn last.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tui.theme import Span, cursor_style
from tui.widgets.columns import Column, Placed, place
from tui.widgets.line import GUTTER, heading_line, line, row_line
from tui.widgets.page_cache import PageCache
from tui.widgets.taking import MARK, Taking

Row = TypeVar("Row")
_STEP = 4
"""Cells by which the need of a column grows, so that it does not grow with each row."""
_KEPT = 1_000
"""Strips kept."""


class _Look(NamedTuple):
    """What all lines have in common."""

    theme: str
    width: int
    base: Style
    lit: Style
    """Of the row under the cursor."""
    placed: tuple[Placed[Any], ...]


class DrawnList(Taking[Row], Generic[Row]):
    """See the module. Line 0 of the widget is the heading and stays in place."""

    _cache: PageCache[Row]
    _faded: Callable[[Row], bool]
    placeholder: Sequence[Span]
    heading_signs: Mapping[str, str]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._needs: dict[str, int] = {}
        """Cells of the longest text that was shown in each column that grows, by title."""
        self._look: _Look | None = None
        self._strips: dict[Hashable, Strip] = {}
        """Those of this look, by what they show."""
        self._drawn: dict[int, Strip] = {}
        """What was drawn last, by line."""

    @property
    def is_here(self) -> bool:
        """Whether the row under the cursor has arrived."""
        return self._cache.row(self.cursor) is not None

    def redraw(self) -> None:
        """Draw the lines again that look different now."""
        self._take_look()
        self._refresh_lines(y for y in range(self.size.height) if self._strip(y) is not self._drawn.get(y))

    def redraw_rows(self, *indexes: int) -> None:
        """Draw some rows again, as far as they are in sight."""
        top = round(self.scroll_y) - 1
        self._refresh_lines(y for y in {index - top for index in indexes} if 0 < y < self.size.height)

    def _refresh_lines(self, lines: Iterable[int]) -> None:
        if regions := [Region(0, y, self.size.width, 1) for y in lines]:
            self.refresh(*regions)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Some lines, with one look."""
        self._take_look()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line: the heading, a row, or nothing."""
        strip = self._drawn[y] = self._strip(y)
        return strip

    def shown_columns(self) -> list[Column[Row]]:
        """Those that there is room for."""
        return [placed.column for placed in self.placed()]

    def placed(self) -> Sequence[Placed[Row]]:
        """The columns as they are drawn, behind the gutter."""
        return self._take_look().placed

    def _take_look(self) -> _Look:
        theme, width, base = self.app.theme, self.scrollable_content_region.width, self.rich_style
        lit = base + cursor_style(theme, self.has_focus)
        look = _Look(theme, width, base, lit, tuple(place(self.columns, width - GUTTER, self._needs)))
        if look != self._look or len(self._strips) > _KEPT:
            self._look, self._strips = look, {}
        return look

    def _strip(self, y: int) -> Strip:
        look = self._look or self._take_look()
        index = y - 1 + round(self.scroll_y)
        if y == 0:
            return self._heading(look)
        if not self.total:
            return self._said(look, (" ", ""), *self.placeholder) if y == 2 else self._said(look)
        if index >= self.total:
            return self._said(look)
        return self._of_row(look, index)

    def _heading(self, look: _Look) -> Strip:
        """The titles; no column grows for them."""
        signs = self.heading_signs
        strip = self._strips.get(key := tuple(signs.items()))
        if strip is None:
            strip = self._strips[key] = heading_line(look.theme, look.width, look.placed, signs, look.base)
        return strip

    def _of_row(self, look: _Look, index: int) -> Strip:
        base = look.lit if index == self.cursor else look.base
        row = self._cache.row(index)
        if row is None:
            return self._said(look, (" ·", "faint"), base=base)
        sign = MARK if self.source.key(row) in self.marked else ""
        cells = [tuple(placed.column.cell(row)) for placed in look.placed]
        dim = {"": "dim"} if self._faded(row) else {}
        if index == self.cursor:  # with 16 colours its ground is what is faint elsewhere
            dim["faint"] = "dim"
        if dim:
            cells = [tuple((text, dim.get(tone, tone)) for text, tone in spans) for spans in cells]
        return self._row(look, cells, base, sign)

    def _row(self, look: _Look, cells: Sequence[tuple[Span, ...]], base: Style, sign: str) -> Strip:
        """Cells behind a sign."""
        key = (tuple(cells), base, sign)
        strip = self._strips.get(key)
        if strip is None:
            both = list(zip(look.placed, cells, strict=True))
            self._learn(both)
            strip = self._strips[key] = row_line(look.theme, look.width, both, base, sign)
        return strip

    def _said(self, look: _Look, *spans: Span, base: Style | None = None) -> Strip:
        base = look.base if base is None else base
        strip = self._strips.get((spans, base))
        if strip is None:
            strip = self._strips[spans, base] = line(look.theme, look.width, spans, base)
        return strip

    def _learn(self, cells: Sequence[tuple[Placed[Row], Sequence[Span]]]) -> None:
        """A longer text than any before: the columns are placed anew, a few cells at a time. A column of figures that
        has none yet has room to give."""
        for placed, spans in cells:
            column = placed.column
            step, known = (1, -1) if column.whole else (_STEP, 0)
            need = -(-sum(cell_len(text) for text, _ in spans) // step) * step if column.share else known
            if need > self._needs.get(column.title, known):
                self._needs[column.title] = need
                self.call_after_refresh(self.redraw)

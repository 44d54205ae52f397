"""Lists that can be put in the order of a column: by key, or by a click on its heading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

from textual import on

from tui.panes.listing import ListPane
from tui.theme import Span
from tui.widgets.columns import Column
from tui.widgets.page_list import PageList

Row = TypeVar("Row")
UP, DOWN = "▲", "▼"
SLICE = 1_000
"""Rows looked at between two breaths: a millisecond or two."""


def ordered(rows: Sequence[Row], order: Callable[[Row], Any], *, descends: bool) -> Iterator[list[Row] | None]:
    """The rows by what ``order`` says of them, those of which it says None behind all others, equal ones as they were.
    At the end: before, None comes wherever others may go on."""
    known: list[tuple[Any, Row]] = []
    unknown: list[Row] = []
    for number, row in enumerate(rows, 1):
        value = order(row)
        if value is None:
            unknown.append(row)
        else:
            known.append((value, row))
        if number % SLICE == 0:
            yield None
    known.sort(key=itemgetter(0), reverse=descends)
    yield [row for _, row in known] + unknown


class SortedPane(ListPane[Row], Generic[Row]):
    """A list in the order in which the sensor gives it, until a column is chosen. What is not known comes last."""

    sorted_by: Column[Row] | None = None
    reversed = False
    """Whether the order is the other way round than a column's own: numbers begin with the highest, texts with a."""

    def chosen(self) -> Sequence[Row]:
        """The rows that pass the filter, in order."""
        return next(rows for rows in self.in_order(super().chosen()) if rows is not None)

    def in_order(self, rows: Sequence[Row]) -> Iterator[Sequence[Row] | None]:
        """The rows in the order that was chosen. At the end: before, None comes wherever others may go on."""
        if self.sorted_by is None or self.sorted_by.order is None:
            yield rows
        else:
            yield from ordered(rows, self.sorted_by.order, descends=self._descends)

    @property
    def order_name(self) -> str:
        """What the rows are sorted by, "" for nothing; a column's letter says too little."""
        column = self.sorted_by
        return "" if column is None else column.title if len(column.title) > 1 else column.name

    @property
    def _descends(self) -> bool:
        return self.sorted_by is not None and self.sorted_by.descends is not self.reversed

    def action_sort_next(self) -> None:
        """By the next column; after the last in the order of before."""
        self._step(1)

    def action_sort_previous(self) -> None:
        """By the column before."""
        self._step(-1)

    def action_sort_reverse(self) -> None:
        """The other way round."""
        if self.sorted_by is None:
            self.navigator.tell(f"No column is chosen: {self.sign('sort_next')} sorts by the first.")
        else:
            self.sort_by(self.sorted_by, reversed=not self.reversed)

    def _step(self, step: int) -> None:
        choices: list[Column[Row] | None] = [None, *(c for c in self.list.shown_columns() if c.order is not None)]
        place = choices.index(self.sorted_by) if self.sorted_by in choices else 0
        self.sort_by(choices[(place + step) % len(choices)])

    def sort_by(self, column: Column[Row] | None, *, reversed: bool = False) -> None:
        """Put the rows in this order; the cursor stays with its row, if somebody went there."""
        if not self.list.touched:
            self.list.begin()
        self.sorted_by, self.reversed = column, reversed
        self.list.heading_signs = {} if column is None else {column.title: DOWN if self._descends else UP}
        self.show_rows(self.sought)
        self.show_state()

    @on(PageList.HeadingClicked)
    def _heading_clicked(self, event: PageList.HeadingClicked) -> None:
        event.stop()
        column: Column[Any] = event.column
        if column.order is not None:
            again = column is self.sorted_by
            self.sort_by(column, reversed=again and not self.reversed)

    def standing(self) -> list[list[Span]]:
        """Also by which column it is sorted, for it may be out of sight."""
        if self.sorted_by is None:
            return super().standing()
        sign = DOWN if self._descends else UP
        return [*super().standing(), [(f"{sign} by {self.order_name}", "dim")]]

"""Panes that are a list: with a filter, and with rows that are known as a whole."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual.app import ComposeResult

from engine.alerts import Priority
from engine.errors import TiercelError, UsageError
from engine.filters.query import Table, refuse_unknown, split_inversion, words
from tui.filters.row_fields import ELSEWHERE
from tui.front import Front
from tui.panes.base import Pane, waiting_for
from tui.panes.filtering import FilterPane
from tui.theme import Span
from tui.widgets.page_list import PageList
from tui.widgets.pages import WholeList

Row = TypeVar("Row")


def no_match(pane: Pane) -> list[Span]:
    """What a list says that is empty because of its filter."""
    hint = f"   {pane.sign('clear')} clears it, {pane.sign('filter')} edits it"
    return [("Nothing matches the filter.", ""), (hint, "dim")]


class ListPane(FilterPane, Generic[Row]):
    """A pane whose rows come in one answer. A filter, words or a condition, is applied while it is typed."""

    table: ClassVar[Table[Any]] = Table()
    """The fields that conditions can ask for."""

    def __init__(self, front: Front, id: str | None = None) -> None:
        super().__init__(front, id)
        self.rows: Sequence[Row] = ()
        self._is_answered = False
        """Whether it is known what there is, be it nothing."""
        self.sought = ""
        """The filter that the rows shown have passed, also while it is typed."""
        self.test: Callable[[Row], bool] = lambda _row: True
        """Whether a row passes the filter."""
        self.source: WholeList[Row] = WholeList(self.key)
        self.list = self.make_list()

    def make_list(self) -> PageList[Row]:
        """The list, with its columns."""
        raise NotImplementedError

    def key(self, row: Row) -> Hashable:
        """What identifies a row."""
        raise NotImplementedError

    def words_of(self, row: Row) -> str:
        """The text in which a filter's words are looked for."""
        raise NotImplementedError

    async def fetch(self) -> Sequence[Row]:
        """All rows, from the sensor."""
        raise NotImplementedError

    def nothing(self) -> list[Span]:
        """What it means that there are no rows at all, and what to do."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """The list."""
        yield self.list

    async def load(self) -> None:
        """All rows, then those that pass."""
        self.rows = await self.fetch()
        self._is_answered = True
        self.show_rows(self.sought)

    def show_rows(self, text: str) -> None:
        """Show the rows that a filter lets through."""
        self.test = self.test_of(text)
        self.sought = text
        self.source.rows = self.chosen()
        self._explain()
        self.list.reload()

    def _explain(self) -> None:
        """Say why the list is empty, if it is; its rows are drawn when they are taken in."""
        self.list.placeholder = self.placeholder()
        if not self.list.total:
            self.list.redraw()
        if self.list.marked:
            self.show_state()  # others of them may be hidden

    def placeholder(self) -> Sequence[Span]:
        """What an empty list says; nothing where the notice tells what went wrong."""
        if self.refused:
            return ()
        nothing = no_match(self) if self.sought and self.has_more() else self.nothing()
        return waiting_for(self.front, nothing, answered=self._is_answered)

    def has_more(self) -> bool:
        """Whether there are rows without the filter."""
        return bool(self.rows)

    def refuse(self, error: TiercelError) -> None:
        """Not both: what went wrong, and that there is nothing."""
        super().refuse(error)
        self._explain()

    def recover(self) -> None:
        """Or that there is nothing after all."""
        super().recover()
        self._explain()

    def chosen(self) -> Sequence[Row]:
        """The rows that pass the filter."""
        return [row for row in self.rows if self.test(row)] if self.sought else self.rows

    def test_of(self, text: str) -> Callable[[Row], bool]:
        """A filter as a test of rows. Raises UsageError."""
        inverted, text = split_inversion(text)
        test = self._plain_test_of(text)
        return (lambda row: not test(row)) if inverted else test

    def _plain_test_of(self, text: str) -> Callable[[Row], bool]:
        if self.table.has_check(text):
            return self.table.test(text)
        refuse_unknown(text, list(self.field_names()), ELSEWHERE)
        occurs = words(text)
        return lambda row: occurs(self.words_of(row))

    def field_names(self) -> Iterable[str]:
        """Those of the table."""
        return [*self.table.columns, *self.table.short]

    def values_of(self, field: str) -> Iterable[str]:
        """Those of all rows."""
        column = self.table.columns.get(self.table.short.get(field, field))
        found = (column.read(row) for row in self.rows) if column else ()
        return (text for value in found for text in texts(value))

    def check_filter(self, text: str) -> None:
        """Try it."""
        self.test_of(text)

    def apply_filter(self, text: str) -> None:
        """At once: all rows are here."""
        self.show_rows(text)

    def typing(self, text: str) -> None:
        """While it is typed, too; what makes no sense yet leaves the filter of before."""
        try:
            self.show_rows(text)
        except UsageError:
            self.show_rows(self.filter_bar.text)

    def action_next_match(self) -> None:
        """To the next row that passes the filter by itself."""
        self._go_to_match(range(self.list.cursor + 1, len(self.source.rows)))

    def action_previous_match(self) -> None:
        """To the row before that passes the filter by itself."""
        self._go_to_match(range(self.list.cursor - 1, -1, -1))

    def _go_to_match(self, places: Iterable[int]) -> None:
        place = next((place for place in places if self.test(self.source.rows[place])), None)
        if place is not None:
            self.list.move_to(place)

    @property
    def went_to(self) -> Row | None:
        """The row under the cursor, if somebody moved there or looked for it: not the one where the cursor just is."""
        is_sought = self.sought and not self.share.came
        return self.list.selected if self.list.touched or is_sought else None

    def unpick(self) -> None:
        """The row under the cursor is there by chance."""
        self.list.touched = False

    def wake(self) -> None:
        """Also say why it is empty, before anything has come."""
        self._explain()
        super().wake()

    def ticked(self) -> None:
        """Ages have grown."""
        self._explain()
        self.list.redraw()


def texts(value: object) -> Iterable[str]:
    """A field's value as one would write it."""
    if value is None:
        return ()
    if isinstance(value, tuple):
        return map(str, value)
    if isinstance(value, bool):
        return (str(value).lower(),)
    return (value.label.lower() if isinstance(value, Priority) else str(value),)

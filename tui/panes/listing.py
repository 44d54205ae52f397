"""Panes that are a list: with a filter, and with rows that are known as a whole."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult

from tui.front import Front
from tui.panes.base import Pane, waiting_for
from tui.theme import Span
from tui.widgets.filter_bar import FilterBar
from tui.widgets.page_list import PageList, WholeList

Row = TypeVar("Row")


class FilterPane(Pane):
    """A pane with a filter bar; subclasses say what to do with a filter."""

    filter_help: ClassVar[str] = "words to look for"

    def __init__(self, front: Front, id: str | None = None) -> None:
        super().__init__(front, id)
        self.filter_bar = FilterBar(self.filter_help)

    def compose(self) -> ComposeResult:
        """The filter between the notice and the content."""
        self.notice.display = False
        yield self.notice
        yield self.filter_bar
        yield from self.body()

    def apply_filter(self, text: str) -> None:
        """Show only what the filter lets through."""

    def typing(self, text: str) -> None:
        """The filter as far as it is typed."""

    def action_filter(self) -> None:
        """Open the filter."""
        self.filter_bar.edit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the filter a slash is a slash."""
        if action == "filter" and self.filter_bar.has_focus_within:
            return False
        return super().check_action(action, parameters)

    def action_clear(self) -> None:
        """Clear the filter; without one, go back."""
        if self.filter_bar.text:
            self._set_filter("")
        else:
            self.tiercel.go_back(1)

    @on(FilterBar.Applied)
    def _filter_changed(self, event: FilterBar.Applied) -> None:
        event.stop()
        if not event.final:
            self.typing(event.text)
            return
        self._set_filter(event.text)
        self.focus_content()

    def _set_filter(self, text: str) -> None:
        self.filter_bar.text = text
        self.filter_bar.close()
        self.apply_filter(text)
        self.show_state()

    def show_state(self) -> None:
        """Say which filter is in force."""
        text = self.filter_bar.text
        self.say(*([("/ ", "accent"), (text, "strong"), ("   esc clears", "dim")] if text else []))


class ListPane(FilterPane, Generic[Row]):
    """A pane whose rows come in one answer. The filter is words that must all occur, applied while it is typed."""

    nothing: ClassVar[str] = "Nothing here."

    def __init__(self, front: Front, id: str | None = None) -> None:
        super().__init__(front, id)
        self.rows: Sequence[Row] = ()
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

    def body(self) -> ComposeResult:
        """The list."""
        yield self.list

    async def load(self) -> None:
        """All rows, then those that pass."""
        self.rows = await self.fetch()
        self.show_rows(self.filter_bar.text)

    def show_rows(self, text: str) -> None:
        """Show the rows that a filter lets through."""
        self.source.rows = self.chosen(text)
        nothing = f"Nothing matches “{text}”." if text else self.nothing
        self.list.placeholder = self.placeholder(nothing)
        self.list.reload()

    def placeholder(self, nothing: str) -> Sequence[Span]:
        """What an empty list says."""
        return waiting_for(self.front, nothing)

    def chosen(self, text: str) -> Sequence[Row]:
        """The rows in which every word occurs."""
        needles = text.casefold().split()
        return [row for row in self.rows if all(needle in self.words_of(row).casefold() for needle in needles)]

    def apply_filter(self, text: str) -> None:
        """At once: all rows are here."""
        self.show_rows(text)

    def typing(self, text: str) -> None:
        """While it is typed, too."""
        self.show_rows(text)

    def wake(self) -> None:
        """Also say why it is empty, before anything has come."""
        self.list.placeholder = self.placeholder(self.nothing)
        self.list.refresh()
        super().wake()

    def ticked(self) -> None:
        """Ages have grown."""
        if not self.list.total:
            self.list.placeholder = self.placeholder(self.nothing)
        self.list.refresh()

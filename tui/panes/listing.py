"""Panes that are a list: with a filter, and with rows that are known as a whole."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult

from engine.errors import TiercelError
from tui.front import Front
from tui.panes.base import Pane, waiting_for
from tui.theme import Span
from tui.widgets.filter_bar import FilterBar
from tui.widgets.page_list import PageList, WholeList

Row = TypeVar("Row")

NO_MATCH: list[Span] = [("Nothing matches the filter.", ""), ("   esc clears it, / edits it", "dim")]
"""What a list says that is empty because of its filter."""


class FilterPane(Pane):
    """A pane with a filter bar; subclasses say what to do with a filter."""

    filter_help: ClassVar[str] = "words to look for"

    def __init__(self, front: Front, id: str | None = None) -> None:
        super().__init__(front, id)
        self.filter_bar = FilterBar(self.filter_help)

    def compose(self) -> ComposeResult:
        """The filter in the place of the notice while it is edited."""
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
        self.notice.display = False

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
            self.navigator.go_back(1)

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
        self.notice.display = True
        self.apply_filter(text)
        self.say()

    def standing(self) -> list[list[Span]]:
        """The filter in force."""
        text = self.filter_bar.text
        return [[("/ ", "accent"), (text, "strong"), ("   esc clears", "dim")]] if text else []


class ListPane(FilterPane, Generic[Row]):
    """A pane whose rows come in one answer. The filter is words that must all occur, applied while it is typed."""

    def __init__(self, front: Front, id: str | None = None) -> None:
        super().__init__(front, id)
        self.rows: Sequence[Row] = ()
        self._sought = ""
        """The filter that the rows shown have passed, also while it is typed."""
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
        self.show_rows(self._sought)

    def show_rows(self, text: str) -> None:
        """Show the rows that a filter lets through."""
        self._sought = text
        self.source.rows = self.chosen(text)
        self._explain()
        self.list.reload()

    def _explain(self) -> None:
        """Say why the list is empty, if it is."""
        self.list.placeholder = self.placeholder()
        self.list.refresh()

    def placeholder(self) -> Sequence[Span]:
        """What an empty list says; nothing where the notice tells what went wrong."""
        if self.refused:
            return ()
        return waiting_for(self.front, NO_MATCH if self._sought and self.rows else self.nothing())

    def refuse(self, error: TiercelError) -> None:
        """Not both: what went wrong, and that there is nothing."""
        super().refuse(error)
        self._explain()

    def recover(self) -> None:
        """Or that there is nothing after all."""
        super().recover()
        self._explain()

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

    @property
    def went_to(self) -> Row | None:
        """The row under the cursor, if somebody moved there or looked for it: not the one where the cursor just is."""
        return self.list.selected if self.list.touched or self._sought else None

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

"""What can be taken from a list: rows are marked, and those that are, or the one under the cursor, are copied or
written to a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from textual.message import Message
from textual.scroll_view import ScrollView

from engine.errors import TiercelError
from tui import clip
from tui.widgets.columns import Column
from tui.widgets.pages import Pages
from tui.workers import start

Row = TypeVar("Row")
MOST_MARKED = 5_000
"""Rows that are marked at most: all of them are acted on at one moment."""
_ASKED = 250
"""Rows asked for at a time when a list is read to its end."""
MARK = "*"
"""The sign of a marked row."""


class Exporter:
    """Who writes a list that is in it to a file."""

    def export(self, rows: Taking[Any]) -> None:
        """Ask in which form, and write it."""

    def is_about_none(self) -> bool:
        """Whether rows are marked and the filter hides them all; then that is said."""
        return False

    def there(self, command: str) -> str:
        """A command line for the daemon that is watched."""
        return command


class Taking(ScrollView, Generic[Row]):
    """See the module."""

    source: Pages[Row]
    columns: Sequence[Column[Row]]
    selected: Row | None
    cursor: int
    _command: Callable[[Row], str]
    _whole: Callable[[Row], object]

    @property
    def total(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    @dataclass
    class Marked(Message):
        """Other rows are marked than before; ``word`` says what else there is to say."""

        page_list: Taking[Any]
        word: str = ""
        by_hand: bool = True
        """Whether somebody has marked rows, or no longer: what was said before is old then."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.marked: dict[Hashable, Row] = {}
        """The rows that are marked, by their keys, in the order in which they were: also those that a filter hides."""
        self._unseen: frozenset[Hashable] = frozenset()
        """Those of them that the filter does not show, where only the pages can tell and were looked through."""
        self._looking = False
        """Whether they are being looked through: until then none is acted on."""

    def taken(self) -> list[Row]:
        """What an action is about: the marked rows, as far as the filter shows them; without any the one under the
        cursor."""
        if self.marked:
            return self.marked_here()
        return [self.selected] if self.selected is not None else []

    def marked_here(self) -> list[Row]:
        """The marked rows that the filter shows."""
        shown = self.source.keys()
        return [row for key, row in self.marked.items() if (key not in self._unseen if shown is None else key in shown)]

    @property
    def hidden(self) -> int:
        """How many marked rows the filter does not show, as far as that is known."""
        return 0 if self._looking else len(self.marked) - len(self.marked_here())

    def look_for_marks(self, everything: bool) -> None:
        """The filter is another: find out which of the marked rows it shows. With ``everything`` it shows all."""
        if everything or not self.marked:
            self._unseen, self._looking = frozenset(), False
        elif self.source.keys() is None:
            self._unseen, self._looking = frozenset(self.marked), True
            start(self, self._look_for_marks, group="marks", name=f"marks of {self.id}", exclusive=True)

    async def _look_for_marks(self) -> None:
        """As far down as rows are marked at once."""
        left = set(self.marked)
        try:
            async for row in self.all_rows(MOST_MARKED):
                left.discard(self.source.key(row))
                if not left:
                    break
        except TiercelError:
            return  # the list itself says why
        self._unseen, self._looking = frozenset(left & self.marked.keys()), False
        self.post_message(self.Marked(self, by_hand=False))

    def renew(self, rows: Iterable[Row]) -> None:
        """Newer versions of rows: those that are marked are known as they are now."""
        for row in rows if self.marked else ():
            key = self.source.key(row)
            if key in self.marked:
                self.marked[key] = row

    def unmark(self) -> None:
        """No row is marked any more."""
        self.marked.clear()
        self._unseen = frozenset()
        self._tell()

    def _tell(self, word: str = "") -> None:
        self.refresh()
        self.post_message(self.Marked(self, word))

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def action_mark(self) -> None:
        """Mark the row, or no longer, and go on to the next."""
        if self.selected is None:
            return
        key = self.source.key(self.selected)
        if self.marked.pop(key, None) is None and len(self.marked) < MOST_MARKED:
            self.marked[key] = self.selected
            self._unseen -= {key}
        self._tell()
        self.action_down()

    def action_down(self) -> None:
        """One row down."""
        raise NotImplementedError

    def action_mark_all(self) -> None:
        """Mark all rows that the filter lets through; with any marked: none."""
        if self.marked:
            self.unmark()
        else:
            start(self, self._mark_all, group="marks", name=f"marks of {self.id}", exclusive=True)

    async def _mark_all(self) -> None:
        found: dict[Hashable, Row] = {}
        try:
            async for row in self.all_rows(MOST_MARKED + 1):
                found[self.source.key(row)] = row
        except TiercelError as error:
            self._tell(error.message)
            return
        more = len(found) > MOST_MARKED
        self.marked = dict(list(found.items())[:MOST_MARKED])
        self._unseen, self._looking = frozenset(), False
        self._tell(f"the first {MOST_MARKED:,}: there are more" if more else "")

    async def all_rows(self, most: int) -> AsyncIterator[Row]:
        """The rows from the first to the last, each once, but no more than ``most``."""
        source, seen, offset = self.source.still(), set[Hashable](), 0
        while len(seen) < most:
            page = await source.page(offset, min(_ASKED, most - len(seen)))
            for row in page.rows:
                if (key := source.key(row)) not in seen:
                    seen.add(key)
                    yield row
            offset += len(page.rows)
            await asyncio.sleep(0)  # keys come first
            if not page.rows or offset >= page.total:
                return

    def action_export(self) -> None:
        """Write the list to a file: the dialog is there before the next key is looked at."""
        if (writer := self._writer()) is not None:
            writer.export(self)

    def _writer(self) -> Exporter | None:
        return next((node for node in self.ancestors if isinstance(node, Exporter)), None)

    def cells(self, row: Row) -> list[str]:
        """What leaves the screen of a row, column by column."""
        return [column.text(row) for column in self.columns if column.below_width is None]

    def headings(self) -> list[str]:
        """The titles of :meth:`cells`."""
        return [column.name or column.title for column in self.columns if column.below_width is None]

    def action_copy(self) -> None:
        """Each row as a line of text."""
        self._copy(lambda row: clip.line(self.cells(row)))

    def action_copy_json(self) -> None:
        """Each row as a line of JSON."""
        self._copy(lambda row: clip.as_json(row if self.marked else self._whole(row)))

    def action_copy_command(self) -> None:
        """For each row a command that looks at the same thing."""
        writer = self._writer()
        there = writer.there if writer is not None else str
        if not self._copy(lambda row: there(self._command(row))) and self.selected is not None:
            self.app.notify("There is no command that shows this.", timeout=3)

    def _copy(self, text: Callable[[Row], str]) -> bool:
        if (writer := self._writer()) is not None and writer.is_about_none():
            return True  # it has been said
        lines = list(dict.fromkeys(filter(None, map(text, self.taken()))))
        if lines:
            clip.put(self.app, "\n".join(lines), len(lines))
        return bool(lines)

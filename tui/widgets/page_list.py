"""A list that asks for the pages it shows, so that a million rows cost no more than a hundred.

The cursor belongs to a row, not to a place: when rows come or go above it, the list scrolls by as much, and the row
stays where the eye left it. Only :meth:`PageList.follow` lets the first row take the cursor.

Textual's DataTable holds every cell as an object and costs about 50 µs for each row; this widget renders the visible
lines only, from plain text. Nothing in a row is ever read as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Offset, Size
from textual.message import Message

from engine.errors import TiercelError
from tui.actions import bindings
from tui.theme import Span
from tui.widgets.columns import Column, column_at
from tui.widgets.drawn_list import DrawnList
from tui.widgets.line import GUTTER
from tui.widgets.page_cache import PAGE, Page, PageCache
from tui.widgets.pages import Pages
from tui.workers import start

_RIGHT = 3  # the mouse button that asks what can be done

Row = TypeVar("Row")


class PageList(DrawnList[Row], Generic[Row]):
    """See the module. Line 0 of the widget is the heading and stays in place."""

    can_focus = True
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = bindings("list")

    @dataclass
    class Moved(Message):
        """Another row is under the cursor, or the same one has news; ``row`` is None in an empty list."""

        page_list: PageList[Any]
        row: Any

        @property
        def control(self) -> PageList[Any]:
            """The list."""
            return self.page_list

    @dataclass
    class Touched(Message):
        """The user moved the cursor."""

        page_list: PageList[Any]

        @property
        def control(self) -> PageList[Any]:
            """The list."""
            return self.page_list

    @dataclass
    class HeadingClicked(Message):
        """Somebody clicked on the heading of a column."""

        page_list: PageList[Any]
        column: Column[Any]

        @property
        def control(self) -> PageList[Any]:
            """The list."""
            return self.page_list

    @dataclass
    class Failed(Message):
        """A page could not be had, and why."""

        page_list: PageList[Any]
        error: TiercelError

        @property
        def control(self) -> PageList[Any]:
            """The list."""
            return self.page_list

    class MenuWanted(Message):
        """The right button was pressed on a row, which is selected now."""

        def __init__(self, place: Offset) -> None:
            super().__init__()
            self.place = place

    def __init__(
        self,
        source: Pages[Row],
        columns: Sequence[Column[Row]],
        *,
        faded: Callable[[Row], bool] = lambda _row: False,
        openable: Callable[[Row], bool] = lambda _row: True,
        open: Callable[[Row], None] = lambda _row: None,
        command: Callable[[Row], str] = lambda _row: "",
        whole: Callable[[Row], object] = lambda row: row,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.source = source
        self.columns = columns
        self._faded = faded
        self._openable = openable
        self._open = open
        self._command = command
        """A command line that looks at a row, "" for none."""
        self._whole = whole
        """What a row is as JSON."""
        self._cache = PageCache[Row](source.key)
        self._question = 0
        self._asking = False
        self._key: Hashable | None = None
        self._seeking = False
        """Whether the cursor went to where its row should be by now, and its page is on the way."""
        self.cursor = 0
        self.selected: Row | None = None
        """The row under the cursor, once it has arrived."""
        self.follows = False
        """Whether the cursor stays on the first row, whichever that is."""
        self._others = False
        """Whether the rows that are asked for are others than those shown."""
        self._lead = 0
        """Rows to show above the row that is gone to."""
        self.touched = False
        """Whether somebody moved the cursor."""
        self.placeholder: Sequence[Span] = ()
        """What an empty list says."""
        self.heading_signs: Mapping[str, str] = {}
        """Signs behind titles of columns."""

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def total(self) -> int:
        """How many rows there are."""
        return self._cache.total

    @property
    def is_answered(self) -> bool:
        """Whether it is known what there is, be it nothing."""
        return self._cache.loaded

    def at_hand(self) -> Iterator[Row]:
        """The rows that are here just now, on the screen and near it."""
        return self._cache.rows()

    def reload(self) -> None:
        """Ask the same question again; what is shown stays until the answers come."""
        self._cache.expire()
        self._ask()

    def restart(self, *, others: bool = False) -> None:
        """Another question: answers to the old one are discarded, the cursor keeps its row if it is still there.

        With ``others`` the rows are others, not only more of the same, and may be identified by something else: it goes
        to the one that its row belongs to.
        """
        self._others = others
        if others:
            self._needs.clear()
            if self._key is not None and self.selected is not None:
                self._key = self.source.key(self.selected)
        self._question += 1
        self._cache.expire()
        self._ask()

    def amend(self, newer: Mapping[Hashable, Row]) -> None:
        """Show newer versions of rows in their old places."""
        self._cache.amend(newer)
        self.renew(newer.values())
        if self._key in newer:
            self._select(newer[self._key])
        self.redraw()

    def _ask(self) -> None:
        if not self._asking and self.is_attached and self._wanted() is not None:
            self._asking = True
            start(self, self._serve, group="pages", name=f"pages of {self.id}")

    def _wanted(self) -> int | None:
        first = round(self.scroll_y)
        last = first + max(1, self.size.height)
        seen = self._cache.wanted(first, last)
        return self._cache.ahead(first, last) if seen is None and not self.follows else seen

    async def _serve(self) -> None:
        try:
            while (number := self._wanted()) is not None:
                question = self._question
                page = await self.source.page(number * PAGE, PAGE)
                if question == self._question:
                    self._take(number, page)
        except TiercelError as error:
            self.post_message(self.Failed(self, error))
        finally:
            self._asking = False

    def _take(self, number: int, page: Page[Row]) -> None:
        grown = page.total - self._cache.total
        self._cache.put(number, page)
        self.renew(page.rows)
        self.virtual_size = Size(self.scrollable_content_region.width, page.total + 1)
        if self.follows:
            self._go_to_first()
        else:
            self._stay_with_row(grown)
        self._others = False
        self.redraw()

    def _go_to_first(self) -> None:
        self.cursor = 0
        self.scroll_to(y=0, animate=False, force=True)
        self._settle()

    def _stay_with_row(self, grown: int) -> None:
        here = self._cache.row(self.cursor)
        if self._key is not None and (here is None or self.source.key(here) != self._key):
            index = self._find(self._key)
            if index is None and grown > 0 and not (self.source.whole or self._others or self._seeking):
                index = self.cursor + grown  # a guess: what is new came above; the page there will tell
            self._seeking = index is not None and self._cache.row(index) is None
            if index is not None:
                lead, self._lead = self._lead, 0
                top = max(0, round(self.scroll_y) + index - self.cursor - lead)
                self.scroll_to(y=top, animate=False, force=True)
                self.cursor = index
        self.cursor = max(0, min(self.cursor, self.total - 1))
        self._settle()

    def _find(self, key: Hashable) -> int | None:
        index = self.source.locate(key)
        return self._cache.find(key) if index is None else index

    def _settle(self) -> None:
        """Let the selection be what the cursor is on; a row that has not arrived yet leaves it alone."""
        row = self._cache.row(self.cursor)
        if row is not None or not self.total:
            self._select(row)

    def _select(self, row: Row | None) -> None:
        if row == self.selected and (row is None) == (self._key is None):
            return
        could_open = self._can_open()
        self.selected = row
        self._key = None if row is None else self.source.key(row)
        if self._can_open() is not could_open:
            self.refresh_bindings()
        self.post_message(self.Moved(self, row))

    # ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def page_height(self) -> int:
        """Rows on the screen at a time."""
        return max(1, self.size.height - 1)

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, scrolling no more than needed."""
        self.follows = False
        self.touched = True
        left, self.cursor = self.cursor, max(0, min(index, self.total - 1))
        self._key = None
        self._reveal()
        self._settle()
        self._ask()
        self.redraw_rows(left, self.cursor)
        self.post_message(self.Touched(self))

    def begin(self) -> None:
        """Let the cursor be on the first of the rows that are on their way, whichever that is."""
        self.cursor, self._key = 0, None
        self.scroll_to(y=0, animate=False, force=True)

    def go_to_key(self, key: Hashable) -> None:
        """Put the cursor on the row with this key as soon as the rows are here."""
        self.follows = False
        self.selected = None
        self._key = key
        self._lead = self.page_height // 3
        self.reload()

    def _reveal(self) -> None:
        top = round(self.scroll_y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + self.page_height:
            self.scroll_to(y=self.cursor - self.page_height + 1, animate=False, force=True)

    def action_up(self) -> None:
        """One row up."""
        self.move_to(self.cursor - 1)

    def action_down(self) -> None:
        """One row down."""
        self.move_to(self.cursor + 1)

    def action_page_up(self) -> None:
        """One page up."""
        self.move_to(self.cursor - self.page_height)

    def action_page_down(self) -> None:
        """One page down."""
        self.move_to(self.cursor + self.page_height)

    def action_top(self) -> None:
        """To the first row."""
        self.move_to(0)

    def action_bottom(self) -> None:
        """To the last row."""
        self.move_to(self.total - 1)

    def _can_open(self) -> bool:
        return self.selected is not None and self._openable(self.selected)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a row with more to it can be opened."""
        return self._can_open() if action == "open" else super().check_action(action, parameters)

    def action_open(self) -> None:
        """Open the selected row, before the next key is looked at: somebody may be typing ahead."""
        if self.selected is not None and self._openable(self.selected):
            self._open(self.selected)

    def on_click(self, event: events.Click) -> None:
        """A click selects, a double click opens, the right button has a menu."""
        index = event.y - 1 + round(self.scroll_y)
        if event.y < 1 and (column := column_at(self.placed(), event.x - GUTTER)):
            self.post_message(self.HeadingClicked(self, column))
        if event.y < 1 or index >= self.total:
            return
        self.move_to(index)
        if event.button == _RIGHT:
            self.post_message(self.MenuWanted(event.screen_offset))
        elif event.chain > 1:
            self.action_open()

    def on_resize(self) -> None:
        """Keep the cursor in sight, and have the pages that came into sight."""
        self.virtual_size = Size(self.scrollable_content_region.width, self.total + 1)
        self._reveal()
        self._ask()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Have the pages that came into sight."""
        super().watch_scroll_y(old_value, new_value)
        self._ask()

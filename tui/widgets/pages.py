"""Where the rows of a list come from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Generic, Protocol, TypeVar

from tui.widgets.page_cache import Page

Row = TypeVar("Row")


class Pages(Protocol[Row]):
    """Where a list's rows come from."""

    whole: bool
    """Whether :meth:`locate` knows every row: what it does not find is gone."""

    @property
    def folded(self) -> int:
        """Rows that others stand for: :meth:`still` has them, too."""

    async def page(self, offset: int, limit: int) -> Page[Row]:
        """Some rows. A TiercelError is shown by the pane, and the list stays as it is."""

    def still(self) -> Pages[Row]:
        """The same rows as they are now: none comes or goes while they are read to the end."""

    def key(self, row: Row) -> Hashable:
        """What identifies a row for as long as it exists."""

    def locate(self, key: Hashable) -> int | None:
        """Where the row is now, None where only the pages can tell."""

    def keys(self) -> Collection[Hashable] | None:
        """Those of all rows, None where only the pages can tell."""


class WholeList(Generic[Row]):
    """Pages of a list that is short enough to be known as a whole."""

    whole = True

    def __init__(self, key: Callable[[Row], Hashable]) -> None:
        self._key = key
        self.rows: Sequence[Row] = ()
        self.every: Sequence[Row] | None = None
        """All rows, where those that are shown stand for others."""
        self._keyed: Sequence[Row] = ()
        self._keys: Collection[Hashable] = frozenset()

    @property
    def folded(self) -> int:
        """Rows that others stand for."""
        return len(self.every) - len(self.rows) if self.every is not None else 0

    async def page(self, offset: int, limit: int) -> Page[Row]:
        """A slice."""
        return Page(len(self.rows), self.rows[offset : offset + limit])

    def still(self) -> Pages[Row]:
        """Those that are here, with all that others stand for."""
        same = WholeList(self._key)
        same.rows = self.rows if self.every is None else self.every
        return same

    def key(self, row: Row) -> Hashable:
        """What identifies the row."""
        return self._key(row)

    def locate(self, key: Hashable) -> int | None:
        """Its index, None when it is gone."""
        return next((index for index, row in enumerate(self.rows) if self._key(row) == key), None)

    def keys(self) -> Collection[Hashable]:
        """Found once for each answer."""
        rows = self.rows if self.every is None else self.every
        if self._keyed is not rows:
            self._keyed, self._keys = rows, frozenset(map(self._key, rows))
        return self._keys

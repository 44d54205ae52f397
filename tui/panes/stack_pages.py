"""The pages of the list of alerts: what to ask the sensor for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from copy import copy

from engine.protocol import Grouping, ListStacks, StackRow, Stacks
from tui.front import Front
from tui.widgets.page_cache import PAGE, Page
from tui.widgets.pages import Pages

MOST = 10_000
"""Stacks of one group that a state is given to."""
_KEYS: dict[Grouping, Callable[[StackRow], Hashable]] = {
    "stack": lambda row: row.stack,
    "rule": lambda row: row.rule,
    "container": lambda row: row.container_id,
    "none": lambda row: row.alert_id,
}
GROUPINGS: tuple[Grouping, ...] = tuple(_KEYS)


class StackPages:
    """The pages of the list: what to ask the sensor for."""

    whole = False
    folded = 0

    def __init__(self, front: Front, container_id: str | None, rule: str = "") -> None:
        self._front = front
        self._container_id = container_id
        self._rule = rule
        self.filter = ""
        self.group: Grouping = "stack"
        self.held_at = 0
        """The newest alert id the rows may know, 0 for live."""
        self.holds = False
        """Whether the rows of the next answer are to be held: nobody follows, and what has come is to be shown."""
        self.counted = 0, 0
        """The newest alert that the counts know of rows whose order is held, and how many came since that order."""
        self.alerts = 0
        """Single alerts behind the rows of the last page."""
        self.newest = 0
        self._answered: tuple[str, Grouping] = ("", "stack")

    @property
    def is_answered(self) -> bool:
        """Whether the last page was one of this filter and grouping."""
        return self._answered == (self.filter, self.group)

    @property
    def is_part(self) -> bool:
        """Whether these are those of one container or one rule only."""
        return self._container_id is not None or bool(self._rule)

    def still(self) -> Pages[StackRow]:
        """The rows as the list shows them: what came since is not among them."""
        same = copy(self)
        same.held_at = self.held_at or self.newest
        return same

    async def page(self, offset: int, limit: int) -> Page[StackRow]:
        """A page as of ``held_at``."""
        asked, held = (self.filter, self.group), self.held_at
        stacks = await self.stacks(offset, limit, held)
        if held != self.held_at:  # somebody began to read meanwhile, or follows again: these are others
            return await self.page(offset, limit)
        self._answered = asked
        self.alerts = stacks.alerts
        self.newest = self.held_at or stacks.newest
        if self.holds and self.is_answered and stacks.total:
            self.held_at, self.holds = self.newest, False
        return Page(stacks.total, stacks.rows)

    async def live(self) -> Stacks | None:
        """The first page as it is now; None where that is stale: the rows follow again, or are put together or chosen
        by something else meanwhile."""
        asked = (self.filter, self.group)
        stacks = await self.stacks(0, PAGE, 0)
        return stacks if self.held_at and asked == (self.filter, self.group) else None

    def hold_as_counted(self) -> int:
        """Hold other rows where the counts of these are, which may be later than their order; how many came between."""
        (newest, came), self.counted = self.counted, (0, 0)
        if newest <= self.held_at:
            return 0
        self.held_at = newest
        return came

    async def stacks(self, offset: int, limit: int, before: int) -> Stacks:
        """Ask the sensor."""
        request = ListStacks(self.filter, offset, limit, self._container_id, before, self._rule, self.group)
        return await self._front.ask(request, Stacks)

    async def stacks_of(self, rows: Sequence[StackRow]) -> list[StackRow]:
        """The stacks that rows stand for, as far as one answer holds them."""
        if self.group not in ("rule", "container"):
            return list({row.stack: row for row in rows}.values())
        found: list[StackRow] = []
        for row in rows:
            container_id = row.container_id if self.group == "container" else self._container_id
            rule = row.rule if self.group == "rule" else self._rule
            request = ListStacks(self.filter, 0, MOST, container_id, self.held_at, rule)
            found += (await self._front.ask(request, Stacks)).rows
        return found

    def key(self, row: StackRow) -> Hashable:
        """What rows are put together by."""
        return _KEYS[self.group](row)

    def locate(self, key: Hashable) -> int | None:
        """Only the pages can tell."""
        return None

    def keys(self) -> None:
        """Only the pages can tell."""

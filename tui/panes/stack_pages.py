"""The pages of the list of alerts: what to ask the sensor for."""

from __future__ import annotations

from collections.abc import Hashable
from copy import copy

from engine.protocol import ListStacks, StackRow, Stacks
from tui.front import Front
from tui.widgets.page_cache import Page
from tui.widgets.pages import Pages


class StackPages:
    """The pages of the list: what to ask the sensor for."""

    whole = False

    def __init__(self, front: Front, container_id: str | None) -> None:
        self._front = front
        self._container_id = container_id
        self.filter = ""
        self.held_at = 0
        """The newest alert id the rows may know, 0 for live."""
        self.alerts = 0
        """Single alerts behind the rows of the last page."""
        self.newest = 0

    def still(self) -> Pages[StackRow]:
        """The rows as the list shows them: what came since is not among them."""
        same = copy(self)
        same.held_at = self.held_at or self.newest
        return same

    async def page(self, offset: int, limit: int) -> Page[StackRow]:
        """A page as of ``held_at``."""
        stacks = await self.stacks(offset, limit, self.held_at)
        self.alerts = stacks.alerts
        self.newest = self.held_at or stacks.newest
        return Page(stacks.total, stacks.rows)

    async def stacks(self, offset: int, limit: int, before: int) -> Stacks:
        """Ask the sensor."""
        request = ListStacks(self.filter, offset, limit, self._container_id, before)
        return await self._front.ask(request, Stacks)

    def key(self, row: StackRow) -> Hashable:
        """The stack."""
        return row.stack

    def locate(self, key: Hashable) -> int | None:
        """Only the pages can tell."""
        return None

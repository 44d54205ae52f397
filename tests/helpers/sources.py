"""A source for tests: says what it is given, then waits to be stopped or ends."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from engine.contracts import Emit
from engine.events import Input
from engine.protocol import ProbeRow


class ListSource:
    """Emits batches in their order. Remembers what the rules asked for in ``selected``."""

    name = "list"
    own_events = 0

    def __init__(self, *batches: Sequence[Input], ends: bool = True) -> None:
        self.batches = list(batches)
        self.ends = ends
        self.selected: list[frozenset[str]] = []

    async def run(self, emit: Emit) -> None:
        """Emit all batches, breathing between them."""
        for batch in self.batches:
            emit(batch)
            await asyncio.sleep(0)
        if not self.ends:
            await asyncio.Event().wait()

    def select(self, event_types: Collection[str], *, narrows: bool = False) -> None:
        """Remember the event types."""
        self.selected.append(frozenset(event_types))

    def statistics(self) -> list[ProbeRow]:
        """Nothing to count."""
        return []

"""Puts filters in force while events flow.

Rows and texts are written beside those in use; the write of one number, the generation, puts them in force. What is no
longer in force is kept a while: a program that has read the old generation may be on its way, on a processor that does
not run just now.
"""

from __future__ import annotations

import asyncio
import math
import struct
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from engine.pushdown.filter import Filter
from engine.schema import EVENT_TYPES
from probes.kernel.bpf_map import BpfMap
from probes.kernel.filter_rows import ANSWERS, EMPTY_ROW, KEY, ROW, ROWS, SETS, Row, Table
from probes.kernel.slices import in_slices
from probes.kernel.spec import EVENT_INDEX

GENERATION = 1
"""The option of bpf/filter.h that says which rows are in force; 0 lets everything pass."""
KEPT_SECONDS = 1.0
"""How long what is no longer in force stays."""
OPEN_SECONDS = 60.0
"""How long everything passes after somebody has looked at events."""
RELIEF_SECONDS = 60.0
"""How long it does not after the reader could not keep up with everything."""
_SHORTEST = 0.01
"""Seconds between two looks at what can be forgotten."""

_U32 = struct.Struct("=I")


@dataclass(slots=True)
class _Set:
    """Rows that were written, and the tables of texts that they use."""

    generation: int
    tables: frozenset[Table]
    retired: float = 0.0
    """When it was no longer in force; 0 for the one that is."""


class Filters:
    """The filters in the kernel. ``wanted`` makes the one that is needed now; it is called in a thread.

    ``stay_open``: somebody looks all the time, so that they are in force only while the reader cannot keep up.
    """

    def __init__(
        self, fds: Mapping[str, int], options: BpfMap, wanted: Callable[[], Filter], *, stay_open: bool = False
    ) -> None:
        self._wanted = wanted
        self._options = options
        self._rows = BpfMap(fds["filters"], _U32.size, ROW.size)
        self._texts = BpfMap(fds["texts"], KEY.size, ANSWERS.size)
        self._numbers: dict[Table, int] = {}
        """The tables in the map of texts, and their numbers there."""
        self._sets: list[_Set] = []
        self._generation = self._last_table = self._enforced = 0
        self._open_until = math.inf if stay_open else 0.0
        """Until when everything passes because somebody looks, …"""
        self._relieved_until = 0.0
        """… and until when it does not, because it was too much. Both by the loop's clock."""
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self.settled = asyncio.Event()
        """Set while the kernel follows the rules as they are."""

    def changed(self, *, narrows: bool = False) -> None:
        """The rules are others: everything passes until the filter for them is in force.

        ``narrows``: they are fewer, so that the one that is in force lets out enough.
        """
        if not narrows:
            self._enforce(0)
        self.settled.clear()
        self._changed.set()

    async def run(self) -> None:
        """Follow the rules until cancelled."""
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._follow()
        finally:
            if self._timer is not None:
                self._timer.cancel()

    async def _follow(self) -> None:
        await self._make_room()
        rows = await asyncio.to_thread(lambda: _rows(self._wanted()))
        with suppress(OSError):  # more texts than the map has room for: everything goes on to pass
            try:
                await in_slices(self._write(rows))
            finally:
                self._retire_unused()
            if not self._changed.is_set():
                self.settled.set()
                self._open_or_close()

    def _retire_unused(self) -> None:
        """All sets but the latest: it may be put in force, and what is in force is not touched by this."""
        now = time.monotonic()
        for each in self._sets[:-1]:
            if not each.retired and each.generation != self._enforced:
                each.retired = now

    def open_for_a_while(self) -> None:
        """Let everything pass for :data:`OPEN_SECONDS` from now."""
        self._open_until = max(self._open_until, asyncio.get_running_loop().time() + OPEN_SECONDS)
        self._open_or_close()

    def relieve(self) -> None:
        """The reader cannot keep up: for :data:`RELIEF_SECONDS` only what rules ask for passes, whoever looks."""
        self._relieved_until = asyncio.get_running_loop().time() + RELIEF_SECONDS
        self._open_or_close()

    @property
    def is_open(self) -> bool:
        """Whether everything passes because somebody looks."""
        return self._relieved_until <= asyncio.get_running_loop().time() < self._open_until

    def _open_or_close(self) -> None:
        """Put in force what holds now, and look again when that may change."""
        if self.is_open:
            self._enforce(0)
        elif self.settled.is_set():
            self._enforce(self._sets[-1].generation)
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        turns = [turn for turn in (self._open_until, self._relieved_until) if loop.time() < turn < math.inf]
        self._timer = loop.call_at(min(turns), self._open_or_close) if turns else None

    def _enforce(self, generation: int) -> None:
        self._options.update(_U32.pack(GENERATION), _U32.pack(generation))
        self._enforced = generation
        now = time.monotonic()
        for each in self._sets:
            if each.generation == generation:
                each.retired = 0.0
            elif not each.retired:
                each.retired = now

    # ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _write(self, rows: dict[str, tuple[Row, Table]]) -> Generator[None, None, None]:
        """A new set, a map's element with each step."""
        self._generation += 1
        self._sets.append(_Set(self._generation, frozenset(table for _, table in rows.values())))
        first = self._generation % SETS * ROWS
        for event in EVENT_TYPES:
            packed = EMPTY_ROW
            if found := rows.get(event.name):
                row, table = found
                yield from self._write_texts(table)
                packed = row.pack(self._numbers[table])
            self._rows.update(_U32.pack(first + EVENT_INDEX[event.name]), packed)
            yield

    def _write_texts(self, table: Table) -> Generator[None, None, None]:
        if table in self._numbers:
            return
        self._last_table += 1
        try:
            for entry in table:
                self._texts.update(entry.key(self._last_table), entry.value)
                yield
        except OSError:  # half a table would say of the other half that it does not occur
            for entry in table:
                self._texts.delete(entry.key(self._last_table))
            raise
        self._numbers[table] = self._last_table

    async def _make_room(self) -> None:
        """Forget the sets that nobody can be reading any more; with too many of the others, wait for one."""
        while True:
            fresh = time.monotonic() - KEPT_SECONDS
            self._sets = [each for each in self._sets if not each.retired or each.retired > fresh]
            await in_slices(self._forget_texts(self._numbers.keys() - _used(self._sets)))
            if len(self._sets) < SETS - 1:
                return
            await asyncio.sleep(max(self._first_retired() - fresh, _SHORTEST))

    def _first_retired(self) -> float:
        return min((each.retired for each in self._sets if each.retired), default=0.0)

    def _forget_texts(self, tables: Iterable[Table]) -> Generator[None, None, None]:
        for table in tables:
            number = self._numbers.pop(table)
            for entry in table:
                self._texts.delete(entry.key(number))
                yield


def _used(sets: Iterable[_Set]) -> set[Table]:
    return {table for each in sets for table in each.tables}


def _rows(wanted: Filter) -> dict[str, tuple[Row, Table]]:
    """By type of event the row and its texts; nothing for a type that is not wanted."""
    conditions = ((event.name, wanted.of(event.name)) for event in EVENT_TYPES)
    made = {kind: Row(kind, clauses) for kind, clauses in conditions if clauses is not None}
    return {kind: (row, row.table) for kind, row in made.items()}

"""The files, addresses and programs that an alert's process and its descendants touched."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from engine.alerts import Alert
from engine.filters.query import Table
from engine.protocol import EventKind, EventRow
from tui import words
from tui.filters.row_fields import DEEDS
from tui.panes.around import AroundPane
from tui.theme import Span
from tui.widgets.columns import Column
from tui.widgets.page_list import PageList


@dataclass(slots=True)
class Deed:
    """A file, address or program, and what was done with it how often."""

    kind: EventKind
    target: str
    first: int
    last: int
    times: int = 0
    failed: int = 0
    by: dict[str, None] = field(default_factory=dict)
    """Processes, in their order."""


class FilesPane(AroundPane[Deed]):
    """Files, addresses and programs of the alert's process and all that descends from it."""

    table: ClassVar[Table[Deed]] = DEEDS

    def make_list(self) -> PageList[Deed]:
        """What was done with what, by whom."""
        return PageList(
            self.source,
            _DEEDS,
            faded=lambda row: row.failed == row.times,
            openable=lambda _row: False,
            id="files",
        )

    def key(self, row: Deed) -> Hashable:
        """What and with what."""
        return row.kind, row.target

    def words_of(self, row: Deed) -> str:
        """What is shown."""
        return f"{row.kind} {row.target} {' '.join(row.by)}"

    async def around(self, alert: Alert) -> list[Deed]:
        """What the events come to."""
        return deeds(await self.events(alert, tree=True)) if alert.process is not None else []


ORDER: tuple[EventKind, ...] = ("program", "network", "written", "changed", "read")
"""Kinds that are about something, the most telling first."""


def deeds(events: Sequence[EventRow]) -> list[Deed]:
    """Events that are about something, one row for each kind and thing."""
    found: dict[tuple[EventKind, str], Deed] = {}
    for event in events:
        if event.target and event.kind in ORDER:
            deed = found.setdefault((event.kind, event.target), Deed(event.kind, event.target, event.time, event.time))
            deed.last = event.time
            deed.times += 1
            deed.failed += event.result.startswith("E")
            deed.by[f"{event.process} ({event.pid})"] = None
    return sorted(found.values(), key=lambda deed: (ORDER.index(deed.kind), deed.first))


_TONES: dict[str, str] = {"program": "warn", "network": "accent", "written": "bad", "changed": "warn"}


def _times(row: Deed) -> list[Span]:
    failed = "all failed" if row.failed == row.times > 1 else f"{row.failed} failed" if row.failed else ""
    return [(f"×{row.times}", ""), (f" {failed}" if failed else "", "warn")]


_DEEDS: list[Column[Deed]] = [
    Column("Kind", 8, lambda row: [(row.kind, _TONES.get(row.kind, ""))]),
    Column("What", 24, lambda row: [(row.target, "")], share=3, middle=True),
    Column("Times", 14, _times),
    Column("First", 8, lambda row: [(words.clock(row.first), "dim")], exact=lambda row: words.stamp(row.first)),
    Column("By", 14, lambda row: [(", ".join(row.by), "dim")], share=2),
]

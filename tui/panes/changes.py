"""``docker diff`` of a container, with who made each change."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

import msgspec
from textual.binding import BindingType

from engine.protocol import Change, Changes, ListChanges
from engine.telling import of_changes
from tui import clip, words
from tui.actions import bindings
from tui.filters.row_fields import CHANGES
from tui.front import Front
from tui.panes.listing import ListPane
from tui.places import AlertPlace, ProcessPlace
from tui.theme import Span
from tui.widgets.columns import Column
from tui.widgets.page_list import PageList

_KINDS = {"A": ("A added", "ok"), "C": ("C changed", "warn"), "D": ("D deleted", "bad")}


class ChangesPane(ListPane[Change]):
    """What differs from the image. Enter opens the alert of a change that raised one, else the process that did it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("changes")
    table = CHANGES
    follows = ("alerts",)
    pace = 3.0
    of_time = "then"
    filter_help = "path or process"

    def __init__(self, front: Front, container_id: str, id: str) -> None:
        super().__init__(front, id)
        self._container_id = container_id
        self._diff: list[Change] = []
        """As Docker told it last."""
        self._later = 0
        """Changes that came after the time that is looked at."""

    def make_list(self) -> PageList[Change]:
        """What, where, when, who."""
        return PageList(
            self.source,
            _COLUMNS,
            openable=lambda row: bool(row.alert_id or row.pid),
            open=self._open,
            command=self._copying,
            id="changes",
        )

    def key(self, row: Change) -> Hashable:
        """Its path."""
        return row.path

    def words_of(self, row: Change) -> str:
        """What is shown."""
        return f"{row.kind} {row.path} {row.process}{' executed' if row.executed else ''}"

    async def fetch(self) -> Sequence[Change]:
        """The difference now, what was brought along and run first; at another time without what is known to have come
        later."""
        at = self.front.travel.at
        if not (at and self._diff):  # Docker walks through all files: not with every step in time
            self._diff = (await self.front.ask(ListChanges(self._container_id), Changes)).rows
        known = as_of(self._diff, at)
        self._later = len(self._diff) - len(known)
        return of_changes(known)

    async def load(self) -> None:
        """Also say how many are of later."""
        await super().load()
        self.show_state()

    def standing(self) -> list[list[Span]]:
        """Docker knows the difference of now only."""
        if self.refused or not self.front.travel.at:
            return super().standing()
        later = f", without {self._later:,} of later" if self._later else ""
        return [[(f"docker diff of now{later}", "warn")], *super().standing()]

    def nothing(self) -> list[Span]:
        """The container is as its image."""
        nothing = "Nothing is known to have differed then." if self._later else "Nothing differs from the image."
        return [(nothing, "dim")]

    def _copying(self, row: Change) -> str:
        """The file, taken out of the container as an archive."""
        return clip.command("docker", "cp", f"{self._container_id[:12]}:{row.path}", "-")

    def _open(self, row: Change) -> None:
        if row.alert_id:
            self.navigator.visit(AlertPlace(row.alert_id, 0, row.path))
        else:
            title = row.process.split(" ←", 1)[0]
            self.navigator.visit(ProcessPlace(row.pid, row.start, title, self._container_id))


def as_of(rows: Sequence[Change], at: int) -> list[Change]:
    """Those that may have been there at a time, 0 for now: of what was changed later nothing of before is known."""
    there = [row for row in rows if not at or row.time <= at]
    return [msgspec.structs.replace(row, executed=0) if 0 < at < row.executed else row for row in there]


def _kind(row: Change) -> list[Span]:
    return [_KINDS.get(row.kind, (row.kind, ""))]


def _by(row: Change) -> list[Span]:
    """Who did it; a program that was brought along and run stands out."""
    ran: list[Span] = [(f"executed {words.clock(row.executed)}  ", "bad")] if row.executed else []
    return [*ran, (row.process, "dim")]


def _dated_by(row: Change) -> str:
    return f"executed {words.stamp(row.executed)}  {row.process}" if row.executed else row.process


_COLUMNS: list[Column[Change]] = [
    Column("Change", 9, _kind),
    Column("Path", 24, lambda row: [(row.path, "")], share=3, middle=True),
    Column("Time", 8, lambda row: [(words.clock(row.time), "dim")], exact=lambda row: words.stamp(row.time)),
    Column("", 1, lambda row: [("!", "bad")] if row.alert_id else [], name="Alert"),
    Column("By", 20, _by, share=3, exact=_dated_by),
]

"""Single alerts, not collapsed: those of a stack or of a process."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from engine.alerts import Alert
from engine.filters.alert_columns import ALERTS
from engine.filters.alert_filter import parse_filter
from engine.protocol import Alerts, ListAlerts
from tui import clip, words
from tui.actions import bindings
from tui.front import Front
from tui.panes.base import order, priority_cell
from tui.panes.filtering import FilterPane
from tui.panes.listing import no_match
from tui.places import AlertPlace
from tui.texts.lineage import container_name
from tui.theme import Span
from tui.widgets.columns import Column
from tui.widgets.page_cache import Page
from tui.widgets.page_list import PageList
from tui.widgets.pages import Pages


class AlertPages:
    """The pages of the list."""

    whole = False
    folded = 0

    def __init__(self, front: Front, stack: int, pid: int, start: int) -> None:
        self._front = front
        self._stack, self._pid, self._start = stack, pid, start
        self.filter = ""
        self.total = 0
        """How many there are, as far as they are kept."""
        self.follows = False
        """Whether the newest is meant, whichever that is."""
        self._known = 0
        self.unlooked = 0
        """Older alerts that the filter was not tried on: there are too many."""
        self._answered: str | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the last page was one of this filter."""
        return self._answered == self.filter

    @property
    def new(self) -> int:
        """How many have come since somebody looks at others."""
        return max(0, self.total - self._known)

    async def page(self, offset: int, limit: int) -> Page[Alert]:
        """A page, the newest first."""
        before = self._front.travel.alert_id
        asked = self.filter
        request = ListAlerts(self._stack, self._pid, self._start, None, offset, limit, before, asked)
        reply = await self._front.ask(request, Alerts)
        if self.follows or asked != self._answered:
            self._known = reply.total
        self._answered, self.total, self.unlooked = asked, reply.total, reply.unlooked
        return Page(reply.total, reply.rows)

    def still(self) -> Pages[Alert]:
        """The same: new ones come first, and each is told once."""
        return self

    def key(self, row: Alert) -> Hashable:
        """The alert."""
        return row.id

    def locate(self, key: Hashable) -> int | None:
        """Only the pages can tell."""
        return None

    def keys(self) -> None:
        """Only the pages can tell."""


class SingleAlertsPane(FilterPane):
    """Every alert of one stack or one process. What is new is counted; somebody who follows has the cursor on it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("its_alerts")
    noun = "alert"
    follows = ("alerts", "named")
    of_time = "then"
    filter_help = "words, or: fd.name startswith /etc"

    def __init__(self, front: Front, id: str, *, stack: int = 0, pid: int = 0, start: int = 0) -> None:
        super().__init__(front, id)
        self.share.takes = not stack  # those of a stack are much the same
        self.source = AlertPages(front, stack, pid, start)
        self.list: PageList[Alert] = PageList(
            self.source, _COLUMNS, open=self._open, command=clip.of_alert, id="alerts"
        )

    def body(self) -> ComposeResult:
        """The list."""
        yield self.list

    async def load(self) -> None:
        """The pages on the screen."""
        nothing: list[Span] = [("None of it by then." if self.front.travel.at else "No alerts are kept of it.", "dim")]
        self.list.placeholder = no_match(self) if self.source.filter else nothing
        self.list.reload()

    @on(PageList.Moved)
    def _moved(self, event: PageList.Moved) -> None:
        event.stop()
        if self.source.unlooked:
            self.show_state()

    @on(PageList.Touched)
    def _touched(self, event: PageList.Touched) -> None:
        """Moving the cursor begins to read."""
        event.stop()
        self.source.follows = False
        self.show_state()

    def action_follow(self) -> None:
        """Back to the newest, and stay there."""
        if self.front.travel.at:
            self.front.travel.now()
        self.list.follows = self.source.follows = True
        self.list.restart()
        self.show_state()

    def forget(self) -> None:
        """Nothing of what was marked or counted is there: the same ids are other alerts."""
        self.list.unmark()
        self.action_follow()

    def ticked(self) -> None:
        """Others may have come since."""
        self.show_state()

    @property
    def rows_are_old(self) -> bool:
        """Another filter is asked for."""
        return not self.source.is_answered

    def check_filter(self, text: str) -> None:
        """What the sensor would say."""
        parse_filter(text)

    def field_names(self) -> Iterable[str]:
        """Those of alerts, long and short."""
        return [*ALERTS.columns, *ALERTS.short]

    def apply_filter(self, text: str) -> None:
        """Ask with the filter."""
        self.source.filter = text
        self.loader.now()
        self.list.restart(others=True)
        self.list.look_for_marks(everything=not text)

    def standing(self) -> list[list[Span]]:
        """Whether the newest is at the top, the filter, and on how many it was not tried."""
        reads = bool(self.source.new or (self.list.touched and self.source.total)) and not self.front.travel.at
        new = order(self, False, self.source.new, "alert", follows=self.source.follows or not reads)
        left = f"not tried on the {self.source.unlooked:,} before them" if self.source.unlooked else ""
        untried: list[Span] = [(left, "warn")] if left and self.source.filter else []
        return [new, *super().standing(), untried]

    def action_next_match(self) -> None:
        """All rows are matches."""
        self.list.action_down()

    def action_previous_match(self) -> None:
        """All rows are matches."""
        self.list.action_up()

    def _open(self, row: Alert) -> None:
        self.navigator.visit(AlertPlace(row.id, row.stack, row.rule))


_COLUMNS: list[Column[Alert]] = [
    Column("P", 1, lambda alert: priority_cell(alert.priority), name="Priority", exact=lambda row: row.priority.label),
    Column("Time", 23, lambda alert: [(words.moment(alert.time), "dim")], exact=lambda alert: words.stamp(alert.time)),
    Column("Rule", 20, lambda alert: [(alert.rule, "")], share=2),
    Column("Container", 9, lambda alert: [(container_name(alert) or "host", "")], share=1, from_width=90),
    Column("What", 12, lambda alert: [(alert.target or alert.output, "")], share=3),
]

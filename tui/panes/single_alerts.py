"""Single alerts, not collapsed: those of a stack or of a process."""

from __future__ import annotations

from collections.abc import Hashable

from textual.app import ComposeResult

from engine.alerts import Alert
from engine.protocol import Alerts, ListAlerts
from tui import clip, words
from tui.front import Front
from tui.lineage import container_name
from tui.panes.base import Pane, priority_cell
from tui.places import AlertPlace
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

    async def page(self, offset: int, limit: int) -> Page[Alert]:
        """A page, the newest first."""
        before = self._front.travel.alert_id
        request = ListAlerts(self._stack, self._pid, self._start, offset=offset, limit=limit, before=before)
        reply = await self._front.ask(request, Alerts)
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


class SingleAlertsPane(Pane):
    """Every alert of one stack or one process."""

    follows = ("alerts",)
    of_time = "then"

    def __init__(self, front: Front, id: str, *, stack: int = 0, pid: int = 0, start: int = 0) -> None:
        super().__init__(front, id)
        pages = AlertPages(front, stack, pid, start)
        self.list: PageList[Alert] = PageList(pages, _COLUMNS, open=self._open, command=clip.of_alert, id="alerts")

    def body(self) -> ComposeResult:
        """The list."""
        yield self.list

    async def load(self) -> None:
        """The pages on the screen."""
        self.list.placeholder = [
            ("None of it by then." if self.front.travel.at else "No alerts are kept of it.", "dim")
        ]
        self.list.reload()

    def _open(self, row: Alert) -> None:
        self.navigator.visit(AlertPlace(row.id, row.stack, row.rule))


_COLUMNS: list[Column[Alert]] = [
    Column("P", 1, lambda alert: priority_cell(alert.priority), name="Priority", exact=lambda row: row.priority.label),
    Column("Time", 23, lambda alert: [(words.moment(alert.time), "dim")], exact=lambda alert: words.stamp(alert.time)),
    Column("Rule", 20, lambda alert: [(alert.rule, "")], share=2),
    Column("Container", 9, lambda alert: [(container_name(alert) or "host", "")], share=1, from_width=90),
    Column("What", 12, lambda alert: [(alert.target or alert.output, "")], share=3),
]

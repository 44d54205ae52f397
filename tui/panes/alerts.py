"""Alerts, live: one row for each stack, the newest first, with the selected one explained beside it.

Three ways to look. *Following*: the newest row has the cursor. *Reading* begins as soon as the cursor is moved: the
order holds still at the alert that was newest then, while counts and ages go on and new alerts are announced.
*Paused*: nothing changes at all. ``f`` and ``p`` lead back; no alert is lost in any of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from engine.filters.alert_columns import ALERTS
from engine.filters.alert_filter import parse_filter
from engine.protocol import StackRow
from tui import clip
from tui.actions import bindings
from tui.front import Front, GoneError, RefusedError
from tui.loader import Loader
from tui.marks import Mark, mark_of
from tui.panes.alert_cells import alert_columns, container_of
from tui.panes.base import order, waiting_for
from tui.panes.bundling import Bundled
from tui.panes.filtering import FilterPane
from tui.panes.listing import no_match, texts
from tui.panes.no_alerts import no_alerts
from tui.panes.stack_pages import GROUPINGS, StackPages
from tui.panes.visits import AlertVisits, Meant
from tui.places import AlertPlace, GroupPlace
from tui.texts.alert import brief, overview, preview
from tui.texts.next_steps import next_steps
from tui.theme import Span, content
from tui.widgets.backdrop import Split
from tui.widgets.columns import Column
from tui.widgets.details import Details
from tui.widgets.page_list import PageList

_GLANCE = 0.3
"""Seconds in which nobody can have seen that another row is there."""
_BRIEFLY = 0.1
"""Seconds that nobody misses the selected alert."""


class AlertsPane(AlertVisits, FilterPane):
    """See the module. With a container id, only the alerts of that container."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("alerts")
    follows = ("alerts", "named")
    pace = 0.25
    of_time = "then"
    filter_help = "words, or: container.name=web and fd.name startswith /etc"

    def __init__(
        self, front: Front, id: str | None = None, container_id: str | None = None, rule: str = "", filter: str = ""
    ) -> None:
        super().__init__(front, id)
        self.share.takes = True
        self.source = StackPages(front, container_id, rule)
        self.source.filter = self.filter_bar.text = filter
        self.list: PageList[StackRow] = PageList(
            self.source,
            self._columns(),
            faded=lambda row: mark_of(row).is_settled,
            open=self._open,
            command=clip.of_stack,
            whole=self._whole,
            id="stacks",
        )
        self.list.follows = True
        self.detail = Details(focusable=False, id="detail")
        self.detail_loader = Loader(self, self._load_detail)
        self.paused = False
        self.waiting = 0
        """Alerts that came since the order holds."""
        self._stack, self._came_at = 0, -_GLANCE
        """What is under the cursor, and when it came there by itself."""

    def body(self) -> ComposeResult:
        """The list, and beside or below it the selected alert."""
        yield Split(self.list, self.detail, classes="split")

    def _columns(self) -> list[Column[StackRow]]:
        return alert_columns(self.front.now)

    # ── loading ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def load(self) -> None:
        """Following: the page anew. Otherwise only what is new at the top."""
        if self.front.travel.at:
            return  # what was, does not change
        if not self.source.held_at:
            self.list.reload()
            return
        live = await self.source.live()
        if live is None:
            return
        self.waiting = max(0, live.alerts - self.source.alerts)
        if not self.paused:
            self.list.amend({self.source.key(row): row for row in live.rows})
            self.source.counted = live.newest, self.waiting
        self.show_state()

    @on(PageList.Failed)
    def _failed(self, event: PageList.Failed) -> None:
        event.stop()
        is_here = self.app.screen is self.screen and self.display  # elsewhere it would take the focus
        if isinstance(event.error, RefusedError) and is_here:
            self.notice.display = False
            self.filter_bar.refuse(f"{event.error.message}  {event.error.hint}".rstrip())

    @on(PageList.Moved)
    def _moved(self, event: PageList.Moved) -> None:
        event.stop()
        row = cast("StackRow | None", event.row)
        self._note_newcomer(row)
        if row is None:
            self.alert = None
            self.detail.show(content())
            return
        if self.alert is None or self.alert.id != row.alert_id:
            self.set_timer(_BRIEFLY, self._preview)
        self.detail_loader.now()

    def _preview(self) -> None:
        """What the list knows of an alert that takes long to come: else the text would be drawn twice for each key."""
        row = self.list.selected
        if row is not None and (self.alert is None or self.alert.id != row.alert_id):
            self.detail.show(preview(row))

    async def _load_detail(self) -> None:
        row = self.list.selected
        if row is None:
            return
        try:
            alert = await self.fetch_alert(row.alert_id)
        except (RefusedError, GoneError):
            return  # the preview stays
        if self.list.selected is not None and self.list.selected.alert_id == row.alert_id:
            self.alert = alert
            self._show_detail()

    def _show_detail(self) -> None:
        row = self.list.selected
        if row is None or self.alert is None:
            return
        given = self.alert, row.count, mark_of(row), self.detail.scrollable_content_region.width, row
        if self.screen.has_class("-wide"):
            steps = next_steps(self.alert, self.sign, live=not self.front.is_replay, responds=self.front.responds)
            self.detail.show(overview(*given, steps=steps))
        else:
            self.detail.show(brief(*given))

    # ── following, reading, pausing ──────────────────────────────────────────────────────────────────────────────

    @on(PageList.Touched)
    def _touched(self, event: PageList.Touched) -> None:
        """Moving the cursor begins to read."""
        event.stop()
        self._hold_if_reading()

    def _hold_if_reading(self) -> None:
        if not self.list.total:
            self.list.follows = not self.paused  # there is nothing to read
        elif not self.list.follows and not self.source.held_at:
            self.source.held_at = self.source.newest
            self.show_state()

    def action_follow(self) -> None:
        """Back to the newest, and stay there."""
        if self.front.travel.at:
            self.front.travel.now()
            return
        self.paused = False
        self.list.follows = True
        self._release()
        self.list.restart()

    def forget(self) -> None:
        """Nothing of what was marked, held or looked at is there."""
        self.alert = None
        self.list.unmark()
        self.action_follow()

    def action_pause(self) -> None:
        """Freeze at the alert that is newest now; again: go on where the cursor is."""
        if self.stands_still():
            return
        self.paused = not self.paused
        self.say()
        if self.paused:
            self.list.follows = False
            self.source.held_at = self.source.newest
            self.show_state()
        else:
            self._release()
            self.list.restart()

    def travelled(self) -> None:
        """The alerts that were there then."""
        travel = self.front.travel
        self.paused = bool(travel.at)
        self.source.held_at, self.source.holds = travel.alert_id, False
        self.waiting, self.source.counted = 0, (0, 0)
        self.list.follows = not travel.at or self.list.follows or travel.on_alert  # it is the first row
        if not travel.playing:
            self._went()
        self.list.restart()
        super().travelled()

    def _release(self) -> None:
        """Show what has come; who does not follow reads on from there."""
        self.source.held_at, self.source.holds = self.front.travel.alert_id, not self.list.follows
        self.waiting, self.source.counted = 0, (0, 0)
        self.show_state()

    def stands_fast(self) -> bool:
        """A paused list is looked through."""
        return self.paused

    def check_filter(self, text: str) -> None:
        """What the sensor would say."""
        parse_filter(text)

    def field_names(self) -> Iterable[str]:
        """Those of alerts, long and short."""
        return [*ALERTS.columns, *ALERTS.short]

    def values_of(self, field: str) -> Iterable[str]:
        """Those of the rows at hand."""
        column = ALERTS.columns.get(ALERTS.short.get(field, field))
        if column is None or column.many:
            return ()  # a row has no tags
        return (text for row in self.list.at_hand() for text in texts(column.read(row)))

    def action_next_match(self) -> None:
        """All rows are matches."""
        self.list.action_down()

    def action_previous_match(self) -> None:
        """All rows are matches."""
        self.list.action_up()

    def apply_filter(self, text: str) -> None:
        """Ask with the filter; a wrong one is refused in place."""
        self.source.filter = text
        self._went()
        self.source.counted = 0, 0  # of other alerts
        if not self.paused:
            self._release()
        self.ticked()  # an empty list has another reason now
        self.list.restart(others=True)
        self.list.look_for_marks(everything=not text)

    def standing(self) -> list[list[Span]]:
        """Paused or held, and filtered."""
        if self.front.travel.at:
            return [self._grouping(), *super().standing()]
        waiting = self.waiting if self.source.held_at else 0
        held = order(self, self.paused, waiting, "alert", follows=self.list.follows)
        return [held, self._grouping(), *super().standing()]

    def _grouping(self) -> list[Span]:
        words_for = _GROUPED.get(self.source.group, "")
        return [(words_for, "strong"), (f"   {self.sign('group')} groups", "dim")] if words_for else []

    # ── acting ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _note_newcomer(self, row: StackRow | None) -> None:
        stack = row.stack if row is not None else 0
        if self.list.follows and self._stack and stack != self._stack:
            self._came_at = time.monotonic()
        self._stack = stack

    def _went(self) -> None:
        """Whoever sits here has changed what is shown: what comes under the cursor now was meant."""
        self._stack, self._came_at = 0, -_GLANCE

    def _is_sure(self) -> bool:
        """Whether a key is for the row that was there when it was pressed: following, the newest takes its place."""
        if not self.list.follows or self.list.marked or self.navigator.pressed_at() - self._came_at > _GLANCE:
            return True
        self.navigator.tell("Another alert has just come here: press the key again if it is meant.")
        return False

    @property
    def rows_are_old(self) -> bool:
        """Another filter or grouping is asked for."""
        return not self.source.is_answered

    def alert_place(self) -> AlertPlace | None:
        """The latest alert of the selected stack."""
        row = self.list.selected
        return _place(row) if row and self._is_sure() else None

    def meant(self) -> Meant:
        """Those that are marked, else that of the selected row; of a group all that the filter keeps."""
        if not self._is_sure() or self.is_about_none():
            return {}
        source, rows = cast("StackPages", self.source.still()), self.list.taken()
        if self.source.group not in ("rule", "container"):
            return {row.stack: mark_of(row) for row in rows}

        async def these() -> Mapping[int, Mark]:
            return {row.stack: mark_of(row) for row in await source.stacks_of(rows)}

        return these

    def bundled(self) -> Bundled:
        """Those that are marked in one bundle, of groups all that the filter keeps; else that of the selected row."""
        if not self.list.marked:
            return super().bundled()
        if self.is_about_none():
            return []
        source, rows = cast("StackPages", self.source.still()), self.list.taken()
        if self.source.group not in ("rule", "container"):
            return list(map(_place, rows))

        async def these() -> Sequence[AlertPlace]:
            return list(map(_place, await source.stacks_of(rows)))

        return these

    def action_group(self) -> None:
        """Put alerts together by something else. Marks go: they were of other rows."""
        following = GROUPINGS[(GROUPINGS.index(self.source.group) + 1) % len(GROUPINGS)]
        self.list.unmark()
        self._went()
        self.source.group = following
        if self.paused:
            self.waiting = max(0, self.waiting - self.source.hold_as_counted())
        else:
            self._release()  # there is no order of these rows yet that could be held
        self.ticked()
        self.list.restart(others=True)
        self.say()  # what was said before must not hide it

    def alert_id(self) -> int:
        """The latest alert of the selected stack."""
        return self.list.selected.alert_id if self.list.selected else 0

    def _whole(self, row: StackRow) -> object:
        """The alert itself, once it has arrived."""
        return self.alert if self.alert is not None and self.alert.id == row.alert_id else row

    def changed(self, _mark: Mark) -> None:
        """Its row looks different now, and a filter by states may not show it any more."""
        self.list.reload()
        self.list.look_for_marks(everything=not self.source.filter)

    def _open(self, row: StackRow) -> None:
        if self.source.group == "rule":
            self.navigator.visit(GroupPlace(row.rule, rule=row.rule, filter=self.source.filter))
        elif self.source.group == "container":
            self.navigator.visit(
                GroupPlace(container_of(row), container_id=row.container_id, filter=self.source.filter)
            )
        else:
            self.navigator.visit(_place(row))

    def wake(self) -> None:
        """Also say why it is empty."""
        self.ticked()
        self.list.reload()
        super().wake()

    def on_resize(self) -> None:
        """Beside or below, the words differ."""
        self.call_after_refresh(self._show_detail)

    def ticked(self) -> None:
        """Ages have grown."""
        nothing = no_match(self) if self.source.filter else [no_alerts(self.front, is_part=self.source.is_part)]
        self.list.placeholder = waiting_for(self.front, nothing, answered=self.list.is_answered)
        self.list.redraw()


_GROUPED = {"rule": "by rule", "container": "by container", "none": "each alert by itself"}
"""What the notice says of a grouping that is not the usual one."""


def _place(row: StackRow) -> AlertPlace:
    return AlertPlace(row.alert_id, row.stack, row.rule, mark_of(row))

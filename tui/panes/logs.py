"""What a container wrote: the latest lines, then what comes, for as long as somebody looks."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.binding import BindingType

from engine.protocol import GetLogs, LogLine, Logs
from tui import words
from tui.actions import bindings
from tui.front import Front
from tui.panes.filtering import FilterPane
from tui.panes.past_log import PastLog
from tui.theme import Span
from tui.widgets.log_view import ERROR_SIGN, LogView

_PAGES = 4
"""Pages fetched at a time: more come a second later."""
_LINES = 500


class LogsPane(FilterPane):
    """The log of one container. Only while it is in front and not paused does the sensor read it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("logs"), *bindings("search")]
    follows = ("containers",)
    of_time = "then"
    live_only = frozenset({"follow", "pause", "stamps", "filter"})
    filter_help = "text to look for"

    def __init__(self, front: Front, container_id: str, id: str) -> None:
        super().__init__(front, id)
        self._container_id = container_id
        self.log_view = LogView()
        self.paused = False
        self._stream = 0
        self._after = 0
        self._latest = 0
        """When the last line was written."""
        self._number = 0
        """Of the last line, as we count."""
        self._dropped = 0
        self._end = ""
        self._past = PastLog(container_id)
        self._is_of_then = False
        """Whether the lines are those of another time."""

    def body(self) -> ComposeResult:
        """The lines."""
        yield self.log_view

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def load(self) -> None:
        """What has come since the last time; at another time what had been written until then."""
        if self.front.travel.at:
            await self._load_then()
        else:
            await self._load_now()
        self.show_state()

    async def _load_then(self) -> None:
        self._is_of_then = True
        self.log_view.replace(await self._past.at(self.front, self.front.travel.at))
        self.log_view.explain([("Nothing had been written by then, as far as it is kept.", "dim")])

    async def _load_now(self) -> None:
        if self._is_of_then:
            self._begin()
        for _ in range(_PAGES):
            if self.paused or await self._fetch() < _LINES:
                break
        self.log_view.explain([] if self.refused else [(self._end or "Nothing was written yet.", "dim")])

    def _begin(self) -> None:
        """Back from another time: read it anew."""
        self._is_of_then = False
        self.log_view.clear()
        self._stream = self._after = self._latest = self._number = 0

    async def _fetch(self) -> int:
        """How many lines came."""
        request = GetLogs(self._container_id, self._stream, self._after, _LINES)
        page = await self.front.ask(request, Logs)
        again = page.stream != self._stream
        rows = [row for row in page.rows if row.time > self._latest] if again and self._latest else page.rows
        self._dropped += page.dropped if not again else 0
        self._stream, self._end = page.stream, page.end
        self._after = page.rows[-1].number if page.rows else (0 if again else self._after)
        self._take(rows)
        return len(page.rows)

    def _take(self, rows: list[LogLine]) -> None:
        if rows:
            self._latest = max(self._latest, rows[-1].time)
            self.log_view.add([msgspec.structs.replace(row, number=self._number + n) for n, row in enumerate(rows, 1)])
            self._number += len(rows)

    def ticked(self) -> None:
        """Go on reading, unless there will be no more."""
        if not self.paused and not self._end and not self.refused and not self.front.travel.at:
            self.loader.now()

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_follow(self) -> None:
        """Stay at the end; of now."""
        if self.front.travel.at:
            self.front.travel.now()
        if self._has_none():
            return
        self.log_view.follow()
        self.action_pause() if self.paused else self.show_state()

    def action_pause(self) -> None:
        """Read no more; again: go on."""
        if self._has_none() or self.stands_still():
            return
        self.paused = not self.paused
        self.show_state()
        self.loader.now()

    def action_stamps(self) -> None:
        """Show times, or do not."""
        if self._has_none():
            return
        self.log_view.show_stamps(not self.log_view.stamps)

    def _has_none(self) -> bool:
        """Whether a recording is shown; then it is said that it has no lines."""
        if self.front.is_replay:
            self.navigator.tell("Only a live watch has logs of containers.")
        return self.front.is_replay

    def action_left(self) -> None:
        """To the left."""
        self.log_view.step_aside(-1)

    def action_right(self) -> None:
        """To the right."""
        self.log_view.step_aside(1)

    # ── searching ────────────────────────────────────────────────────────────────────────────────────────────────

    def apply_filter(self, text: str) -> None:
        """Mark it, and go to the newest line with it."""
        self.log_view.search(text)

    def typing(self, text: str) -> None:
        """While it is typed, too."""
        self.log_view.search(text)

    def action_next_match(self) -> None:
        """To the next line with it."""
        self._step(1)

    def action_previous_match(self) -> None:
        """To the line before with it."""
        self._step(-1)

    def _step(self, step: int) -> None:
        self.log_view.go_to_match(step)
        self.show_state()

    # ── the line above ───────────────────────────────────────────────────────────────────────────────────────────

    def standing(self) -> list[list[Span]]:
        """Whether it goes on, what was left out, and what is looked for."""
        return [self._going_on(), self._left_out(), *super().standing(), self._found()]

    def _going_on(self) -> list[Span]:
        if self.front.travel.at:
            return [(self._past.note, "warn")] if self._past.note else []
        if self.refused:
            return []  # it is said why
        if self.paused:
            return [("‖ paused", "warn"), (f"   {self.sign('pause')} goes on", "dim")]
        if self._end:
            return [(f"■ {self._end}", "dim")]
        return [("▼ following", "ok") if self.log_view.follows else (f"{self.sign('follow')} follows", "dim")]

    def _left_out(self) -> list[Span]:
        if self._dropped:
            return [(f"{words.plural(self._dropped, 'line')} left out: they came too fast", "bad")]
        return [(f"{ERROR_SIGN} ", "warn"), ("standard error", "dim")] if self._has_errors() else []

    def _has_errors(self) -> bool:
        return any(line.error for line in self.log_view.lines[-200:])

    def _found(self) -> list[Span]:
        number = len(self.log_view.places)
        if not self.filter_bar.text:
            return []
        if not number:
            return [("it does not occur", "warn")]
        return [(f"{self.log_view.place + 1} of {words.plural(number, 'line')}", "dim")]

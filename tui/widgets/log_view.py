"""Lines of a log, the newest at the bottom: as many as memory is set aside for, drawn as far as they are in sight.

Nothing in a line is read as markup or obeyed; the sensor has made every control character visible.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.protocol import LogLine
from tui import clip, words
from tui.actions import bindings
from tui.theme import Span, rich_tone

KEPT = 10_000
"""Lines held, …"""
KEPT_CHARACTERS = 8 << 20
"""… and their characters; the oldest go first."""
_STEP = 20
"""Cells that a step to the side is wide."""
ERROR_SIGN = "!"
_MARKED, _LIT = Style(reverse=True, dim=True), Style(reverse=True, bold=True)


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """See the module."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = bindings("text")

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[LogLine] = []
        self.follows = True
        """Whether the last line is kept in sight."""
        self.stamps = False
        self.placeholder: Sequence[Span] = ()
        """What it says without lines."""
        self._characters = 0
        self._widest = 0
        self._sought = re.compile("")
        self.places: list[int] = []
        """The numbers of the lines in which what is looked for occurs."""
        self.place = 0

    @property
    def focusable(self) -> bool:
        """Its keys work."""
        return True

    # ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────

    def add(self, lines: Sequence[LogLine]) -> None:
        """New lines at the end; what is in sight stays there unless the end is followed."""
        self.lines += lines
        self._characters += sum(len(line.text) for line in lines)
        self._widest = max([self._widest, *(cell_len(line.text) for line in lines)])
        self.places += [line.number for line in lines if self._occurs(line)]
        gone = self._drop_old()
        self._measure()
        if self.follows:
            self.scroll_end(animate=False, force=True, immediate=True)
        elif gone:
            self.scroll_to(y=max(0, self.scroll_y - gone), animate=False, force=True)
        self.refresh()

    def replace(self, lines: Sequence[LogLine]) -> None:
        """These lines and no others; where they only go on, what is in sight stays."""
        held = len(self.lines)
        if list(lines[:held]) != self.lines:
            self.clear()
            held = 0
        if lines[held:]:
            self.add(lines[held:])

    def explain(self, spans: Sequence[Span]) -> None:
        """What it says without lines is this now."""
        if list(spans) != list(self.placeholder):
            self.placeholder = spans
            self.refresh()

    def _drop_old(self) -> int:
        gone = max(0, len(self.lines) - KEPT)
        left = self._characters - sum(len(line.text) for line in self.lines[:gone])
        while left > KEPT_CHARACTERS:
            left -= len(self.lines[gone].text)
            gone += 1
        self._characters = left
        if gone:
            del self.lines[:gone]
            first = self.lines[0].number if self.lines else 0
            self.places = [number for number in self.places if number >= first]
            self.place = min(self.place, max(0, len(self.places) - 1))
        return gone

    def clear(self) -> None:
        """No lines."""
        self.lines, self.places, self._characters, self._widest = [], [], 0, 0
        self._measure()
        self.refresh()

    def _measure(self) -> None:
        self.virtual_size = Size(self._margin + self._widest, len(self.lines))

    def show_stamps(self, stamps: bool) -> None:
        """Show when each line was written, or do not."""
        self.stamps = stamps
        self._measure()
        self.refresh()

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.scroll_end(animate=False, force=True, immediate=True)
        self.follows = True

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Who goes up wants to read, and not to follow."""
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value and new_value < self.max_scroll_y:
            self.follows = False

    # ── searching ────────────────────────────────────────────────────────────────────────────────────────────────

    def search(self, text: str) -> None:
        """Mark where a text occurs, upper and lower case alike, and go to the last line with it: the newest."""
        self._sought = re.compile(re.escape(text), re.IGNORECASE)
        self.places = [line.number for line in self.lines if self._occurs(line)]
        self.place = max(0, len(self.places) - 1)
        self.go_to_match(0)

    def _occurs(self, line: LogLine) -> bool:
        return bool(self._sought.pattern) and self._sought.search(line.text) is not None

    def go_to_match(self, step: int) -> None:
        """Go so many lines with it on; after the last comes the first."""
        if self.places:
            self.place = (self.place + step) % len(self.places)
            index = self.places[self.place] - self.lines[0].number
            self.follows = False
            self.scroll_to(y=max(0, index - self.size.height // 2), animate=False, force=True)
        self.refresh()

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def step_aside(self, direction: int) -> None:
        """To the left (-1) or to the right (1)."""
        self.scroll_to(x=self.scroll_x + direction * _STEP, animate=False, force=True)

    def action_copy(self) -> None:
        """The lines in sight."""
        first = round(self.scroll_y)
        shown = self.lines[first : first + self.size.height]
        clip.put(self.app, "\n".join(line.text for line in shown), len(shown))

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _margin(self) -> int:
        return len(ERROR_SIGN) + 1 + (13 if self.stamps else 0)

    def render_line(self, y: int) -> Strip:
        """One line, or nothing."""
        width = self.scrollable_content_region.width
        index = y + round(self.scroll_y)
        if not self.lines and y == 1:
            return self._strip(self.placeholder, width)
        if index >= len(self.lines):
            return Strip.blank(width, self.rich_style)
        return self._strip_of(self.lines[index], width)

    def _strip(self, spans: Sequence[Span], width: int) -> Strip:
        base, theme = self.rich_style, self.app.theme
        segments = [Segment(text, base + rich_tone(theme, tone)) for text, tone in spans]
        return Strip(segments).adjust_cell_length(width, base)

    def _strip_of(self, line: LogLine, width: int) -> Strip:
        margin: list[Span] = (
            [(f"{words.moment(line.time)[11:] if line.time else '':12} ", "dim")] if self.stamps else []
        )
        margin.append((f"{ERROR_SIGN if line.error else ' '} ", "warn"))
        head = self._strip(margin, self._margin)
        left = round(self.scroll_x)
        body = self._cut(Strip(self._segments(line)), left, max(0, width - self._margin))
        return Strip([*head, *body]).adjust_cell_length(width, self.rich_style)

    def _cut(self, body: Strip, left: int, room: int) -> Strip:
        """What of a line is in sight, with a sign where it goes on: a figure is not cut into another unseen."""
        sign = Strip([Segment("…", self.rich_style + rich_tone(self.app.theme, "dim"))])
        before, behind = left > 0 and body.cell_length > 0, body.cell_length > left + room
        shown = body.crop(left + before, left + room - behind)
        return Strip([*(sign if before else ()), *shown, *(sign if behind else ())])

    def _segments(self, line: LogLine) -> list[Segment]:
        base = self.rich_style + rich_tone(self.app.theme, "warn" if line.error else "")
        if not self._occurs(line):
            return [Segment(line.text, base)]
        lit = self.places[self.place : self.place + 1] == [line.number]
        segments, end = [], 0
        for match in self._sought.finditer(line.text):
            segments += [
                Segment(line.text[end : match.start()], base),
                Segment(match[0], base + (_LIT if lit else _MARKED)),
            ]
            end = match.end()
        return [*segments, Segment(line.text[end:], base)]

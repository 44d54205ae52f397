"""The bar of times: when there were alerts, and which time is looked at."""

from __future__ import annotations

from typing import cast

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui import words
from tui.front import Front
from tui.navigation import Navigator
from tui.sparkline import sparkline
from tui.theme import Span, content

_CURSOR = "│"
_KEYS = {
    "1s": ("time_step(-1)", "time_step(1)"),
    "alert": ("time_alert(-1)", "time_alert(1)"),
    "time": ("time_jump",),
}
"""What the bar says of its keys."""
_PLAY = "everywhere.pause_replay"


class TimeBar(Widget):
    """One line: the time, the alerts of all times as small bars, how it goes on. A click goes to a time."""

    ALLOW_SELECT = False

    class Wanted(Message):
        """This time was clicked on."""

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    def __init__(self, front: Front) -> None:
        super().__init__()
        self._front = front

    def render(self) -> Content:
        """As wide as there is room."""
        left, right = self._left(), self._right()
        return content(*left, *self._bars(), *right)

    def _left(self) -> list[Span]:
        travel = self._front.travel
        if not travel.at:
            return [(" now       ", "ok"), ("▕", "faint")]
        return [(f" {words.clock(travel.at)}  ", "warn"), ("▕", "faint")]

    def _right(self) -> list[Span]:
        travel = self._front.travel
        sign = ("▶", "ok") if travel.playing else ("‖", "dim")
        return [("▏", "faint"), (" ", ""), sign, (f" ×{travel.speed:g}", "dim"), (f"  {self._keys()}", "faint")]

    def _keys(self) -> str:
        """Those in force."""
        sign = cast("Navigator", self.app).keys.sign
        words_of = {word: "".join(sign(f"time.{action}") for action in actions) for word, actions in _KEYS.items()}
        return "  ".join([*(f"{keys} {word}" for word, keys in words_of.items()), f"{sign(_PLAY)} play"])

    @property
    def _edge(self) -> int:
        return sum(cell_len(text) for text, _ in self._left())

    @property
    def _room(self) -> int:
        """Cells of the bars."""
        return max(10, self.size.width - self._edge - sum(cell_len(text) for text, _ in self._right()))

    def _bars(self) -> list[Span]:
        room = self._room
        bars = self._drawn(room).ljust(room)
        place = self._place(room)
        if place is None:
            return [(bars, "accent")]
        return [(bars[:place], "accent"), (_CURSOR, "bad"), (bars[place + 1 :], "faint")]

    def _drawn(self, room: int) -> str:
        """Nothing where there were no alerts."""
        return sparkline([count or None for count in self._front.travel.moments.counts], room)

    def _place(self, room: int) -> int | None:
        """Where the time is that is looked at."""
        travel = self._front.travel
        length = travel.moments.end - travel.moments.begin
        if not travel.at or length <= 0:
            return None
        filled = len(self._drawn(room))
        share = (travel.at - travel.moments.begin) / length
        return max(0, min(filled - 1, int(share * filled)))

    def on_click(self, event: events.Click) -> None:
        """To the time under the pointer."""
        travel, room = self._front.travel, self._room
        filled = len(self._drawn(room))
        x = event.get_content_offset_capture(self).x - self._edge
        if filled and 0 <= x < filled:
            length = travel.moments.end - travel.moments.begin
            self.post_message(self.Wanted(travel.moments.begin + int((x + 0.5) / filled * length)))

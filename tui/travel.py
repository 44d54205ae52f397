"""Looking at another time: all views are then as they were, as far as the sensor still knows it.

``at`` is the time that is looked at, 0 for now. It moves by steps, from alert to alert, to a time that is typed,
or plays.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.protocol import Located, Moments
from tui.words import SECOND

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0)
_LOCAL = re.compile(r"(?:(\d{4}-\d\d-\d\d)[ T])?(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?$")
_APART = re.compile(r"([+-])(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$")


@dataclass(slots=True)
class Travel:
    """Where in time the screen is. ``changed`` is called after each move."""

    changed: Callable[[], None] = lambda: None
    on: bool = False
    """Whether the bar is shown, and its keys work."""
    at: int = 0
    alert_id: int = 0
    """The latest alert of that time; negative for none."""
    on_alert: bool = False
    """Whether that is what was gone to."""
    playing: bool = False
    speed: float = 1.0
    moments: Moments = field(default_factory=lambda: Moments(begin=0, end=0, counts=[]))

    def go(self, at: int, located: Located) -> None:
        """To a time, of which the latest alert is known; at the end it is now again."""
        self.at = at if at < self.moments.end or not self.moments.end else 0
        self.alert_id = located.alert_id or -1
        self.on_alert = at == located.time
        if not self.at:
            self.playing = False
            self.alert_id = 0
        self.changed()

    def now(self) -> None:
        """Back to now; the bar stays."""
        self.playing = False
        self.at = self.alert_id = 0
        self.changed()

    def leave(self) -> None:
        """Back to now, without the bar."""
        self.on = False
        self.now()

    def faster(self, step: int) -> None:
        """The next speed, or the one before."""
        place = SPEEDS.index(self.speed) + step
        self.speed = SPEEDS[max(0, min(place, len(SPEEDS) - 1))]
        self.changed()

    @property
    def begin(self) -> int:
        """The first time that can be looked at."""
        return self.moments.begin

    def bounded(self, at: int) -> int:
        """A time that can be looked at, as far as the bounds are known."""
        return max(self.begin + 1, min(at, self.moments.end or at))


def time_of(text: str, now: int, at: int, begin: int = 0) -> int | None:
    """The time that somebody typed: ``14:12:30``, ``2026-11-28 14:12``, ``-90s``, ``+5m``; None if it is none.

    A time of day is that of the day of ``now``, or the day before if it is yet to come; in a recording, which has a
    ``begin``, it is the one nearest to what is recorded. A distance is from ``at``.
    """
    text = text.strip()
    if apart := _APART.fullmatch(text):
        sign, hours, minutes, seconds = apart.groups()
        if not any((hours, minutes, seconds)):
            return None
        length = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
        return (at or now) + (length if sign == "+" else -length) * SECOND
    return _moment(text, now, begin) if _LOCAL.fullmatch(text) else None


def _moment(text: str, now: int, begin: int) -> int | None:
    found = _LOCAL.fullmatch(text)
    assert found is not None
    day, hour, minute, second, fraction = found.groups()
    today = datetime.fromtimestamp(now // SECOND)
    part = int((fraction or "0").ljust(9, "0"))
    try:
        date = datetime.fromisoformat(day) if day else today
        moment = date.replace(hour=int(hour), minute=int(minute), second=int(second or 0), microsecond=0)
        if day:
            return _nanoseconds(moment, part)
        moment -= timedelta(days=moment > today)
        latest = _nanoseconds(moment, part)
        return latest if not begin else _nearer(latest, _nanoseconds(moment + timedelta(days=1), part), begin, now)
    except (ValueError, OverflowError):  # no such hour, or the clock here does not go back so far
        return None


def _nearer(before: int, after: int, begin: int, end: int) -> int:
    """Of a time before an end and one after it the nearer to what lies between two times."""
    return before if begin - before <= after - end else after


def _nanoseconds(moment: datetime, part: int) -> int:
    return int(moment.timestamp()) * SECOND + part

"""How numbers, times and device numbers read on the screen. Times are nanoseconds since the epoch."""

from __future__ import annotations

from datetime import datetime

from engine.alerts import Priority
from engine.protocol import Reload

LETTERS = {
    Priority.EMERGENCY: "!",
    Priority.ALERT: "A",
    Priority.CRITICAL: "C",
    Priority.ERROR: "E",
    Priority.WARNING: "W",
    Priority.NOTICE: "N",
    Priority.INFORMATIONAL: "I",
    Priority.DEBUG: "D",
}
"""A letter for each priority, so that colour never carries it alone. Emergency leaves the E to Error."""

SECOND = 1_000_000_000
_SPANS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_SCALES = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))
_BYTES = ((1 << 30, "G"), (1 << 20, "M"), (1 << 10, "k"))
_PTS_MAJORS = range(136, 144)
_PTS_PER_MAJOR = 1 << 20


def duration(seconds: float) -> str:
    """The largest unit that fits: ``4m``, ``9d``."""
    whole = max(0, int(seconds))
    size, unit = next((span for span in _SPANS if whole >= span[0]), (1, "s"))
    return f"{whole // size}{unit}"


def age(then: int, now: int) -> str:
    """How long ago, "" for never (0)."""
    return duration((now - then) / SECOND) if then else ""


def moment(time: int) -> str:
    """The exact local time, to the millisecond; "–" for never."""
    if not time:
        return "–"
    return f"{datetime.fromtimestamp(time // SECOND):%Y-%m-%d %H:%M:%S}.{time % SECOND // 1_000_000:03d}"


def stamp(time: int) -> str:
    """The same with its distance from UTC, for what leaves this machine: ``2026-11-29 02:34:20.246+01:00``."""
    if not time:
        return moment(time)
    return f"{moment(time)}{datetime.fromtimestamp(time // SECOND).astimezone().isoformat()[-6:]}"


def clock(time: int) -> str:
    """The local time of day, "" for never."""
    return f"{datetime.fromtimestamp(time // SECOND):%H:%M:%S}" if time else ""


def zone(time: int) -> str:
    """The zone of local times, "" where it is UTC: ``CET (UTC+01:00)``."""
    local = datetime.fromtimestamp(time // SECOND).astimezone()
    return f"{local:%Z} (UTC{local.isoformat()[-6:]})" if local.utcoffset() else ""


def count(number: float) -> str:
    """Three digits and a scale: ``950``, ``1.2k``, ``34M``."""
    return _scaled(number, _SCALES)


def size(number: int) -> str:
    """Bytes, with binary scales: ``48M``."""
    return _scaled(number, _BYTES)


def _scaled(number: float, scales: tuple[tuple[int, str], ...]) -> str:
    for (scale, letter), (smaller, _) in zip(scales, (*scales[1:], (1, "")), strict=True):
        if number >= 999.5 * smaller:  # less would be rounded to four digits
            value = number / scale
            return f"{value:.1f}{letter}" if value < 9.95 else f"{value:.0f}{letter}"
    return f"{number:.0f}"


def nanoseconds(number: float) -> str:
    """``340ns``, ``1.2µs``."""
    return f"{number:.0f}ns" if number < 995 else f"{number / 1000:.1f}µs"


def percent(share: float) -> str:
    """A share of 1: ``99.8%``; whole only where it is exactly so."""
    text = f"{100 * share:.1f}"
    return f"{share:.0%}" if text.endswith(".0") else f"{text}%"


def plural(number: int, noun: str) -> str:
    """``1 alert``, ``3 alerts``."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def terminal(device: int) -> str:
    """The terminal behind the kernel's ``tty_nr``: 34816 is ``pts/0``; "" for none."""
    if not device:
        return ""
    major = device >> 8 & 0xFFF
    minor = device & 0xFF | device >> 12 & 0xFFF00
    if major in _PTS_MAJORS:
        return f"pts/{minor + (major - _PTS_MAJORS.start) * _PTS_PER_MAJOR}"
    if major == 4:
        return f"tty{minor}" if minor < 64 else f"ttyS{minor - 64}"
    return "console" if (major, minor) == (5, 1) else f"tty {major}:{minor}"


def who(user: str, uid: int) -> str:
    """``root (0)``, or the uid alone where no name is known."""
    return f"{user} ({uid})" if user else f"uid {uid}"


def reload_words(reload: Reload) -> tuple[str, str, str]:
    """A sign, a tone and a sentence for rule files that were read again."""
    if not reload.problems:
        return "✓", "ok", f"Rules read again: {reload.summary}."
    return "✗", "bad", f"{reload.problems[0]} – the rules of before stay in force, all that is wrong is in Health (6)"

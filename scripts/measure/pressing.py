"""From a key to the screen that shows what it asks for, in many ways: figures of one view."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from scripts.measure.figure import Figure, percentile
from scripts.measure.terminal import LINES, Terminal

DOWN, UP, PAGE_DOWN, PAGE_UP = b"\x1b[B", b"\x1b[A", b"\x1b[6~", b"\x1b[5~"
BAR = 50
"""Milliseconds."""
_TURN = 10
"""Keys in one direction, before as many in the other."""
_CELLS = 30
"""Of a column that are looked at."""
_HALF = LINES // 2


def keys(what: str, note: str, seconds: Sequence[float]) -> Iterator[Figure]:
    """The median, and what one key of a hundred takes longer than."""
    times = [1000 * each for each in seconds]
    yield Figure(f"{what}, p50", percentile(times, 50), "ms", "", note)
    yield Figure(f"{what}, p99", percentile(times, 99), "ms", f"≤ {BAR}", note)


def moves(seen: Terminal, count: int) -> list[float]:
    """The cursor down and up: until it is on the next line."""
    return [_moved(seen, UP if number // _TURN % 2 else DOWN) for number in range(count)]


def _moved(seen: Terminal, key: bytes) -> float:
    seen.pause()
    seen.until(lambda: seen.cursor() > 0, "the cursor")
    wanted = seen.cursor() + (1 if key == DOWN else -1)
    return seen.asked(key, lambda: seen.cursor() == wanted, f"the cursor at line {wanted}")


def pages(seen: Terminal, count: int, title: str) -> list[float]:
    """Pages down and up: until all rows below a heading are others."""
    return [_paged(seen, PAGE_UP if number // _TURN % 2 else PAGE_DOWN, title) for number in range(count)]


def _paged(seen: Terminal, key: bytes, title: str) -> float:
    seen.pause()
    before = column(seen, title)
    return seen.asked(key, lambda: is_turned(before, column(seen, title)), "the next page")


def column(seen: Terminal, title: str) -> list[str]:
    """What stands below a heading, from top to bottom."""
    lines = seen.text().splitlines()
    heading = next((number for number, line in enumerate(lines) if f" {title} " in line), 0)
    begin = lines[heading].find(title)
    return [line[begin : begin + _CELLS].strip() for line in lines[heading + 1 : -1]]


def is_turned(before: Sequence[str], now: Sequence[str]) -> bool:
    """Whether another page is shown, and all of it is here."""
    others = sum(old != new for old, new in zip(before, now, strict=False))
    return others > _HALF and "" not in now[:_HALF]


def views(seen: Terminal, count: int, among: Sequence[tuple[bytes, str]]) -> list[float]:
    """Other views, by their keys: until a word is there that only they show."""
    return [_went(seen, *among[number % len(among)]) for number in range(count)]


def _went(seen: Terminal, key: bytes, marker: str) -> float:
    seen.pause()
    return seen.asked(key, lambda: marker in seen.text(), f"the view with {marker}")


def letters(seen: Terminal, text: str) -> list[float]:
    """A filter, typed: until each letter stands in its line, which is then open. A blank comes with what follows it."""
    seen.press(b"/")
    seen.until(lambda: _filter_line(seen) == "/", "the filter's line")
    ends = [length for length in range(1, len(text) + 1) if text[length - 1] != " "]
    return [_typed(seen, text[:begin], text[:end]) for begin, end in itertools.pairwise([0, *ends])]


def _typed(seen: Terminal, before: str, text: str) -> float:
    seen.pause()
    return seen.asked(
        text[len(before) :].encode(), lambda: _filter_line(seen).startswith(f"/ {text}"), f"{text} in the filter's line"
    )


def _filter_line(seen: Terminal) -> str:
    line = seen.text().splitlines()[2].strip()
    return "/" if line.startswith("/") and "words, or:" in line else line


def shown(seen: Terminal, key: bytes, condition: Callable[[], bool], what: str) -> float:
    """One key, to a screen of which something holds that did not."""
    seen.pause()
    return seen.asked(key, condition, what)


def memory(seen: Terminal, note: str) -> Figure:
    """Of the front end."""
    return Figure("memory of the front end", seen.resident() / 1e6, "MB", "≤ 150", note)

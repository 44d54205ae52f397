"""When the alerts of a stack came, in a few numbers: counts over equal spans of time.

A span is 1, 2, 4, … seconds, as long as it must be for all alerts to fall into :data:`CELLS` spans. Two such counts
become one without looking at an alert, so that the store keeps a text for each stack: ``2:417:3,0,1`` are three spans
of 2² s, the first is the 417th since the epoch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

CELLS = 16
"""Spans at most."""
SECOND = 1_000_000_000


def of(times: Iterable[int]) -> str:
    """Those of some alerts; times are nanoseconds since the epoch."""
    times = list(times)
    if len(times) == 1:
        return f"0:{times[0] // SECOND}:1"
    return _text(0, Counter(time // SECOND for time in times))


def merged(one: str, other: str) -> str:
    """Both together; "" is none. Also an SQL function, ``merge_beats``."""
    if not one or not other:
        return one or other
    return _with_one(one, other) or together((one, other))


def _with_one(text: str, other: str) -> str:
    """Both together where the other is of one second, as most are that a batch adds, and falls into the spans that are
    there or behind them; else "". It is what :func:`together` gives, several times as fast."""
    other_scale, second, count = other.split(":")
    own, base, told = text.split(":")
    at = (int(second) >> int(own)) - int(base)
    if other_scale != "0" or "," in count or not 0 <= at < CELLS:
        return ""
    counts = told.split(",")
    counts += ["0"] * (at + 1 - len(counts))
    counts[at] = str(int(counts[at]) + int(count))
    return f"{own}:{base}:{','.join(counts)}"


def together(texts: Iterable[str]) -> str:
    """All of them as one."""
    read = [_read(text) for text in texts if text]
    scale = max((each[0] for each in read), default=0)
    found: Counter[int] = Counter()
    for own, base, counts in read:
        for at, count in enumerate(counts, base):
            found[at >> (scale - own)] += count
    return _text(scale, found)


def without(text: str, times: Iterable[int]) -> str:
    """The same without some of the alerts that are in it."""
    if not text:
        return ""
    scale, base, counts = _read(text)
    cells = Counter(dict(enumerate(counts, base)))
    cells.subtract(Counter((time // SECOND) >> scale for time in times))
    return _text(scale, cells)


def between(text: str, first: int, last: int) -> tuple[int, list[int]]:
    """Seconds of a span, and the counts of those from the first alert to the last; (0, []) where nothing is known."""
    if not text:
        return 0, []
    scale, base, counts = _read(text)
    cells = dict(enumerate(counts, base))
    begin, end = (first // SECOND) >> scale, (last // SECOND) >> scale
    return 1 << scale, [cells.get(cell, 0) for cell in range(begin, min(end, begin + CELLS) + 1)]


def again(span: int, counts: Iterable[int], first: int) -> str:
    """The text from what :func:`between` gave."""
    scale = max(0, span.bit_length() - 1)
    begin = (first // SECOND) >> scale
    return _text(scale, Counter({begin + at: count for at, count in enumerate(counts)}))


def _read(text: str) -> tuple[int, int, list[int]]:
    scale, base, counts = text.split(":")
    return int(scale), int(base), [int(count) for count in counts.split(",")]


def _scaled(cells: Mapping[int, int], shift: int) -> Counter[int]:
    found: Counter[int] = Counter()
    for cell, count in cells.items():
        found[cell >> shift] += count
    return found


def _text(scale: int, cells: Counter[int]) -> str:
    cells = +cells
    while cells and max(cells) - min(cells) >= CELLS:
        scale, cells = scale + 1, _scaled(cells, 1)
    if not cells:
        return ""
    base, end = min(cells), max(cells)
    return f"{scale}:{base}:{','.join(str(cells[cell]) for cell in range(base, end + 1))}"

"""Numbers as a line of small bars: ``▁▂▅█▁``."""

from __future__ import annotations

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
NOTHING = " "
"""Where there is no number."""


def spark(values: Sequence[float], width: int, top: float = 0.0) -> str:
    """``values`` as at most ``width`` bars, the latest at the right; each is the greatest of those it stands for.

    The highest bar is ``top``, or the greatest value. Zero is the lowest bar, what is negative is not known.
    """
    highest = max(top, *values, 0.0) if values else 0.0
    return "".join(_bar(max(bucket), highest) for bucket in _buckets(values, width))


def _buckets(values: Sequence[float], width: int) -> list[Sequence[float]]:
    """As many values in each bucket, the first may have fewer."""
    size = -(-len(values) // max(1, width))
    first = len(values) % size if size else 0
    starts = range(first, len(values), size) if size else range(0)
    return [*([values[:first]] if first else []), *(values[start : start + size] for start in starts)]


def _bar(value: float, highest: float) -> str:
    if value < 0:
        return NOTHING
    return _BARS[min(len(_BARS) - 1, int(value / highest * len(_BARS)))] if highest else _BARS[0]

"""A line of small bars: how a figure went of late."""

from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float | None], width: int, top: float) -> str:
    """The latest values in at most so many cells, the newest at the right; ``top`` is a full bar, if none is higher.

    A cell shows the highest of what falls into it, so that a short peak is not lost; a blank is where nothing is known.
    """
    if not values or width < 1:
        return ""
    share = -(-len(values) // width)
    cells = [values[max(0, end - share) : end] for end in range(len(values), 0, -share)][::-1]
    peaks = [max((value for value in cell if value is not None), default=None) for cell in cells]
    highest = max([top, *(peak for peak in peaks if peak is not None)])
    return "".join(" " if peak is None else _bar(peak, highest) for peak in peaks)


def _bar(value: float, highest: float) -> str:
    if value <= 0 or highest <= 0:
        return BARS[0]
    return BARS[min(len(BARS) - 1, int(value / highest * len(BARS)))]

"""Figures over time as a line of small bars: ``▁▂▅█▁``."""

from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
CELLS = 8
"""The width of a line of counts; twice as many counts share cells."""


def sparkline(values: Sequence[float | None], width: int, top: float = 0.0) -> str:
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


def counted(counts: Sequence[int], cells: int = CELLS) -> str:
    """A bar for each count, the highest for the largest; a space for none. Too many counts are put together."""
    if not counts:
        return ""
    together = -(-len(counts) // cells)
    sums = [sum(counts[at : at + together]) for at in range(0, len(counts), together)]
    top = max(sums)
    return "".join(BARS[-(-count * len(BARS) // top) - 1] if count else " " for count in sums) if top else ""


def _bar(value: float, highest: float) -> str:
    if value <= 0 or highest <= 0:
        return BARS[0]
    return BARS[min(len(BARS) - 1, int(value / highest * len(BARS)))]

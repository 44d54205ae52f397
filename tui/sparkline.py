"""Counts over time as a line of small bars."""

from __future__ import annotations

from collections.abc import Sequence

CELLS = 8
"""The width of a line; twice as many counts share cells."""
_BARS = "▁▂▃▄▅▆▇█"


def sparkline(counts: Sequence[int], cells: int = CELLS) -> str:
    """A bar for each count, the highest for the largest; a space for none. Too many counts are put together."""
    if not counts:
        return ""
    together = -(-len(counts) // cells)
    sums = [sum(counts[at : at + together]) for at in range(0, len(counts), together)]
    top = max(sums)
    return "".join(_BARS[-(-count * len(_BARS) // top) - 1] if count else " " for count in sums) if top else ""

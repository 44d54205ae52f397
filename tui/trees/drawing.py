"""Drawing rows that come in tree order, and thinning them out without losing the way to what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_SLICE = 1_000
"""Rows for which lines are drawn between two breaths: a millisecond or two."""


def guides(depths: Sequence[int]) -> list[str]:
    """The lines to draw before each row: ``│  └─ ``. Depth 0 has none."""
    return next(drawn for drawn in guiding(depths) if drawn is not None)


def guiding(depths: Sequence[int]) -> Iterator[list[str] | None]:
    """The same at the end; before, None comes wherever others may go on."""
    drawn: list[str] = []
    later: list[bool] = []
    for number, depth in enumerate(reversed(depths), 1):
        later += [False] * (depth + 1 - len(later))
        stems = ["│  " if later[level] else "   " for level in range(1, depth)]
        branch = ("├─ " if later[depth] else "└─ ") if depth else ""
        drawn.append("".join(stems) + branch)
        later[depth:] = [True]
        if number % _SLICE == 0:
            yield None
    yield drawn[::-1]


def with_family(depths: Sequence[int], matches: Sequence[bool]) -> list[int]:
    """The indexes of the rows that match, of all rows on the way down to them, and of all that are below them."""
    return with_ancestors(depths, _with_descendants(depths, matches))


def with_ancestors(depths: Sequence[int], matches: Sequence[bool]) -> list[int]:
    """The indexes of the rows that match, and of all rows on the way down to them."""
    kept: list[int] = []
    wanted = -1  # the depth of the next ancestor to keep, seen from below; -1 for none
    for index in range(len(depths) - 1, -1, -1):
        if matches[index] or depths[index] <= wanted:
            kept.append(index)
            wanted = depths[index] - 1
    return kept[::-1]


def _with_descendants(depths: Sequence[int], matches: Sequence[bool]) -> list[bool]:
    marked: list[bool] = []
    top: int | None = None  # the depth of the match whose descendants come now
    for depth, matching in zip(depths, matches, strict=True):
        if top is None or depth <= top:
            top = depth if matching else None
        marked.append(top is not None)
    return marked

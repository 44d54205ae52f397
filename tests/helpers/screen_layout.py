"""Whether a screen still stands as it was laid out, whatever is written in it."""

from __future__ import annotations

from collections.abc import Iterator

from wcwidth import wcwidth

_BESIDE = "│├┤╰╯┊▐▌"


def misplaced(screen: str, size: tuple[int, int]) -> Iterator[str]:
    """What is not where it belongs: the lines at top and bottom, the sides of boxes."""
    columns, lines = size
    rows = [cells(line, columns) for line in screen.split("\n")[:lines]]
    if not "".join(rows[0]).startswith(" tiercel  "):
        yield f"the line at the top is {''.join(rows[0])!r}"
    if not any(sign in "".join(rows[-1]) for sign in ("? ", "F1 ")):
        yield f"the keys are not at the bottom: {''.join(rows[-1])!r}"
    for number, row in enumerate(rows):
        yield from _broken_boxes(rows, number, row)


def cells(line: str, columns: int) -> list[str]:
    """What stands in each cell of a line; behind a wide character an empty one."""
    found: list[str] = []
    for letter in line:
        width = wcwidth(letter)
        if width == 0 and found:
            found[-1] += letter
        else:
            found += [letter, *[""] * (width - 1)]
    return (found + [" "] * columns)[: max(columns, len(found))]


def _broken_boxes(rows: list[list[str]], top: int, row: list[str]) -> Iterator[str]:
    for left in (place for place, letter in enumerate(row) if letter == "╭"):
        right = next((place for place in range(left, len(row)) if row[place] == "╮"), None)
        if right is None:
            yield f"a box of line {top} has no corner at its right"
            continue
        for line in range(top + 1, len(rows)):
            if rows[line][left] == "╰":
                break
            if rows[line][left] not in _BESIDE or rows[line][right] not in _BESIDE:
                yield f"line {line} leaves its box: {''.join(rows[line])!r}"

"""Whether a filter that is being typed is wrong, or only not yet finished."""

from __future__ import annotations

import re

from engine.filters.meant import QUOTED

_COLUMN = re.compile(r"filter, column (\d+): ")
_BETWEEN = re.compile(rf"{QUOTED}|(?P<blank>\s+)")


def split_column(reason: str) -> tuple[int | None, str]:
    """Where a filter is wrong, as an index, if that is said; and the rest of what is said."""
    match = _COLUMN.match(reason)
    return (int(match[1]) - 1, reason[match.end() :]) if match else (None, reason)


def may_become_right(typed: str, reason: str) -> bool:
    """Whether what is wrong with a filter is in the last term before the cursor, or behind it: ``typed`` ends there.

    A term ends with a blank that is in no quotation marks. What stands before it is not going to change.
    """
    index, _ = split_column(reason)
    last = max((match.end() for match in _BETWEEN.finditer(typed) if match["blank"]), default=0)
    return index is None or index >= min(last, len(typed.rstrip()))

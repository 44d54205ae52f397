"""The known name that was perhaps meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 64
"""Of a name that is compared: the comparison takes more than linear time."""


def nearest(name: str, known: Iterable[str], cutoff: float = 0.7) -> str:
    """``did you mean …?`` for a name that is nearly a known one; "" else. ``cutoff`` is difflib's."""
    close = closest(name, known, cutoff)
    return f"did you mean {close}?" if close else ""


def closest(name: str, known: Iterable[str], cutoff: float = 0.7) -> str:
    """That name alone."""
    if len(name) > _LONGEST:
        return ""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=cutoff)), "")

"""What is said on the screen about keys of the configuration that have no effect: one message, all of it in sight."""

from __future__ import annotations

from collections.abc import Sequence

from tui import words

AT_MOST = 4
"""Faults that are told: with a path that takes two lines they still have room on 80×24."""


def heading(faults: Sequence[str]) -> str:
    """How many keys are not as the configuration would have them."""
    return "This key is as it was" if len(faults) == 1 else f"{words.plural(len(faults), 'key')} are as they were"


def text(faults: Sequence[str]) -> str:
    """What is wrong with each, and where all of it is told."""
    more = len(faults) - AT_MOST
    rest = [f"… and {more:,} more: `tiercel keys` tells all"] if more > 0 else []
    return "\n".join([*faults[:AT_MOST], *rest])

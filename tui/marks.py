"""What somebody made of a stack of alerts, and how it is shown: acknowledged, muted, false positive, incident."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol import StackRow, State
from tui import words
from tui.theme import Span


@dataclass(frozen=True, slots=True)
class Mark:
    """A state with what was said about it."""

    state: State = "new"
    note: str = ""
    who: str = ""
    until: int = 0
    """When a mute ends, in nanoseconds since the epoch."""

    @property
    def is_settled(self) -> bool:
        """Nobody needs to look at it any more: its row may fade."""
        return self.state in _SETTLED


NEW = Mark()
SIGNS: dict[State, Span] = {
    "new": ("●", "accent"),
    "acknowledged": ("✓", "ok"),
    "muted": ("z", "dim"),
    "false positive": ("✗", "dim"),
    "incident": ("!", "bad"),
}
"""A sign for each state, so that no colour carries it alone."""
_SETTLED: frozenset[State] = frozenset({"acknowledged", "muted", "false positive"})


def mark_of(row: StackRow) -> Mark:
    """The state of a row."""
    return Mark(row.state, row.note, row.who, row.muted_until)


def told(mark: Mark) -> list[Span]:
    """It in a line: ``! incident · anna · see ticket 4711``; nothing for a new one."""
    if mark.state == "new" and not mark.note:
        return []
    sign, tone = SIGNS[mark.state]
    until = f" until {words.moment(mark.until)[:16]}" if mark.until else ""
    more = "".join(f" · {word}" for word in (mark.who, mark.note) if word)
    return [(f"{sign} {mark.state}{until}", tone), (more, "")]

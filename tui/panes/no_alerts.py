"""Why a list of alerts is empty, where no filter is the reason."""

from __future__ import annotations

from engine.events import Phase
from tui import words
from tui.front import Front
from tui.theme import Span

_NONE_OF = {
    Phase.REPLAYING: "No alert yet: the recording is being replayed.",
    Phase.ENDED: "The recording has ended and raised no alert.",
}
"""What a recording without alerts is said to be."""


def no_alerts(front: Front, *, is_part: bool) -> Span:
    """In words; ``is_part`` where the list is of something, not of all."""
    health = front.health
    if health is None:
        return "No alerts.", "dim"
    if front.travel.at:
        return "No alert by then.", "dim"
    if not health.rules_enabled:
        return "No rule is on: nothing raises an alert.", "warn"
    if health.phase in _NONE_OF:
        return _NONE_OF[health.phase], "dim"
    if is_part:
        return "No alerts are kept of it.", "dim"
    watching = f"{words.plural(health.rules_enabled, 'rule')} on {words.plural(health.containers, 'container')}"
    return f"All quiet: {watching} and the host.", "dim"

"""The first line of every view: which sensor, and how it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from engine.events import Phase
from tui import words
from tui.front import Front, Link
from tui.theme import Span, content

if TYPE_CHECKING:
    from engine.protocol import Health

_PHASES: dict[Phase, Span] = {
    Phase.LOADING: ("◌ loading", "warn"),
    Phase.LIVE: ("● live", "ok"),
    Phase.REPLAYING: ("▶ replay", "accent"),
    Phase.ENDED: ("■ ended", "dim"),
    Phase.FAILED: ("✗ failed", "bad"),
}
_IMPATIENT = 2.0
"""Seconds without an answer after which the line says so."""
_LAGGING = 100.0
"""Milliseconds from which on the lag is worth a colour."""


class Part(NamedTuple):
    """A piece of the line. Of two, the one with the higher ``rank`` is left out first where it is narrow."""

    rank: int
    spans: tuple[Span, ...]

    @property
    def width(self) -> int:
        """Cells, with the gap before it."""
        return sum(cell_len(text) for text, _ in self.spans) + 2


class HealthLine(Widget):
    """See the module."""

    ALLOW_SELECT = False

    def __init__(self, front: Front) -> None:
        super().__init__()
        self._front = front

    def render(self) -> Content:
        """As much as fits, the clock at the right."""
        clock = words.clock(self._front.now())
        parts = choose(self._parts(), self.size.width - len(clock) - 1)
        spans = [span for part in parts for span in (*part.spans, ("  ", ""))]
        gap = self.size.width - sum(part.width for part in parts) - len(clock)
        return content(*spans, (" " * max(0, gap), ""), (clock, "dim"))

    def _parts(self) -> list[Part]:
        front = self._front
        name = front.health.hostname if front.health else front.hostname
        parts = [Part(0, (("tiercel", "accent"),)), Part(3, ((name, "strong"),))] if name else [_TITLE]
        parts.append(Part(0, (self._state(),)))
        if front.patience > _IMPATIENT:
            parts.append(Part(1, ((f"no answer for {words.duration(front.patience)}", "warn"),)))
        return parts + (health_parts(front.health) if front.health else [])

    def _state(self) -> Span:
        if self._front.link is Link.GONE:
            return "✗ sensor gone", "bad"
        health = self._front.health
        if self._front.link is Link.CONNECTING or health is None:
            return "◌ connecting", "warn"
        if health.phase is Phase.REPLAYING and self._front.replay_paused:
            return "‖ paused", "warn"
        return _PHASES[health.phase]


_TITLE = Part(0, (("tiercel", "accent"),))


def health_parts(health: Health) -> list[Part]:
    """The sensor's figures, each with its rank."""
    lost = ("lost ", "dim"), (words.count(health.lost), "bad" if health.lost else "")
    lag = ("lag ", "dim"), (f"{health.lag_ms:.0f} ms", "warn" if health.lag_ms > _LAGGING else "")
    off = health.rules_enabled < health.rules_total
    rules = ("rules ", "dim"), (f"{health.rules_enabled}/{health.rules_total}", "warn" if off else "")
    parts = [
        Part(2, ((words.count(health.events_per_second), ""), (" ev/s", "dim"))),
        *([Part(6, kept_back)] if (kept_back := _kept_back(health)) else []),
        Part(1, lost),
        Part(5, lag),
        Part(4, rules),
        Part(3, _runtime(health)),
        Part(7, (("cpu ", "dim"), (f"{health.cpu:.1f}%", ""))),
        Part(8, (("mem ", "dim"), (words.size(health.memory), ""))),
    ]
    if health.problems or health.rule_problems:
        heads = sum(not line.startswith(" ") for line in health.rule_problems if line)  # details are indented
        problems = words.plural(len(health.problems) + heads, "problem")
        parts.append(Part(2, ((f"⚠ {problems}", "warn"),)))
    return parts


def _kept_back(health: Health) -> tuple[Span, ...]:
    """The share of the kernel's events that no rule can match, where that is known."""
    if health.kept_back < 0:
        return ()
    return ((f"{100 * health.kept_back:.0f}%", ""), (" kept in kernel", "dim"))


def _runtime(health: Health) -> tuple[Span, ...]:
    if not health.runtime:
        return (("docker ", "dim"), ("○", "warn"))
    return ((f"{health.runtime} ", "dim"), ("● ", "ok"), (str(health.containers), ""))


def choose(parts: Sequence[Part], width: int) -> list[Part]:
    """The most important parts that fit, in their order."""
    kept: set[int] = set()
    for index in sorted(range(len(parts)), key=lambda index: parts[index].rank):
        if width < parts[index].width:
            break
        width -= parts[index].width
        kept.add(index)
    return [part for index, part in enumerate(parts) if index in kept]

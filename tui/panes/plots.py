"""The last minutes of a sensor as small plots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.protocol import Sample
from tui import words
from tui.sparkline import sparkline
from tui.theme import Span

_LABEL = 16
_FIGURES = 26
"""Cells beside a plot."""
WIDEST = 90
"""Cells of a plot at most: ten seconds each, for a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure over time. ``top`` is what the highest bar stands for at least."""

    label: str
    read: Callable[[Sample], float]
    say: Callable[[float], str]
    top: float = 0.0
    tone: str = "accent"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0 else "–"


PLOTS = (
    Plot("Events a second", lambda sample: sample.events, words.count),
    Plot("Kept in kernel", lambda sample: sample.kept_back, _percent, 1.0),
    Plot("Lost a second", lambda sample: sample.lost, words.count, 1.0, "bad"),
    Plot("Alerts a second", lambda sample: sample.alerts, words.count, 1.0, "warn"),
    Plot("Lag", lambda sample: sample.lag_ms, lambda ms: f"{ms:.0f} ms", 10.0),
    Plot("CPU", lambda sample: sample.cpu, lambda percent: f"{percent:.1f} %", 10.0),
    Plot("Memory", lambda sample: sample.memory, lambda size: words.size(int(size))),
)


def plots(samples: Sequence[Sample], width: int) -> list[list[Span]]:
    """A row for each figure: its plot, what it is now and what it was at most."""
    room = min(WIDEST, max(10, width - _LABEL - _FIGURES))
    return [_row(plot, [plot.read(sample) for sample in samples], room) for plot in PLOTS] if samples else []


def _row(plot: Plot, values: list[float], room: int) -> list[Span]:
    bars = sparkline([value if value >= 0 else None for value in values], room, plot.top)
    now, most = plot.say(values[-1]), plot.say(max(values))
    return [
        (f"{plot.label:<{_LABEL}}", "dim"),
        (f"{bars:<{room}}", plot.tone),
        (f"  {now:>9}", ""),
        (f"  most {most}", "dim"),
    ]


def span(samples: Sequence[Sample]) -> str:
    """How long the plots are."""
    return words.duration((samples[-1].time - samples[0].time) / words.SECOND) if samples else ""

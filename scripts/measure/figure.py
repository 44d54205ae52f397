"""What a figure is, and how a run of figures is printed."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

_NAME = 84
"""Columns for the names."""


class UnmeasurableError(Exception):
    """A figure that cannot be taken here; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value; ``value`` is None where it could not be measured, and ``note`` says why."""

    name: str
    value: float | None
    unit: str = ""
    target: str = ""
    note: str = ""

    def line(self) -> str:
        """A line of the table."""
        value = "–" if self.value is None else f"{self.value:,.4g}" if self.value < 1000 else f"{self.value:,.0f}"
        return f"{self.name:<{_NAME}} {value:>10} {self.unit:<9} {self.target:<13} {self.note}".rstrip()


Measure = Callable[[], Iterable[Figure]]


def per_call(action: Callable[[], object], *, calls: int = 2000, rounds: int = 7) -> float:
    """Seconds of CPU for one call: the median of some rounds."""
    return statistics.median(_round(action, calls) for _ in range(rounds))


def _round(action: Callable[[], object], calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        action()
    return (time.process_time() - start) / calls


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which ``percent`` of them lie; the nearest rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]


def lines(figures: Iterable[Figure]) -> Iterator[str]:
    """The figures for a person, each as soon as it is taken."""
    yield f"{'figure':<{_NAME}} {'value':>10} {'unit':<9} {'target':<13} note"
    for figure in figures:
        yield figure.line()


def table(figures: Iterable[Figure]) -> str:
    """The figures for a person, all at once."""
    return "\n".join(lines(figures))


def as_json(figures: Iterable[Figure]) -> str:
    """The figures for a program."""
    return json.dumps([asdict(figure) for figure in figures], ensure_ascii=False)

"""What the containers use, as far as this screen has seen it: the latest figures, and how they went."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from engine.protocol import ContainerFigure
from tui import words
from tui.sparkline import sparkline
from tui.theme import Span

KEPT = 90
"""Figures kept of each container: three minutes."""
BUSY = 80.0
"""Percent of a core from which on it is worth a look; and of a memory limit."""
_FULL_CORE = 100.0
UNKNOWN: Span = ("–", "faint")
"""Where there is no figure: not measured yet, or nobody can."""


class FigureBook:
    """Figures by container. They are of now: while it is not ``now`` that is looked at, there are none."""

    def __init__(self, now: Callable[[], bool] = lambda: True) -> None:
        self._now = now
        self._latest: dict[str, ContainerFigure] = {}
        self._past: dict[str, deque[tuple[float | None, float | None]]] = {}

    def take(self, rows: Iterable[ContainerFigure]) -> None:
        """New figures of all that have any; what is not among them has none any more."""
        self._latest = {row.id: row for row in rows}
        for gone in self._past.keys() - self._latest.keys():
            del self._past[gone]
        for row in self._latest.values():
            self._past.setdefault(row.id, deque(maxlen=KEPT)).append((row.cpu, row.memory))

    def of(self, container_id: str) -> ContainerFigure | None:
        """The latest."""
        return self._latest.get(container_id) if self._now() else None

    def value(self, name: str) -> Callable[[str], float | None]:
        """A reader of one figure by container id, for sorting."""
        return lambda container_id: getattr(self.of(container_id), name, None)

    # ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────

    def cpu(self, container_id: str) -> list[Span]:
        """Percent of a core."""
        row = self.of(container_id)
        return cpu_cell(row.cpu if row is not None else None)

    def memory(self, container_id: str) -> list[Span]:
        """Bytes; with a sign where the limit is near."""
        row = self.of(container_id)
        if row is None or row.memory is None:
            return [UNKNOWN]
        near = row.memory_limit > 0 and row.memory * 100 >= row.memory_limit * BUSY
        return [("!" if near else "", "bad"), (words.size(row.memory), "bad" if near else "")]

    def limit(self, container_id: str) -> list[Span]:
        """The memory's limit."""
        row = self.of(container_id)
        return [(words.size(row.memory_limit), "dim")] if row is not None and row.memory_limit else []

    def traffic(self, container_id: str, name: str) -> list[Span]:
        """Bytes a second, ``received`` or ``sent``."""
        rate = getattr(self.of(container_id), name, None)
        return [UNKNOWN] if rate is None else [(words.size(int(rate)), "" if rate >= 1 else "faint")]

    def processes(self, container_id: str, known: int) -> list[Span]:
        """As the kernel counts them, else as many as we ``know`` of."""
        row = self.of(container_id)
        number = row.processes if row is not None and row.processes is not None else known
        return [(str(number), "")] if number else []

    def cpu_trend(self, container_id: str, width: int) -> list[Span]:
        """A full bar is a core, or the peak if that was more."""
        past = [cpu for cpu, _ in self._past.get(container_id, ()) if self._now()]
        return [(sparkline(past, width, _FULL_CORE), "accent")]

    def memory_trend(self, container_id: str, width: int) -> list[Span]:
        """A full bar is the limit, or else the peak."""
        past = [memory for _, memory in self._past.get(container_id, ()) if self._now()]
        row = self.of(container_id)
        return [(sparkline(past, width, row.memory_limit if row is not None else 0), "accent")]


def cpu_cell(cpu: float | None) -> list[Span]:
    """Percent of a core, or that nobody knows."""
    return [UNKNOWN] if cpu is None else [(_percent(cpu), "warn" if cpu >= BUSY else "")]


def _percent(value: float) -> str:
    return f"{value:.1f}%" if value < 9.95 else f"{value:.0f}%"

"""One process: what it is, where it came from, how it ended."""

from __future__ import annotations

from textual.content import Content

from engine.ending import ending
from engine.protocol import GetTop, ListProcesses, Processes, ProcessRow, Still, Top
from tui import words
from tui.alert_text import facts, lines
from tui.front import Front
from tui.panes.measuring import MeasuringPane
from tui.panes.processes import find
from tui.panes.text import TextPane
from tui.places import ProcessPlace
from tui.theme import Span, content, priority_tone


class ProcessPane(MeasuringPane, TextPane):
    """A process in words, kept up to date."""

    follows = ("processes", "alerts")
    of_time = "then"

    def __init__(self, front: Front, place: ProcessPlace, id: str) -> None:
        super().__init__(front, id)
        self._place = place
        self._still: Still = ""
        """Why it does nothing now."""

    async def load(self) -> None:
        """The process and its ancestors, from the tree it is in."""
        rows = (await self.front.ask(ListProcesses(self._place.container_id, at=self.front.travel.at), Processes)).rows
        row = find(rows, (self._place.pid, self._place.start))
        still: Still = "" if self.front.travel.at else self._still  # of another time nobody knows
        self.details.show(describe(row, ancestry(rows, row), still) if row else content(("No longer kept.", "dim")))

    async def measure(self) -> None:
        """Whether it stands still."""
        asked = GetTop(self._place.container_id, self._place.pid, self._place.start)
        still: Still = next((figure.still for figure in (await self.front.ask(asked, Top)).rows), "")
        if still != self._still:
            self._still = still
            self.loader.now()


def ancestry(rows: list[ProcessRow], row: ProcessRow | None) -> list[ProcessRow]:
    """Its ancestors among the rows, from the top down."""
    by_pid = {other.pid: other for other in rows if row is None or other.start <= row.start}
    found: list[ProcessRow] = []
    while row is not None and (row := by_pid.get(row.ppid)) is not None and row not in found:
        found.append(row)
    return found[::-1]


_STILL: dict[Still, Span] = {
    "": ("running", "ok"),
    "frozen": ("frozen: a signal has stopped it", "warn"),
    "paused": ("paused with its container", "warn"),
}


def describe(row: ProcessRow, ancestors: list[ProcessRow], still: Still = "") -> Content:
    """All that is known of a process; ``still`` says why it does nothing."""
    state: Span = (ending(row.exit_status), "dim") if row.exit_time else _STILL[still]
    worst: Span = ("", "")
    if row.worst is not None and row.alerts:
        worst = (f"  {words.plural(row.alerts, 'alert')}, worst {row.worst.label}", priority_tone(row.worst))
    rows: list[list[Span]] = [
        [(row.name, "strong"), ("  ", ""), state, worst],
        [(" › ".join(step.name for step in [*ancestors, row]), "dim")],
        [],
        *facts(_pairs(row)),
    ]
    return lines(*rows)


def _pairs(row: ProcessRow) -> list[tuple[str, str]]:
    return [
        ("Command", row.cmdline),
        ("Program", row.exepath),
        ("User", words.who(row.user, row.uid)),
        ("Pid", f"{row.pid}" + (f", {row.vpid} in its container" if row.vpid and row.vpid != row.pid else "")),
        ("Parent", str(row.ppid)),
        ("Terminal", words.terminal(row.tty) or "none"),
        ("Container", row.container or row.container_id[:12] or "none: on the host"),
        ("Entry", row.entry),
        ("Started", words.moment(row.started)),
        ("Ended", words.moment(row.exit_time) if row.exit_time else ""),
        ("Marks", ", ".join(row.flags)),
    ]

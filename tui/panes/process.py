"""One process: what it is, where it came from, how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from engine.ending import ending
from engine.protocol import GetTop, ListProcesses, Processes, ProcessRow, Still, Top
from tui import words
from tui.front import Front
from tui.panes.measuring import MeasuringPane
from tui.panes.text import TextPane
from tui.places import ProcessPlace
from tui.texts.alert import facts, lines
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
        """The process, behind its ancestors."""
        at, place = self.front.travel.at, self._place
        request = ListProcesses(place.container_id, at=at, pid=place.pid, start=place.start)
        line = (await self.front.ask(request, Processes)).rows
        still: Still = "" if at else self._still  # of another time nobody knows
        self.details.show(describe(line, still) if line else content(("No longer kept.", "dim")))

    async def measure(self) -> None:
        """Whether it stands still."""
        asked = GetTop(self._place.container_id, self._place.pid, self._place.start)
        still: Still = next((figure.still for figure in (await self.front.ask(asked, Top)).rows), "")
        if still != self._still:
            self._still = still
            self.loader.now()


_STILL: dict[Still, Span] = {
    "": ("running", "ok"),
    "frozen": ("frozen: a signal has stopped it", "warn"),
    "paused": ("paused with its container", "warn"),
}


def describe(line: Sequence[ProcessRow], still: Still = "") -> Content:
    """All that is known of a process, the last of a line that begins with its first ancestor.

    ``still`` says why it does nothing.
    """
    row = line[-1]
    state: Span = (ending(row.exit_status), "dim") if row.exit_time else _STILL[still]
    worst: Span = ("", "")
    if row.worst is not None and row.alerts:
        worst = (f"  {words.plural(row.alerts, 'alert')}, worst {row.worst.label}", priority_tone(row.worst))
    rows: list[list[Span]] = [
        [(row.name, "strong"), ("  ", ""), state, worst],
        [(" › ".join(step.name for step in line), "dim")],
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

"""One process: what it is, where it came from, how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from engine.ending import ending
from engine.protocol import ListProcesses, Processes, ProcessRow
from tui import words
from tui.alert_text import facts, lines
from tui.front import Front
from tui.panes.text import TextPane
from tui.places import ProcessPlace
from tui.theme import Span, content, priority_tone


class ProcessPane(TextPane):
    """A process in words, kept up to date."""

    follows = ("processes", "alerts")
    of_time = "then"

    def __init__(self, front: Front, place: ProcessPlace, id: str) -> None:
        super().__init__(front, id)
        self._place = place

    async def load(self) -> None:
        """The process, behind its ancestors."""
        at, place = self.front.travel.at, self._place
        request = ListProcesses(place.container_id, at=at, pid=place.pid, start=place.start)
        line = (await self.front.ask(request, Processes)).rows
        self.details.show(describe(line) if line else content(("No longer kept.", "dim")))


def describe(line: Sequence[ProcessRow]) -> Content:
    """All that is known of a process, the last of a line that begins with its first ancestor."""
    row = line[-1]
    state: Span = (ending(row.exit_status), "dim") if row.exit_time else ("running", "ok")
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

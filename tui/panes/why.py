"""Why an alert fired: the rule's condition, each check with its value, and where it is written."""

from __future__ import annotations

from pathlib import PurePath

from textual.content import Content

from engine.explanation import MARKS, Explanation, Line, lines
from engine.protocol import Explain, Why
from tui.panes.alert import AlertTextPane
from tui.texts import alert as alert_text
from tui.theme import Span

_TONES = {MARKS[True]: "ok", MARKS[False]: "bad", MARKS[None]: "warn"}


class WhyPane(AlertTextPane):
    """The explanation of one alert: what its rule saw then, judged by the rule as it is now."""

    follows = ("rules",)

    async def load(self) -> None:
        """Ask the sensor, which has kept what the rule saw."""
        why = await self.front.ask(Explain(alert_id=self.place.alert_id), Why)
        self.details.show(describe(why.explanation))


def describe(explanation: Explanation) -> Content:
    """The verdict, its shortest reason and the whole condition; what nobody had to look at is faint."""
    return alert_text.lines(*map(_spans, lines(explanation)))


def _spans(line: Line) -> list[Span]:
    indent: Span = ("  " * line.depth, "")
    if not line.mark:
        return [indent, (line.text, "" if line.depth else "accent")]
    return [
        indent,
        (f"{line.mark} ", _TONES[line.mark] if line.needed else "faint"),
        (line.text, "strong" if not line.depth else "" if line.needed else "faint"),
        (f"  {line.seen}" if line.seen else "", "dim" if line.needed else "faint"),
        (f"  {PurePath(line.file).name}:{line.line}" if line.line else "", "faint"),
    ]

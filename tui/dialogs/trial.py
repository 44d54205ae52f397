"""The dialog between an edited rule and its coming into force: what is wrong with it, or what it would have done."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.protocol import Tried, TriedRow
from tui import words
from tui.theme import Span, content

Decision = Literal["save", "edit", "drop"]


class TrialScreen(ModalScreen[Decision]):
    """Gives what is to be done with the text. ``writable``: it can come into force; in a replay it can be copied."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "decide('save')", "in force"),
        Binding("e,E", "decide('edit')", "edit again"),
        Binding("y", "copy", "copy"),
        Binding("escape", "decide('drop')", "drop"),
        Binding("j,down", "scroll(1)", "down", show=False),
        Binding("k,up", "scroll(-1)", "up", show=False),
    ]

    def __init__(self, rule: str, text: str, tried: Tried, *, writable: bool, refused: str = "") -> None:
        super().__init__()
        self._rule = rule
        self._text = text
        self._tried = tried
        self._refused = refused
        self._can_save = writable and bool(tried.rows) and not tried.problems
        self._writable = writable

    def compose(self) -> ComposeResult:
        """What came of it, and the keys."""
        with Vertical(id="trial") as box:
            box.border_title = content(("Changed: ", ""), (self._rule, "strong"))
            box.border_subtitle = content((self._keys(), "dim"))
            with VerticalScroll(id="trial-text"):
                yield Static(described(self._tried, self._refused), markup=False)

    def _keys(self) -> str:
        first = "" if self._writable else "a replay changes no rules   "
        first = "⏎ brings it into force   " if self._can_save else first
        return f"{first}e edits again   y copies   esc drops it"

    def action_decide(self, decision: Decision) -> None:
        """So it shall be; what cannot be saved is not."""
        if decision != "save" or self._can_save:
            self.dismiss(decision)

    def action_scroll(self, step: int) -> None:
        """Up and down as everywhere."""
        self.query_one("#trial-text").scroll_relative(y=step, animate=False)

    def action_copy(self) -> None:
        """The YAML, for a rule file elsewhere."""
        self.app.copy_to_clipboard(self._text)
        self.app.notify("Copied.", markup=False, timeout=4)


def described(tried: Tried, refused: str = "") -> Content:
    """Why it was refused just now, if it was; what is wrong, or what it would have done."""
    rows = _wrong(tried) if tried.problems else _done(tried)
    rows = [[(f"Not in force: {refused}", "bad")], [], *rows] if refused else rows
    return Content("\n").join([content(*row) for row in rows])


def _wrong(tried: Tried) -> list[list[Span]]:
    return [[(line, "bad" if not line.startswith(" ") else "")] for line in tried.problems]


def _done(tried: Tried) -> list[list[Span]]:
    if not tried.rows:
        return [[("No rule is another one than before.", "warn")]]
    rows: list[list[Span]] = [[(tried.summary, "strong")], []]
    for row in tried.rows:
        rows += _of_rule(row, tried.events)
    rows += _some("Would fire newly, for example:", tried.fresh, "bad")
    rows += _some("Would not fire any more, for example:", tried.gone, "warn")
    return [*rows, [], *([(line, "warn")] for line in tried.warnings)] if tried.warnings else rows


def _of_rule(row: TriedRow, events: int) -> list[list[Span]]:
    tone = "warn" if row.before != row.after else ""
    hits = f"{row.before:,} → {row.after:,} hits"
    lines: list[list[Span]] = [
        [(row.rule, "accent"), *_switched(row)],
        [(f"  {hits}", tone), (f" on the {words.plural(events, 'event')} of late", "dim")],
    ]
    if row.alerts:
        again = f"  {row.still:,} of {words.plural(row.alerts, 'kept alert')} would be raised again"
        unknown = f", of {row.unknown:,} nobody can say" if row.unknown else ""
        lines.append([(again, "warn" if row.still + row.unknown < row.alerts else ""), (unknown, "dim")])
    return lines


def _switched(row: TriedRow) -> list[Span]:
    """Why there are no hits: the rule is off, or was."""
    if row.was_on and row.is_on:
        return []
    if row.is_on:
        return [("  ○ was off until now: it had no hits", "warn")]
    on = "off as before" if not row.was_on else "off from now on"
    return [(f"  ○ {on}: it has no hits until it is switched on", "warn")]


def _some(title: str, texts: list[str], tone: str) -> list[list[Span]]:
    return [[], [(title, "dim")], *([(f"  {text}", tone)] for text in texts)] if texts else []

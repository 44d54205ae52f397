"""The dialog before anything is done: to whom, what, what is kept first, and the target's name, typed.

It begins with No, no key does anything by itself, and esc leaves all as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.protocol import ResponseRow, TargetRow
from tui.theme import Span, content
from tui.widgets.choices import Choices
from tui.widgets.cutting import short
from tui.widgets.input_line import Line
from tui.widgets.words import PAGING, Words

BUNDLE = "bundle"
"""Evidence that the screen gathers itself; the others are responses."""
EVIDENCE = {BUNDLE: "bundle", "logs": "logs", "diff": "diff", "commit": "image"}
"""Its names on the screen."""
_AT_ONCE = frozenset({BUNDLE, "logs", "diff"})
"""Ticked at the beginning: what costs a moment and changes nothing."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody has confirmed. Without a ``row`` only the evidence is wanted."""

    target: TargetRow | None
    row: ResponseRow | None
    evidence: tuple[str, ...]
    confirm: str = ""


class RespondScreen(ModalScreen["Decision | None"]):
    """Gives the decision, None for none. ``bundles`` says whether the screen can gather a bundle first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel"),
        *(Binding(str(number), f"tick({number - 1})", "tick", show=False) for number in range(1, 5)),
        *PAGING,
    ]

    def __init__(self, targets: Sequence[TargetRow], *, bundles: bool) -> None:
        super().__init__()
        self._targets = targets
        self._evidence = list(_offered(targets, bundles))
        self._ticked = {name for name in self._evidence if name in _AT_ONCE}
        self._rows: dict[int, tuple[TargetRow, ResponseRow]] = {}
        """By the place of the option."""

    def compose(self) -> ComposeResult:
        """Targets with what can be done to them, the evidence, the words for what is lit, and the line to type in."""
        with Vertical(id="respond") as box:
            box.border_title = content(("Respond", "strong"))
            box.border_subtitle = content(("⏎ chooses   1-4 evidence   esc: nothing is done", "dim"))
            yield Choices(*self._options(), compact=True, markup=False)
            yield Static(markup=False, id="respond-evidence")
            yield Words(id="respond-words")
            yield Line(compact=True, disabled=True)
            yield Static(markup=False, id="respond-said")

    def _options(self) -> Iterator[Option]:
        yield Option(content(("Leave it as it is", "")))
        place = 1
        if self._evidence:
            yield Option(content(("Only keep the evidence", ""), ("   nothing is done to anybody", "dim")))
            place += 1
        for target in self._targets:
            yield Option(_head(target), disabled=True)
            place += 1
            for row in _acts(target):
                self._rows[place] = target, row
                yield Option(_line(row), disabled=bool(row.hindrance))
                place += 1

    def on_mount(self) -> None:
        """Begin with No."""
        self._show_evidence()
        self.query_one(OptionList).focus()

    # ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────────

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._disarm()
        chosen = self._rows.get(event.option_index)
        words = _words(chosen[1]) if chosen else content((_PLAIN[event.option_index], ""))
        self.query_one(Words).show(words)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        chosen = self._rows.get(event.option_index)
        if chosen is None:
            self._decide(None, None) if event.option_index else self.dismiss(None)
            return
        target, row = chosen
        line = self.query_one(Input)
        line.placeholder = f" type {target.word} and press ⏎: {row.label.lower()}"
        line.disabled = False
        line.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        chosen = self._rows.get(self.query_one(OptionList).highlighted or 0)
        if chosen is None:
            return
        target, row = chosen
        if event.value.strip() != target.word:
            self._tell(f"Nothing was done: the word is {target.word}")
        else:
            self._decide(target, row, target.word)

    def _decide(self, target: TargetRow | None, row: ResponseRow | None, confirm: str = "") -> None:
        evidence = tuple(name for name in self._evidence if name in self._ticked)
        if row is None and not evidence:
            self._tell("No evidence is ticked: 1-4 tick it")
        else:
            self.dismiss(Decision(target, row, evidence, confirm))

    def _disarm(self) -> None:
        """What was typed was meant for another line."""
        line = self.query_one(Input)
        line.value, line.placeholder, line.disabled = "", "", True
        self._tell("")

    def _tell(self, text: str) -> None:
        self.query_one("#respond-said", Static).update(content((text, "warn")))

    # ── evidence ─────────────────────────────────────────────────────────────────────────────────────────────────

    def action_tick(self, place: int) -> None:
        """Keep it first, or do not."""
        if place < len(self._evidence):
            self._ticked ^= {self._evidence[place]}
            self._show_evidence()

    def _show_evidence(self) -> None:
        if not self._evidence:
            return
        spans: list[Span] = [("Kept first ", "dim")]
        for number, name in enumerate(self._evidence, start=1):
            box = "[x]" if name in self._ticked else "[ ]"
            spans += [(f"  {number} ", "accent"), (f"{box} {EVIDENCE[name]}", "")]
        self.query_one("#respond-evidence", Static).update(content(*spans))

    def action_page(self, step: int) -> None:
        """Through the words, where they have no room."""
        self.query_one(Words).page(step)

    def action_cancel(self) -> None:
        """Nothing."""
        self.dismiss(None)


def _acts(target: TargetRow) -> list[ResponseRow]:
    """What can be done, which is nothing to those who are left alone."""
    return [] if target.refusal else [row for row in target.rows if not row.evidence]


def _offered(targets: Sequence[TargetRow], bundles: bool) -> Iterator[str]:
    if bundles:
        yield BUNDLE
    for target in targets:
        if not target.refusal:
            yield from (row.id for row in target.rows if row.evidence and not row.hindrance)


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_LABEL = 30
_NAME, _FACTS = 40, 90
"""Characters of a target that are shown: who is watched chooses them."""


def _head(target: TargetRow) -> Content:
    facts = "  ".join(short(fact, _NAME) for fact in target.facts)
    spans: list[Span] = [(f"{target.kind} ", "dim"), (short(target.name, _NAME), "strong"), (f"   {facts}", "dim")]
    if target.refusal:
        spans.append((f"\n  left alone: {short(target.refusal, _FACTS)}", "warn"))
    return content(*spans)


def _line(row: ResponseRow) -> Content:
    if row.hindrance:
        return content((f"  {row.label:<{_LABEL}}", "faint"), (row.hindrance, "dim"))
    back: Span = (f"{row.undo} takes it back", "dim") if row.reversible else ("cannot be taken back", "warn")
    return content((f"  {row.label:<{_LABEL}}", ""), back)


def _words(row: ResponseRow) -> Content:
    lines = [content((f"{row.label}: {row.does}.", ""))]
    if not row.reversible:
        lines.append(content((f"Cannot be taken back: {row.undo}.", "warn")))
    lines += [content(("the same by hand: ", "dim"), (short(command, _FACTS), "accent")) for command in row.command[:2]]
    if more := len(row.command[2:]):
        lines.append(content((f"… and {more} more of the same", "dim")))
    return Content("\n").join(lines)


_PLAIN = ("Nothing is kept, and nothing is done.", "What is ticked is kept, and that is all.")
"""What the first lines of the list mean."""

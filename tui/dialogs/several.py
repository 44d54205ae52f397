"""The dialog that switches several rules at one moment: those that share something with the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine.protocol import RuleRow, SetRules
from tui import words
from tui.theme import content
from tui.widgets.choices import Choices
from tui.widgets.cutting import short


@dataclass(frozen=True, slots=True)
class Several:
    """Some rules: what they have in common, their names, and how to ask for them, without the switch."""

    what: str
    names: tuple[str, ...]
    on: int
    """How many of them are on."""
    asked: SetRules


class SeveralScreen(ModalScreen["SetRules | None"]):
    """Gives what is to be switched, None for nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "switch(True)", "on"),
        Binding("x", "switch(False)", "off"),
        Binding("escape", "cancel", "cancel"),
    ]

    def __init__(self, choices: Sequence[Several]) -> None:
        super().__init__()
        self._choices = choices

    def compose(self) -> ComposeResult:
        """Which rules, and how many of them are on."""
        with Vertical(id="several") as box:
            box.border_title = content(("Switch several rules", ""))
            box.border_subtitle = content(("⏎ turns them round   o on   x off   esc cancels", "dim"))
            rows = [Option(_LEAVE), *(Option(_row(choice)) for choice in self._choices)]
            yield Choices(*rows, compact=True, markup=False)

    def on_mount(self) -> None:
        """Begin with nothing: a key too many must not switch off what watches."""
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        """Off if any is on: noise is what brings people here."""
        event.stop()
        if choice := self._choice(event.option_index):
            self._decide(choice, not choice.on)
        else:
            self.dismiss(None)

    def action_switch(self, on: bool) -> None:
        """All of them on, or all off."""
        if choice := self._choice(self.query_one(OptionList).highlighted or 0):
            self._decide(choice, on)

    def _choice(self, index: int) -> Several | None:
        return self._choices[index - 1] if index else None

    def _decide(self, choice: Several, on: bool) -> None:
        choice.asked.enabled = on
        self.dismiss(choice.asked)

    def action_cancel(self) -> None:
        """Nothing."""
        self.dismiss(None)


_LEAVE = "Leave them as they are"


def _row(choice: Several) -> Content:
    number = len(choice.names)
    return content((f"{choice.what:<44}", ""), (f" {words.plural(number, 'rule'):>9}, {choice.on} on", "dim"))


def choices(row: RuleRow, rows: Sequence[RuleRow], shown: Sequence[RuleRow], sought: str) -> list[Several]:
    """What rules have in common with one: what the filter shows, its tags, its priority, its file."""
    found = [
        *(_several(f"tag {tag}", [r for r in rows if tag in r.tags], SetRules(True, tag=tag)) for tag in row.tags),
        _several(
            f"priority {row.priority.label}",
            [r for r in rows if r.priority is row.priority],
            SetRules(True, priority=row.priority),
        ),
        _several(
            f"file {row.file.rsplit('/', 1)[-1]}",
            [r for r in rows if r.file == row.file],
            SetRules(True, file=row.file),
        ),
    ]
    if sought:
        names = SetRules(True, names=[r.name for r in shown])
        found.insert(0, _several(short(f"all that the filter shows: {sought}", 44), shown, names))
    return found


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _several(what: str, rules: Sequence[RuleRow], asked: SetRules) -> Several:
    return Several(what, tuple(rule.name for rule in rules), sum(rule.enabled for rule in rules), asked)

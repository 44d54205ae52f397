"""The dialog that gives a stack of alerts a state, with a note."""

from __future__ import annotations

import getpass
import time
from collections.abc import Sequence
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

from engine.protocol import State
from tui.marks import SIGNS, Mark
from tui.theme import content
from tui.widgets.input_line import Line

_HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Choice:
    """A row of the dialog; ``key`` chooses it at once, ``seconds`` is how long a mute lasts."""

    key: str
    state: State
    label: str
    seconds: int = 0


CHOICES: Sequence[Choice] = (
    Choice("n", "new", "New: nobody has looked at it yet"),
    Choice("a", "acknowledged", "Acknowledged: seen, no more to do"),
    Choice("i", "incident", "Incident: this was an attack, or may have been one"),
    Choice("x", "false positive", "False positive: this is meant to happen"),
    Choice("1", "muted", "Muted for an hour", _HOUR),
    Choice("8", "muted", "Muted for eight hours", 8 * _HOUR),
    Choice("d", "muted", "Muted for a day", 24 * _HOUR),
    Choice("w", "muted", "Muted for a week", 7 * 24 * _HOUR),
)


class StateScreen(ModalScreen["Mark | None"]):
    """Gives the mark that was chosen, None for none. ``mark`` is that of before; ``title`` says of what."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel"),
        Binding("tab,shift+tab", "change_place", "note", show=False, priority=True),
        *(Binding(choice.key, f"choose({place})", choice.label, show=False) for place, choice in enumerate(CHOICES)),
    ]

    def __init__(self, title: str, mark: Mark) -> None:
        super().__init__()
        self._title = title
        self._mark = mark

    def compose(self) -> ComposeResult:
        """The states, and a line for a note."""
        with Vertical(id="state") as box:
            box.border_title = content((self._title, ""))
            yield OptionList(*(Option(_row(choice)) for choice in CHOICES), compact=True, markup=False)
            yield Line(self._mark.note, placeholder=" a note: why, which ticket", compact=True, select_on_focus=False)
            yield Static("⏎ or its key sets it   Tab note   esc cancels", markup=False, id="state-keys")

    def on_mount(self) -> None:
        """Begin with the state that it has."""
        states = [choice.state for choice in CHOICES]
        options = self.query_one(OptionList)
        options.highlighted = states.index(self._mark.state)
        self.set_focus(options)  # at once, here and below: the next key is meant for it

    def action_change_place(self) -> None:
        """From the states to the note, and back."""
        options = self.query_one(OptionList)
        self.set_focus(self.query_one(Input) if self.focused is options else options)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_choose(event.option_index)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_choose(self.query_one(OptionList).highlighted or 0)

    def action_choose(self, place: int) -> None:
        """This one, with the note as it is written."""
        choice = CHOICES[place]
        until = time.time_ns() + choice.seconds * 10**9 if choice.seconds else 0
        self.dismiss(Mark(choice.state, self.query_one(Input).value.strip(), whoami(), until))

    def action_cancel(self) -> None:
        """Nothing."""
        self.dismiss(None)


def whoami() -> str:
    """The name of the person at the terminal, "" where the machine does not know it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return ""


def _row(choice: Choice) -> Content:
    sign, tone = SIGNS[choice.state]
    return content((f" {choice.key} ", "accent"), (f" {sign} ", tone), (choice.label, ""))

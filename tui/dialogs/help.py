"""The help screen: every key there is, from the table of actions."""

from __future__ import annotations

from collections.abc import Collection
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

from engine.alerts import Priority
from engine.filters.alert_filter import KEYS
from tui.actions import VIEWS, Action, actions_of
from tui.keys.keymap import DEFAULT, Keys
from tui.theme import Span, content, priority_tone
from tui.widgets.details import Details
from tui.words import LETTERS

FILTERS = (
    ("shadow web", "both words occur: in rule, container, image, process, command, file or user"),
    ('"bin/sh -i"', "the words as they stand"),
    ("-cron  !cron", "the word does not occur"),
    ("process=sh", "it is exactly this; * stands for anything: image=nginx*"),
    ("container!=web", "it is not this"),
    ("priority<=warning", "at least as severe as Warning"),
    ("fd.name startswith /etc and not proc.name in (cat, vi)", "a condition, in the language of the rules"),
    ("! shadow web", "what the rest leaves out"),
)
"""The filter of the alerts, by example; :mod:`engine.filters.alert_filter` reads it."""

_EXAMPLE = 18
"""Cells of an example."""
_KEYS = 14
"""Cells of the keys of an action."""
_ROOM = 52
"""Cells beside them on a terminal of 80 columns: a longer text goes on below its beginning."""
OTHER_FILTERS = (
    "words that must all occur in the row, or a condition: ⇥ completes fields, operators and values;",
    "events can be asked for every field of the rules, processes for proc.*, user.* and container.*",
)


class HelpScreen(ModalScreen[None]):
    """An overlay; any of the usual keys closes it."""

    heading: ClassVar[str] = "Keys"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q,enter", "close", "close", key_display="esc")
    ]

    def __init__(self, keys: Keys = DEFAULT, here: Collection[str] = (), absent: Collection[str] = ()) -> None:
        super().__init__()
        self._keys = keys
        self._here = here
        self._absent = absent

    def compose(self) -> ComposeResult:
        """One text."""
        yield Details(focusable=True, id="help")

    def on_mount(self) -> None:
        """Write it."""
        details = self.query_one(Details)
        details.border_title = self.heading
        details.show(self.words())
        details.focus()

    def words(self) -> Content:
        """What it shows."""
        return help_text(self._keys, self._here, self._absent)

    def action_close(self) -> None:
        """Close."""
        self.dismiss()


def help_text(keys: Keys = DEFAULT, here: Collection[str] = (), absent: Collection[str] = ()) -> Content:
    """All views with their keys, those of ``here`` first, without the actions ``absent``, by their ids; then what the
    letters mean."""
    rows: list[list[Span]] = []
    for view in in_order(here):
        there = (action for action in actions_of(view) if f"{view}.{action.id}" not in absent)
        actions = (_row(keys.shown(view, action), action) for action in there)
        rows += [[(VIEWS[view], "accent")], *actions, []]
    rows += [[("Filter of the alerts", "accent")], *(_example(*row) for row in FILTERS), _keys_of_filters(), []]
    rows += [[("Filter of any other list", "accent")], *([("  " + line, "")] for line in OTHER_FILTERS), []]
    letters = [span for priority in Priority for span in _letter(priority)]
    rows += [[("Priorities", "accent")], letters]
    return Content("\n").join([content(*row) for row in rows])


def in_order(here: Collection[str]) -> list[str]:
    """What works where one is comes first, the most particular before the rest: the footer has no room for all."""
    near = [view for view in reversed(VIEWS) if view in here and view != "everywhere"]
    return near + [view for view in VIEWS if view not in near]


def _row(keys: str, action: Action) -> list[Span]:
    first, *more = wrap(action.help, _ROOM)
    return [(f"  {keys:<{_KEYS}}", "strong"), ("\n".join([first, *(f"{'':<{_KEYS + 2}}{line}" for line in more)]), "")]


def _example(text: str, meaning: str) -> list[Span]:
    begin = f"  {text}\n  {'':<{_EXAMPLE}}" if len(text) > _EXAMPLE else f"  {text:<{_EXAMPLE}}"
    first, *more = wrap(meaning, _ROOM + _KEYS - _EXAMPLE)
    return [(begin, "strong"), ("\n".join([first, *(f"{'':<{_EXAMPLE + 2}}{line}" for line in more)]), "")]


def _keys_of_filters() -> list[Span]:
    return [("  what can stand before = and !=: ", "dim"), (", ".join(KEYS), "")]


def _letter(priority: Priority) -> list[Span]:
    return [("  ", ""), (LETTERS[priority], priority_tone(priority)), (f" {priority.label}", "dim")]

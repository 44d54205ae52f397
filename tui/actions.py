"""Every action, once: its keys, its words, and where it works.

From these rows come the bindings, the footer, the help screen, the command palette and KEYS.md.
An action ``open`` is a method ``action_open`` of the pane (or frame, or application) it works in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the user can do. ``views`` are keys of :data:`VIEWS`; the first of ``keys`` is shown."""

    id: str
    keys: str
    label: str
    help: str
    views: tuple[str, ...]
    shown: bool = True
    """Whether the footer has it; the help screen has everything."""
    first: bool = False
    """Whether it comes before anything the focused widget does with the key, and before the next key is looked at."""
    about: Literal["row", "rows", "list"] = "row"
    """In a list: what it is about. The row under the cursor, whose menu has it; the rows that are there, as when the
    cursor moves; or only the list, whatever is in it. Elsewhere there are no rows."""

    def binding(self, view: str) -> Binding:
        """As Textual wants it."""
        return Binding(
            self.keys,
            self.id,
            self.label,
            show=self.shown,
            key_display=display(self.keys),
            priority=self.first,
            tooltip=self.help,
            id=f"{view}.{self.id}",
        )


VIEWS = {
    "everywhere": "Everywhere",
    "time": "Looking at another time",
    "tabs": "Between tabs",
    "inside": "Inside a drill-down",
    "list": "In every list",
    "filter": "While editing a filter",
    "text": "In every text",
    "search": "Searching a text",
    "alerts": "Alerts",
    "alert": "One alert",
    "its_alerts": "Alerts of a process, repeats of an alert",
    "timeline": "Timeline and files of an alert",
    "containers": "Containers",
    "processes": "Processes",
    "events": "Events",
    "changes": "Changes of a container",
    "logs": "Logs of a container",
    "inspect": "Inspecting a container",
    "rules": "Rules",
    "rule": "One rule",
}
"""Where an action works, in the order of the help screen."""

_LISTS = ("alerts", "its_alerts", "timeline", "containers", "processes", "events", "changes", "rules")
_SORTED = ("containers", "processes", "rules")
_ON_RULES = ("rules", "rule")
_ON_ALERT = ("alerts", "alert", "timeline")

ACTIONS = (
    Action("open", "enter", "open", "Open what is under the cursor, where the footer offers it", ("list",)),
    Action("filter", "slash", "filter", "Filter, or edit the filter", _LISTS, first=True, about="list"),
    Action("switch", "space", "on/off", "Switch the rule on or off, at once", ("rules", "rule")),
    Action("several", "O", "several", "Switch several: of a tag, a priority, a file, or all shown", ("rules",)),
    Action("reload", "R", "reload", "Read the rule files again", ("rules",), about="list"),
    Action("acknowledge", "a", "ack", "Acknowledge, or take it back", _ON_ALERT),
    Action(
        "pause", "p", "pause", "Freeze the list, count what waits; again: resume", ("alerts", "events"), about="list"
    ),
    Action("events", "e", "events", "What happened around it: the timeline", _ON_ALERT),
    Action("events", "e", "events", "Its recent events", ("containers", "processes")),
    Action("container", "c", "container", "Go to its container", (*_ON_ALERT, "processes")),
    Action(
        "zoom",
        "z",
        "zoom",
        "Watch it in full for a minute, also what no rule asks for; again: no longer",
        ("containers", "processes"),
    ),
    Action(
        "fold", "space", "fold", "Fold what is below it, show all that ended alike (×); again: back", ("processes",)
    ),
    Action("logs", "l", "logs", "Its logs: what it wrote to standard output and error", ("containers",)),
    Action("image", "i", "image", "Its image: how it was made, who else runs it", ("containers",), shown=False),
    Action("shell", "E", "shell", "Open a shell in it (docker exec); its alerts are marked as yours", ("containers",)),
    Action("sort_next", "greater_than_sign", "sort", "Sort by the next column", ("containers", "rules"), about="list"),
    Action(
        "sort_next",
        "greater_than_sign",
        "sort",
        "Sort by the next column; behind the last the tree is back",
        ("processes",),
        about="list",
    ),
    Action(
        "sort_previous",
        "less_than_sign",
        "sort",
        "Sort by the column before",
        _SORTED,
        shown=False,
        about="list",
    ),
    Action("sort_reverse", "I", "reverse", "Sort the other way round", _SORTED, shown=False, about="list"),
    Action(
        "ended",
        "H",
        "ended",
        "List those, too, that ended over an hour ago; again: no longer",
        ("containers",),
        shown=False,
        about="list",
    ),
    Action("follow", "f", "follow", "Stay at the end, where new lines come", ("logs",)),
    Action("pause", "p", "pause", "Read no more of it; again: go on", ("logs",)),
    Action("stamps", "t", "times", "Show when each line was written, or no longer", ("logs",)),
    Action("whole", "J", "JSON", "What docker inspect prints; again: in words", ("inspect",)),
    Action("left", "left,h", "left", "To the left, in long lines", ("logs",), shown=False),
    Action("right", "right", "right", "To the right, in long lines", ("logs",), shown=False),
    Action("rule", "r", "rule", "Go to the rule that fired", _ON_ALERT),
    Action("tree", "t", "tree", "Show its process in the tree", _ON_ALERT),
    Action(
        "group",
        "o",
        "group",
        "Put alerts together otherwise: by rule, by container, each by itself, as at first",
        ("alerts",),
        about="list",
    ),
    Action("follow", "f", "follow", "Stay on the newest", ("alerts", "its_alerts", "events"), about="list"),
    Action("state", "s", "state", "Incident, false positive, muted for a time, …, with a note", _ON_ALERT),
    Action(
        "except", "x", "except", "Make an exception for it: shows its fields and what it would have hidden", _ON_ALERT
    ),
    Action(
        "bundle",
        "b",
        "bundle",
        "Write all that is known of it, or of all marked, to a folder: for the ticket, for later",
        _ON_ALERT,
    ),
    Action("undo_exception", "U", "undo", "Take the last exception or edit back", _ON_ALERT, shown=False, about="list"),
    Action("edit", "E", "edit", "Edit the rule, and see what that would have done before it is in force", _ON_RULES),
    Action("undo_exception", "U", "undo", "Take the last exception or edit back", _ON_RULES, shown=False, about="list"),
    Action(
        "respond",
        "f9",
        "respond",
        "Pause, stop, kill … it, once its name is typed (needs a start with --respond)",
        (*_ON_ALERT, "containers", "processes"),
    ),
    Action("filter", "slash", "search", "Search the text, or edit what is looked for", ("search",), first=True),
    Action("clear", "escape", "clear", "Clear the search, or go back", ("search",), shown=False),
    Action("next_match", "n", "next", "Next place where it occurs", ("search",), shown=False),
    Action("previous_match", "N", "previous", "Previous place where it occurs", ("search",), shown=False),
    Action("clear", "escape", "clear", "Clear the filter, or go back", _LISTS, shown=False, about="list"),
    Action(
        "invert",
        "exclamation_mark",
        "invert",
        "Show what the filter leaves out; again: what it keeps",
        _LISTS,
        shown=False,
        about="list",
    ),
    Action(
        "saved",
        "F",
        "saved",
        "Saved filters: pick one, name the one in force, delete",
        _LISTS,
        shown=False,
        about="list",
    ),
    Action("next_match", "n", "next", "Next row that the filter matches", _LISTS, shown=False, about="rows"),
    Action(
        "previous_match", "N", "previous", "Previous row that the filter matches", _LISTS, shown=False, about="rows"
    ),
    Action("submit", "enter", "apply", "Apply the filter", ("filter",)),
    Action("abandon", "escape", "clear", "Clear the filter and leave", ("filter",)),
    Action("complete", "tab", "complete", "Complete with the first word that is offered", ("filter",)),
    Action("save", "ctrl+s", "save", "Save the filter under a name", ("filter",)),
    Action("recall", "up", "earlier", "Earlier filters", ("filter",), shown=False),
    Action("recall_later", "down", "later", "Later filters", ("filter",), shown=False),
    Action("up", "up,k", "up", "One row up", ("list",), shown=False, about="rows"),
    Action("down", "down,j", "down", "One row down", ("list",), shown=False, about="rows"),
    Action("page_up", "pageup,ctrl+u", "page up", "One page up", ("list",), shown=False, about="rows"),
    Action("page_down", "pagedown,ctrl+d", "page down", "One page down", ("list",), shown=False, about="rows"),
    Action("top", "home,g", "top", "First row", ("list",), shown=False, about="rows"),
    Action("bottom", "end,G", "bottom", "Last row", ("list",), shown=False, about="rows"),
    Action("scroll_up", "up,k", "up", "One line up", ("text",), shown=False),
    Action("scroll_down", "down,j", "down", "One line down", ("text",), shown=False),
    Action("page_up", "pageup,ctrl+u", "page up", "One page up", ("text",), shown=False),
    Action("page_down", "pagedown,ctrl+d", "page down", "One page down", ("text",), shown=False),
    Action("scroll_home", "home,g", "top", "First line", ("text",), shown=False),
    Action("scroll_end", "end,G", "bottom", "Last line", ("text",), shown=False),
    Action(
        "mark",
        "m",
        "mark",
        "Mark the row, or no longer, and go to the next; states, files, copies … are of all marked",
        ("list",),
        shown=False,
    ),
    Action(
        "mark_all",
        "M",
        "mark all",
        "Mark all rows of the list (at most 5,000); with any marked: none",
        ("list",),
        shown=False,
        about="rows",
    ),
    Action("export", "w", "write", "Write the list, or what is marked, to a file", ("list",), shown=False),
    Action("copy", "y", "copy", "Copy the row, or all marked, as lines of text", ("list",), shown=False),
    Action("copy_json", "Y", "copy JSON", "Copy the row, or all marked, as JSON", ("list",), shown=False),
    Action(
        "copy_command",
        "ctrl+y",
        "copy command",
        "Copy a docker (or host) command that looks at the same",
        ("list",),
        shown=False,
    ),
    Action("copy", "y", "copy", "Copy what the mouse selected, or all of it", ("text",), shown=False),
    Action("back", "escape,backspace", "back", "Back to where you came from", ("inside",)),
    Action("next_tab", "tab,right_square_bracket", "next", "Next tab", ("tabs",), shown=False),
    Action("previous_tab", "shift+tab,left_square_bracket", "previous", "Previous tab", ("tabs",), shown=False),
    Action(
        "view(1)",
        "1",
        "Alerts",
        "Alerts, or those of the container, process or rule you moved to",
        ("everywhere",),
        shown=False,
    ),
    Action("view(2)", "2", "Containers", "Containers", ("everywhere",), shown=False),
    Action(
        "view(3)", "3", "Processes", "Processes, or those of the container you moved to", ("everywhere",), shown=False
    ),
    Action(
        "view(4)",
        "4",
        "Events",
        "Events, or those of the container or process you moved to",
        ("everywhere",),
        shown=False,
    ),
    Action("view(5)", "5", "Rules", "Rules", ("everywhere",), shown=False),
    Action("view(6)", "6", "Health", "Health", ("everywhere",), shown=False),
    Action("time", "T", "time", "Look at another time, on a bar of all alerts; again: back to now", ("everywhere",)),
    Action("time_step(-1)", "left", "1s back", "A second back", ("time",), shown=False, first=True),
    Action("time_step(1)", "right", "1s on", "A second on", ("time",), shown=False, first=True),
    Action("time_step(-10)", "shift+left", "10s back", "Ten seconds back", ("time",), shown=False, first=True),
    Action("time_step(10)", "shift+right", "10s on", "Ten seconds on", ("time",), shown=False, first=True),
    Action("time_alert(-1)", "comma", "alert before", "To the alert before", ("time",), shown=False, first=True),
    Action("time_alert(1)", "full_stop", "next alert", "To the next alert", ("time",), shown=False, first=True),
    Action("time_jump", "at", "go to", "To a time that is typed", ("time",), shown=False, first=True),
    Action("time_faster(1)", "plus", "faster", "Play faster", ("time",), shown=False, first=True),
    Action("time_faster(-1)", "minus", "slower", "Play slower", ("time",), shown=False, first=True),
    Action(
        "pause_replay",
        "P",
        "hold",
        "Hold a replay, or play on from the time looked at; again: the other way",
        ("everywhere",),
    ),
    Action("help", "question_mark,f1", "help", "All keys, first those that work here", ("everywhere",)),
    Action("messages", "ctrl+n", "messages", "What was said of late, to be read again", ("everywhere",), shown=False),
    Action(
        "command_palette", "ctrl+p,colon", "commands", "Search all commands and themes", ("everywhere",), shown=False
    ),
    Action("quit", "q", "quit", "Quit; a sensor that others share (tiercel sensor) goes on", ("everywhere",)),
    Action(
        "suspend",
        "ctrl+z",
        "stop",
        "Stop, and leave the terminal to the shell; its fg goes on",
        ("everywhere",),
        shown=False,
        first=True,
    ),
    Action("interrupt", "ctrl+c", "quit", "Quit from anywhere", ("everywhere",), shown=False, first=True),
)

RANKS = {action.id: number for number, action in reversed(list(enumerate(ACTIONS)))}
"""Where an action first stands in the table: so the footer has them, whatever their keys are."""
LAST = frozenset({"processes.sort_next"})
"""By view and id, what gives way first where a footer is full: on 80 columns, to the way back and to responses."""

_SIGNS = {
    "enter": "⏎",
    "space": "␣",
    "slash": "/",
    "escape": "esc",
    "question_mark": "?",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "colon": ":",
    "left": "←",
    "right": "→",
    "shift+left": "shift+←",
    "shift+right": "shift+→",
    "comma": ",",
    "full_stop": ".",
    "at": "@",
    "plus": "+",
    "minus": "-",
    "exclamation_mark": "!",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "tab": "Tab",
    "shift+tab": "shift+Tab",
    "up": "↑",
    "down": "↓",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "f1": "F1",
    "f9": "F9",
    "backspace": "⌫",
}


def display(keys: str) -> str:
    """The first of the keys as the footer shows it."""
    return sign(keys.split(",", maxsplit=1)[0])


def all_keys(keys: str) -> str:
    """All keys as the help shows them: ``↑ k``."""
    return " ".join(sign(key) for key in keys.split(","))


def sign(key: str) -> str:
    """A key as it is written on the screen."""
    return _SIGNS.get(key, key)


def actions_of(view: str) -> tuple[Action, ...]:
    """The actions of a view, in the order of the table."""
    return tuple(action for action in ACTIONS if view in action.views)


def bindings(view: str) -> list[BindingType]:
    """A view's actions as a widget's ``BINDINGS``."""
    return [action.binding(view) for action in actions_of(view)]

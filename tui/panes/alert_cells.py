"""What the list of alerts shows of each row."""

from __future__ import annotations

from collections.abc import Callable

from engine.protocol import StackRow
from tui import words
from tui.marks import SIGNS
from tui.panes.base import priority_cell
from tui.sparkline import CELLS, counted
from tui.theme import Span
from tui.widgets import cutting
from tui.widgets.columns import Column

_ROOMY = 145
"""Cells from which on the process has a column of its own: the rule and what happened matter more, and the
process is in the detail, too."""
_CONTAINER = 10
"""Cells of the container."""
_ROOMIER = 110
"""Cells from which on it is drawn when alerts came."""


def alert_columns(now: Callable[[], int]) -> list[Column[StackRow]]:
    """Of a row the state, how severe, how old, how many, and what happened where. ``now`` is what ages are reckoned
    from."""

    def age(row: StackRow) -> list[Span]:
        return [(words.age(row.last, now()), "dim")]

    return [
        Column("", 1, _sign, name="State", exact=lambda row: row.state),
        Column("P", 1, lambda row: priority_cell(row.priority), name="Priority", exact=lambda row: row.priority.label),
        Column(
            "Age",
            4,
            lambda row: [(words.age(row.last, now()), "dim")],
            right=True,
            name="Last",
            exact=lambda row: words.stamp(row.last),
        ),
        Column("×", 4, _count, right=True, name="Count", exact=lambda row: str(row.count)),
        Column("When", CELLS, _when, from_width=_ROOMIER, exact=lambda row: words.stamp(row.first), name="First"),
        Column("Rule", 20, _rule, share=3),
        Column("Container", _CONTAINER, _container, exact=lambda row: " ".join(filter(None, _containers(row)))),
        Column("Process", 12, lambda row: [(row.cmdline or row.process or "–", "")], share=2, from_width=_ROOMY),
        Column("What", 14, _what, share=2, from_width=_ROOMY),
        Column("What", 18, _who_and_what, share=4, below_width=_ROOMY),
        Column("Note", 0, lambda row: [(row.note, "")], in_files=True),
        Column("By", 0, lambda row: [(row.who, "")], in_files=True),
    ]


def _sign(row: StackRow) -> list[Span]:
    return [SIGNS[row.state]]


def _count(row: StackRow) -> list[Span]:
    return [(words.count(row.count), "strong" if row.count > 1 else "faint")]


def _rule(row: StackRow) -> list[Span]:
    """Of several rules that of the priority which is shown: what is told of the latest alert stands further right."""
    return [(f"worst of {row.rules:,}: ", "dim"), (row.worst_rule, "")] if row.worst_rule else [(row.rule, "")]


def _containers(row: StackRow) -> tuple[str, str]:
    """That of the latest alert, and how many others there are."""
    return container_of(row), f"+{row.containers - 1:,}" if row.containers > 1 else ""


def _container(row: StackRow) -> list[Span]:
    """The name makes room for the number of others."""
    name, others = _containers(row)
    tone = "" if row.container_id else "dim"
    if not others:
        return [(name, tone)]
    return [(cutting.short(name, _CONTAINER - 1 - len(others)), tone), (f" {others}", "accent")]


def _when(row: StackRow) -> list[Span]:
    return [(counted(row.beats), "accent")] if row.count > 1 else []


def container_of(row: StackRow) -> str:
    """Its name; its short id where only that is known."""
    return row.container or row.container_id[:12] or "host"


def _what(row: StackRow) -> list[Span]:
    """The file, address or program, then from where somebody did it."""
    return [*_many(row), *_latest(row)]


def _many(row: StackRow) -> list[Span]:
    """That all further is of the latest of several: words that nobody takes for a part of a command."""
    return [(f"{words.plural(row.stacks, 'stack')}, last: ", "accent")] if row.stacks > 1 else []


def _latest(row: StackRow) -> list[Span]:
    story = " ".join(word for word in (words.terminal(row.tty), f"by {row.entry}" if row.entry else "") if word)
    what = row.target or ("" if story else row.cmdline)
    return [(what, ""), ("  " if what and story else "", ""), (story, "dim")]


def _who_and_what(row: StackRow) -> list[Span]:
    """The same behind the process, for a list without a column of processes."""
    process = row.process if row.target and row.target != row.process else ""  # what has no file is its own target
    return [*_many(row), (f"{process} " if process else "", ""), *_latest(row)]

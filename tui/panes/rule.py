"""One rule: why it exists, what it says, how it fares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from engine.alerts import DROP_RULE
from engine.attack import named
from engine.protocol import Done, ListRules, RuleRow, Rules, SetRule
from tui import words
from tui.actions import bindings
from tui.front import Front, GoneError, RefusedError
from tui.panes.editing import Editing
from tui.panes.excepting import Undoing
from tui.panes.text import TextPane
from tui.texts.alert import badge, facts, lines, section
from tui.theme import Span, content


class RulePane(Editing, Undoing, TextPane):
    """A rule in words, kept up to date."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("rule")
    follows = ("rules", "alerts")

    def __init__(self, front: Front, rule: str, id: str) -> None:
        super().__init__(front, id)
        self._rule = rule
        self._row: RuleRow | None = None

    async def load(self) -> None:
        """The rule among all."""
        rows = (await self.front.ask(ListRules(), Rules)).rows
        row = next((row for row in rows if row.name == self._rule), None)
        self._row = row
        self.details.show(describe(row, self.front.now()) if row else content((missing(self._rule), "dim")))

    def rule_name(self) -> str:
        """This one."""
        return self._rule

    def action_switch(self) -> None:
        """Switch the rule."""
        if self._row is not None:
            self.run_worker(self._set(not self._row.enabled), group="toggle", exclusive=True)

    async def _set(self, enabled: bool) -> None:
        try:
            await self.front.ask(SetRule(self._rule, enabled), Done)
            await self.load()
        except RefusedError as error:
            self.refuse(error)
        except GoneError:
            return  # the frame says so


def missing(name: str) -> str:
    """Why there is nothing to show of a rule."""
    if name == DROP_RULE:
        return "No rule makes this alert: the sensor says itself what was lost. Health (6) has all of it."
    return "No rule of this name is loaded any more."


def in_words(tags: Sequence[str]) -> list[list[Span]]:
    """What the tags name, with the pages that describe it: text to copy, nothing to click on."""
    known = named(tags)
    width = max((len(one.tag) for one in known), default=0)
    rows: list[list[Span]] = [
        [(f"  {one.tag:<{width}}  ", "dim"), (one.name, ""), (f"  {one.link}" if one.link else "", "dim")]
        for one in known
    ]
    return section("Named by its tags", rows)


def describe(row: RuleRow, now: int) -> Content:
    """All of a rule."""
    switch: Span = ("● on", "ok") if row.enabled else ("○ off", "warn")
    rows: list[list[Span]] = [
        [badge(row.priority), ("  ", ""), (row.name, "strong"), ("  ", ""), switch],
        *([[(f"✗ It cannot be judged here: {row.unserved}.", "warn")]] if row.unserved else []),
        [(f"{row.file}:{row.line}", "dim")],
        [],
        [(row.description, "")],
        [],
        *facts(
            [
                ("Hits", f"{row.hits:,}" + (f", last {words.age(row.last, now)} ago" if row.last else "")),
                ("Tags", " ".join(row.tags)),
                ("Cost", _cost(row)),
                ("In kernel", _kept_back(row)),
                ("Source", row.source),
                ("Events", ", ".join(row.event_types)),
            ]
        ),
        [],
        [("Condition", "accent")],
        *([(line, "")] for line in row.condition.splitlines()),
        [],
        [("Output", "accent")],
        [(row.output, "")],
        *in_words(row.tags),
    ]
    return lines(*rows)


def _cost(row: RuleRow) -> str:
    return f"{words.nanoseconds(row.cost)} for an event, if no other rule shared its tests" if row.cost >= 0 else ""


def _kept_back(row: RuleRow) -> str:
    if row.kept_back < 0:
        return ""
    return f"{words.percent(row.kept_back)} of an ordinary server's events of its types stay there, by this rule alone"

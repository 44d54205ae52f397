"""Rules: which are on, which fire, and one key to switch them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual.binding import BindingType

from engine.protocol import Done, ListRules, ReloadRules, RuleRow, Rules, SetRule, SetRules
from tui import words
from tui.actions import bindings
from tui.dialogs.several import SeveralScreen, choices
from tui.filters.row_fields import RULES
from tui.front import Front, GoneError, RefusedError
from tui.panes.base import priority_cell
from tui.panes.editing import Editing
from tui.panes.excepting import Undoing
from tui.panes.sorting import SortedPane
from tui.places import RulePlace
from tui.theme import Span
from tui.widgets.columns import Column
from tui.widgets.page_list import PageList
from tui.workers import start


class RulesPane(Editing, Undoing, SortedPane[RuleRow]):
    """All rules, in the order of their files until they are sorted."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("rules")
    noun = "rule"
    table = RULES
    follows = ("rules", "alerts")
    filter_help = "name, tag, file, priority"

    def __init__(self, front: Front, id: str | None = None) -> None:
        super().__init__(front, id)
        self.share.takes = True
        self._asked: dict[str, bool] = {}
        """Switches under way, shown as done until the sensor says otherwise."""

    def make_list(self) -> PageList[RuleRow]:
        """The switch, how it fares, and where it is written."""
        return PageList(
            self.source, self._columns(), faded=lambda row: not self.is_on(row), open=self._open, id="rules"
        )

    def _columns(self) -> list[Column[RuleRow]]:
        return [
            Column("On", 2, self._switch, exact=_state),
            Column(
                "P",
                1,
                lambda row: priority_cell(row.priority),
                name="Priority",
                exact=lambda row: row.priority.label,
                order=lambda row: -row.priority,
                descends=True,
            ),
            Column("Rule", 24, lambda row: [(row.name, "")], share=3, order=lambda row: row.name.casefold()),
            Column("Hits", 5, _hits, right=True, order=lambda row: row.hits, descends=True),
            Column(
                "Last",
                4,
                self._last,
                right=True,
                exact=lambda row: words.stamp(row.last),
                order=lambda row: row.last or None,
                descends=True,
            ),
            Column("Cost", 6, _cost, right=True, from_width=90, order=lambda row: known(row.cost), descends=True),
            Column(
                "Kept", 5, _kept_back, right=True, from_width=90, order=lambda row: known(row.kept_back), descends=True
            ),
            Column("Tags", 16, lambda row: [(" ".join(row.tags), "dim")], share=2, from_width=100),
            Column("File", 22, _place),
        ]

    def _last(self, row: RuleRow) -> list[Span]:
        return [(words.age(row.last, self.front.present()), "dim")]

    def _switch(self, row: RuleRow) -> list[Span]:
        if row.name in self._asked:
            return [("◐", "warn")]
        if not row.enabled:
            return [("○", "dim")]
        return [("✗", "warn")] if row.unserved else [("●", "ok")]

    def ticked(self) -> None:
        """Figures that were on their way: behind the end of a replay no pulse tells that they are there."""
        super().ticked()
        if any(row.cost < 0 and row.event_types and not row.unserved for row in self.rows):
            self.loader.soon()

    def is_on(self, row: RuleRow) -> bool:
        """As asked for, as far as that is not settled yet."""
        return self._asked.get(row.name, row.enabled)

    def key(self, row: RuleRow) -> Hashable:
        """Its name."""
        return row.name

    def words_of(self, row: RuleRow) -> str:
        """What is shown, and whether it is on."""
        switch = "on" if self.is_on(row) else "off"
        return f"{row.name} {' '.join(row.tags)} {row.file} {row.priority.label} {switch}"

    async def fetch(self) -> Sequence[RuleRow]:
        """All rules."""
        return (await self.front.ask(ListRules(), Rules)).rows

    def nothing(self) -> list[Span]:
        """Nothing can be found so."""
        return [
            ("No rules are loaded: nothing raises an alert.", "warn"),
            (f"   {self.sign('reload')} reads the rule files again", "dim"),
        ]

    def picked(self) -> RulePlace | None:
        """The rule that somebody went to."""
        return RulePlace(self.went_to.name) if self.went_to else None

    def rule_name(self) -> str:
        """The one under the cursor."""
        row = self.list.selected
        return row.name if row is not None else ""

    def action_switch(self) -> None:
        """Switch the rule under the cursor, or all marked: off where any is on, as of several."""
        if self.list.marked:
            self._switch_marked()
            return
        row = self.list.selected
        if row is not None and row.name not in self._asked:
            self._asked[row.name] = not row.enabled
            self.list.redraw()
            self.run_worker(self._set(row.name, not row.enabled), group="toggle")

    def _switch_marked(self) -> None:
        if rows := self.list.taken():
            self._switch_several(SetRules(not any(map(self.is_on, rows)), names=[row.name for row in rows]))
        else:
            self.is_about_none()

    def action_several(self) -> None:
        """Ask which."""
        if (row := self.list.selected) is not None:
            screen = SeveralScreen(choices(row, self.rows, self.source.rows, self.sought))
            self.app.push_screen(screen, self._switch_several)

    def _switch_several(self, asked: SetRules | None) -> None:
        if asked is not None:
            self.run_worker(self._set_several(asked), group="toggle")

    async def _set_several(self, asked: SetRules) -> None:
        try:
            done = await self.front.ask(asked, Done)
        except RefusedError as error:
            self.refuse(error)
        except GoneError:
            return  # the frame says so
        else:
            await self._load()
            self.say(("● " if asked.enabled else "○ ", "ok" if asked.enabled else "warn"), (done.detail, ""))

    async def _set(self, rule: str, enabled: bool) -> None:
        try:
            await self.front.ask(SetRule(rule, enabled), Done)
            await self.load()
            self.say(("● on: " if enabled else "○ off: ", "ok" if enabled else "warn"), (rule, "strong"))
        except RefusedError as error:
            self.refuse(error)
        except GoneError:
            return  # the frame says so
        finally:
            self._asked.pop(rule, None)
            self.list.redraw()

    def action_reload(self) -> None:
        """Read the rule files again."""
        self.say(("◌ reading the rule files…", "dim"))
        start(self, self._reload, group="reload", exclusive=True)

    async def _reload(self) -> None:
        try:
            done = await self.front.ask(ReloadRules(), Done)
            self.say((f"✓ {done.detail or 'reloaded'}", "ok"))
        except RefusedError as error:
            self.refuse(error)
        except GoneError:
            return  # the frame says so
        await self._load()

    def _open(self, row: RuleRow) -> None:
        self.navigator.visit(RulePlace(row.name))


def known(figure: float) -> float | None:
    """A figure, None for one that is not measured yet."""
    return figure if figure >= 0 else None


def _state(row: RuleRow) -> str:
    """In words, for a file of the list."""
    judged = ", cannot be judged here" if row.unserved else ""
    return f"on{judged}" if row.enabled else "off"


def _hits(row: RuleRow) -> list[Span]:
    return [(words.count(row.hits), "strong" if row.hits else "faint")]


def _cost(row: RuleRow) -> list[Span]:
    """Of one event of its types."""
    return [(words.nanoseconds(row.cost), "dim")] if row.cost >= 0 else [("–", "faint")]


def _kept_back(row: RuleRow) -> list[Span]:
    """The share that this rule leaves in the kernel."""
    return [(words.percent(row.kept_back), "dim")] if row.kept_back >= 0 else [("–", "faint")]


def _place(row: RuleRow) -> list[Span]:
    return [(f"{row.file.rsplit('/', 1)[-1]}:{row.line}", "dim")]

"""The process tree, live: exited processes stay a while, greyed; alerts mark who caused them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from engine.ending import ending, signal_of
from engine.events import HOST
from engine.filters.query import split_inversion
from engine.protocol import GetTop, ListProcesses, ListResponses, Processes, ProcessFigure, ProcessRow, Still, Top, Zoom
from engine.service.tree_news import applied
from engine.sliced import breathe
from tui import clip, words
from tui.actions import bindings
from tui.figures import UNKNOWN, cpu_cell
from tui.filters.row_fields import PROCESSES
from tui.front import Front
from tui.loader import Loader
from tui.panes.base import alert_counts, burning
from tui.panes.measuring import MeasuringPane
from tui.panes.responding import Responding
from tui.panes.sorting import SortedPane
from tui.panes.zooming import sign, toggle
from tui.places import ContainerPlace, ProcessPlace
from tui.theme import Span, priority_tone
from tui.trees.folding import Key, Kind, fold, kind
from tui.trees.seen_folds import SeenFolds, alike_sign, below_sign
from tui.trees.sifting import Sifted, flatten, shorten, sift
from tui.widgets.columns import Column
from tui.widgets.page_list import PageList
from tui.workers import start

AT_FIRST = 150
"""Rows that are shown while the others are on their way."""
AT_ONCE = 1_000
"""Rows up to which they are filtered at once."""
_ROOMY = 60
"""Cells of a list in which there is room for what is measured beside the names."""
_FIGURES = frozenset({"CPU", "Mem"})
"""The columns of what is measured."""


class ProcessesPane(Responding, MeasuringPane, SortedPane[ProcessRow]):
    """The tree of everything, of one container, or of the host; a flat list once it is sorted, for who uses most may be
    anybody's child. ``select`` is the process to put the cursor on."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("processes")
    noun = "process"
    live_only = frozenset({"zoom"})
    table = PROCESSES
    follows = ("processes", "alerts")
    of_time = "then"
    filter_help = "words, or: user.name=root and proc.name in (sh, bash)"

    def __init__(
        self,
        front: Front,
        id: str | None = None,
        container_id: str | None = None,
        select: tuple[int, int] | None = None,
    ) -> None:
        self._container_id = container_id
        self._top: dict[tuple[int, int], ProcessFigure] = {}
        super().__init__(front, id)
        self.share.takes = select is None
        self._select = select
        self._looked_for = select
        self._guides: dict[tuple[int, int], str] = {}
        self._shown = Sifted((), ())
        self._seen_folds = SeenFolds()
        """What was folded when the tree was last shown without a filter."""
        self._shut: set[Key] = set()
        self._opened: set[Kind] = set()
        self._lets_go = False
        """Whether the cursor's row is to go, too: those like it are being folded."""
        self._sifter = Loader(self, self._show_soon)
        self._known: Sequence[ProcessRow] = ()
        """The tree of the latest answer, and the token of that, to be told what is otherwise since."""
        self._token = 0

    def make_list(self) -> PageList[ProcessRow]:
        """The tree, then who, where and how long."""
        return PageList(
            self.source,
            self._columns(),
            faded=lambda row: bool(row.exit_time) or not self.test(row),
            open=self._open,
            command=clip.of_process,
            id="processes",
        )

    def _columns(self) -> list[Column[ProcessRow]]:
        is_of_all = self._container_id is None
        return [column for column in self._all_columns() if is_of_all or column.title != "Container"]

    def _all_columns(self) -> list[Column[ProcessRow]]:
        return [
            Column("Process", 30, self._process, share=4, order=lambda row: row.cmdline or row.name),
            Column("Alerts", 6, alerts_cell, share=1, whole=True, most=11, order=_burning, descends=True),
            self._figures("CPU", self._cpu, "cpu"),
            self._figures("Mem", self._memory, "memory"),
            Column("Pid", 7, lambda row: [(str(row.pid), "dim")], right=True, order=lambda row: row.pid),
            Column("User", 8, lambda row: [(_user(row), "")], share=1, from_width=90, order=_user),
            Column("Tty", 7, lambda row: [(words.terminal(row.tty), "")], from_width=90),
            Column(
                "Container",
                10,
                lambda row: [(_container(row), "accent")],
                share=1,
                from_width=90,
                order=lambda row: _container(row) or None,
            ),
            Column(
                "Age",
                4,
                self._age,
                right=True,
                name="Started",
                exact=lambda row: words.stamp(row.started),
                order=lambda row: -row.started,
                descends=True,
            ),
            Column("", 10, self._standing, name="State", exact=self._stands, share=1, whole=True),
        ]

    def _figures(self, title: str, cell: Callable[[ProcessRow], list[Span]], what: str) -> Column[ProcessRow]:
        used = self._used(what)
        return Column(
            title, 5, cell, right=True, from_width=_ROOMY, order=used, descends=True, there=self._can_be_measured
        )

    def _can_be_measured(self) -> bool:
        """What was recorded cannot."""
        return not self.front.is_replay

    def _figure(self, row: ProcessRow) -> ProcessFigure | None:
        """What it uses now: at another time nobody knows."""
        return None if self.front.travel.at else self._top.get(self.key(row))

    def _used(self, what: str) -> Callable[[ProcessRow], float | None]:
        """How much of it a process uses, None where that is not known, or it has exited."""

        def used(row: ProcessRow) -> float | None:
            return None if row.exit_time else getattr(self._figure(row), what, None)

        return used

    def _cpu(self, row: ProcessRow) -> list[Span]:
        figure = self._figure(row)
        return cpu_cell(figure.cpu if figure is not None else None) if not row.exit_time else []

    def _memory(self, row: ProcessRow) -> list[Span]:
        figure = self._figure(row)
        known: list[Span] = [(words.size(figure.memory), "")] if figure is not None else [UNKNOWN]
        return known if not row.exit_time else []

    async def measure(self) -> None:
        """What they use now, and who stands still. Only what is sorted by it is sorted anew."""
        rows = (await self.front.ask(GetTop(self._container_id), Top)).rows
        before, self._top = self._top, {(row.pid, row.start): row for row in rows}
        by_figures = self.sorted_by is not None and self.sorted_by.title in _FIGURES
        if by_figures or (self.sought and still(before) != still(self._top)):
            self.show_rows(self.sought)
        self.list.redraw()

    def _stands(self, row: ProcessRow) -> str:
        """How it ended, or that it stands still."""
        figure = None if row.exit_time else self._figure(row)
        return figure.still if figure is not None else _ended(row)

    def _standing(self, row: ProcessRow) -> list[Span]:
        """A signal by its name alone: a list has little room."""
        if row.exit_time:
            return [(signal_of(row.exit_status) or ending(row.exit_status), "dim")]
        return [(self._stands(row), "warn")]

    def _age(self, row: ProcessRow) -> list[Span]:
        return [(words.age(row.started, self.front.now()), "dim")]

    def _process(self, row: ProcessRow) -> list[Span]:
        key = self.key(row)
        spans = [(self._guides.get(key, ""), "faint"), *self._folds(key), *sign(self.front.health, None, key)]
        spans += [("‖ ", "warn")] if not row.exit_time and self._stands(row) else []
        spans.append((row.cmdline or row.name, ""))
        if row.entry:
            spans.append((f"  ◀ {row.entry}", "accent"))
        return [*spans, *((f"  {flag}", "warn") for flag in row.flags)]

    def _folds(self, key: Key) -> list[Span]:
        """What a row stands for: those that ended alike, or what was folded below it."""
        alike, below = self._shown.alike.get(key), self._shown.below.get(key)
        marks = [(f"{alike_sign(alike)} ", "strong")] if alike else []
        return [*marks, (f"{below_sign(below)} ", "accent")] if below else [*marks]

    def key(self, row: ProcessRow) -> tuple[int, int]:
        """Pid and start time: pids are reused."""
        return row.pid, row.start

    def words_of(self, row: ProcessRow) -> str:
        """Everything one may remember of a process."""
        what = f"{row.name} {row.cmdline} {row.exepath} {row.pid} {row.user} {words.terminal(row.tty)}"
        return f"{what} {row.container} {row.container_id[:12]} {row.entry} {' '.join(row.flags)} {self._signs_of(row)}"

    def _signs_of(self, row: ProcessRow) -> str:
        """What else stands in its row, or stood there before anything was sought: also for how many."""
        alerts = " ".join(text for text, _ in alerts_cell(row))
        return f"{alerts} {self._stands(row)} {' '.join(self._seen_folds.signs(row))}"

    async def fetch(self) -> Sequence[ProcessRow]:
        """The tree in display order: of now as it was known, with what is otherwise."""
        if at := self.front.travel.at:
            return (await self.front.ask(ListProcesses(self._container_id, at=at), Processes)).rows
        reply = await self.front.ask(ListProcesses(self._container_id, since=self._token), Processes)
        self._known, self._token = applied(self._known, reply), reply.token
        return self._known

    async def load(self) -> None:
        """At first what fits on a screen, for the whole tree takes a while."""
        if not self.rows and self._select is None and not self.front.travel.at:
            first = ListProcesses(self._container_id, limit=AT_FIRST)
            self.rows = (await self.front.ask(first, Processes)).rows
            self.show_rows(self.sought)
        await super().load()

    def nothing(self) -> list[Span]:
        """Those that exited have gone, too."""
        where = " here" if self._container_id is not None else ""
        return [(f"No process runs{where}, and none exited a short while ago.", "dim")]

    def show_rows(self, text: str) -> None:
        """The rows that a filter lets through, of many of them soon."""
        self.test = self.test_of(text)
        self.sought = text
        if len(self.rows) > AT_ONCE:
            self._sifter.now()
        else:
            self._show(next(sifted for sifted in self._sift() if sifted is not None))

    async def _show_soon(self) -> None:
        rows, sought = self.rows, self.sought
        for sifted in self._sift():
            if self.rows is not rows or self.sought != sought:
                return  # something else is wanted by now, and comes next
            if sifted is not None:
                self._show(sifted)
            await breathe()

    def _sift(self) -> Iterator[Sifted | None]:
        """What a filter is about is shown as it is, and so is what is sorted."""
        if self.sorted_by is not None:
            return flatten(self.rows, self.test, self.in_order)
        if self.sought:
            return sift(self.rows, self.test, family=not split_inversion(self.sought)[0])
        return shorten(fold(self.rows, self._shut, self._opened, self._staying()))

    def _staying(self) -> set[Hashable]:
        """Rows that no other stands for: that which was looked for, and what the cursor came to."""
        here = self.key(self.list.selected) if self.list.selected else None
        return {self._looked_for} if self._lets_go or here in self._shown.alike else {self._looked_for, here}

    def _show(self, sifted: Sifted) -> None:
        """Also go to the process that was asked for, once it is there."""
        self._shown, self._lets_go = sifted, False
        is_folded = not self.sought and self.sorted_by is None
        if is_folded:
            self._seen_folds = SeenFolds(sifted)
        self.source.rows = sifted.rows
        self.source.every = self.rows if is_folded else None
        self._guides = dict(zip(map(self.key, sifted.rows), sifted.guides, strict=True))
        self._explain()
        self.list.reload()
        if self._select is not None and self._select in self._guides:
            self.list.go_to_key(self._select)
            self.list.touched = True
            self._select = None

    def action_fold(self) -> None:
        """Fold what is below the row, or show all that it stands for; again: as before."""
        row = self.list.selected
        if row is None or self.sought or self.sorted_by is not None:
            self.navigator.tell(f"{self._unfolded()} is not folded." if row else "There is nothing to fold.")
            return
        if self.key(row) in self._shown.alike:
            self._opened.add(kind(row))
        elif row.exit_time and kind(row) in self._opened:
            self._fold_alike(kind(row))
        elif self._has_children(row) or self.key(row) in self._shut:
            self._shut ^= {self.key(row)}
        else:
            self.navigator.tell("Nothing is below it.")
        self.show_rows(self.sought)

    def _unfolded(self) -> str:
        return "What a filter is about" if self.sought else f"What is sorted by {self.order_name}"

    def _fold_alike(self, alike: Kind) -> None:
        """The cursor goes to the latest, which stands for the others."""
        self._opened.discard(alike)
        self._lets_go = True
        self._select = next(self.key(row) for row in reversed(self.rows) if row.exit_time and kind(row) == alike)

    def _has_children(self, row: ProcessRow) -> bool:
        below = self.list.cursor + 1
        return below < len(self.source.rows) and self.source.rows[below].depth > row.depth

    def offers(self, action: str) -> bool:
        """Inside a container no way to it."""
        is_inside = self._container_id is not None and self._looked_for is None
        return super().offers(action) and not (action == "container" and is_inside)

    def picked(self) -> ProcessPlace | None:
        """The process that somebody went to."""
        return _place(self.went_to) if self.went_to else None

    def _open(self, row: ProcessRow) -> None:
        self.navigator.visit(_place(row))

    def action_container(self) -> None:
        """The container it runs in."""
        row = self.list.selected
        if row is not None and row.container_id != HOST:
            self.navigator.visit(ContainerPlace(row.container_id, _container(row)))
        elif row is not None:
            self.navigator.tell("This process runs on the host, in no container.")

    def action_zoom(self) -> None:
        """Watch the process and all that descends from it in full, or no longer."""
        if row := self.list.selected:
            self.for_one("zoom")
            start(
                self, partial(toggle, self, Zoom(pid=row.pid, start=row.start), f"{row.name} ({row.pid})"), group="zoom"
            )

    def respond_to(self) -> ListResponses | None:
        """The process with all that descends from it, and its container."""
        row = self.list.selected
        return ListResponses(pid=row.pid, start=row.start) if row else None

    def action_events(self) -> None:
        """Its recent events."""
        if self.list.selected:
            self.navigator.visit(_place(self.list.selected), "events")


def _place(row: ProcessRow) -> ProcessPlace:
    return ProcessPlace(row.pid, row.start, f"{row.name} ({row.pid})", row.container_id)


def _ended(row: ProcessRow) -> str:
    return ending(row.exit_status) if row.exit_time else ""


def _user(row: ProcessRow) -> str:
    return row.user or str(row.uid)


def _burning(row: ProcessRow) -> tuple[int, ...] | None:
    """Of those that an earlier version counted only the worst is known."""
    if not row.alerts or row.worst is None:
        return None
    return burning(row.severities or {row.worst.label: 1})


def _container(row: ProcessRow) -> str:
    """Its name; its short id where only that is known; "" on the host."""
    return row.container or row.container_id[:12]


def alerts_cell(row: ProcessRow) -> list[Span]:
    """Its alerts by priority; of those that an earlier version kept, the worst is known, and how many are not so."""
    if row.severities or row.worst is None or not row.alerts:
        return alert_counts(row.severities)
    only = row.alerts == 1
    return [(f"{words.LETTERS[row.worst]}{'1' if only else '…'}", priority_tone(row.worst))]


def still(figures: Mapping[Key, ProcessFigure]) -> set[tuple[Key, Still]]:
    """Who does nothing, and why."""
    return {(key, figure.still) for key, figure in figures.items() if figure.still}

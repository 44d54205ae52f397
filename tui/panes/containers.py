"""Containers: what runs, what it uses, and where it burns."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from engine.protocol import ContainerRow, Containers, Figures, GetFigures, ListContainers, ListResponses, Zoom
from tui import clip, words
from tui.actions import bindings
from tui.figures import FigureBook
from tui.filters.row_fields import CONTAINERS
from tui.front import Front
from tui.panes.base import alert_counts, burning
from tui.panes.measuring import MeasuringPane
from tui.panes.responding import Responding
from tui.panes.shelling import Shelling
from tui.panes.sorting import SortedPane
from tui.panes.zooming import sign, toggle
from tui.places import ContainerPlace
from tui.texts.container import flags, foreign, name
from tui.theme import Span
from tui.widgets.columns import Column
from tui.widgets.page_list import PageList
from tui.workers import start

_STATES = {"running": "ok", "paused": "warn", "restarting": "warn", "dead": "bad"}
_HEALTH = {"healthy": ("healthy", "ok"), "unhealthy": ("✗ unwell", "bad"), "starting": ("starting", "warn")}
_ENDED = frozenset({"exited", "dead"})
LISTED = 3600 * words.SECOND
"""How long a container that has ended stays in the list, in nanoseconds."""
_TREND = 10
_WIDE, _WIDER = 118, 140


class ContainersPane(Responding, MeasuringPane, SortedPane[ContainerRow], Shelling):
    """All containers known, running first. Those that ended long ago are left out until they are asked for."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("containers")
    noun = "container"
    live_only = frozenset({"zoom", "logs", "shell"})
    table = CONTAINERS
    follows = ("containers", "alerts")
    of_time = "then"

    def __init__(self, front: Front, id: str | None = None) -> None:
        self.figures = FigureBook(now=lambda: not front.travel.at)
        self.with_ended = False
        """Whether those that ended long ago are shown, too."""
        self._left_out = 0
        super().__init__(front, id)
        self.share.takes = True

    def make_list(self) -> PageList[ContainerRow]:
        """Name, image, state, and how it fares."""
        return PageList(
            self.source,
            self._columns(),
            faded=lambda row: row.info.state != "running",
            open=self._open,
            command=lambda row: clip.inspect(row.info.id),
            id="containers",
        )

    def _columns(self) -> list[Column[ContainerRow]]:
        figures = self.figures

        def by(name: str) -> dict[str, object]:
            read = figures.value(name)
            return {"order": lambda row: read(row.info.id), "descends": True}

        return [
            Column("Name", 11, lambda row: [(name(row.info), "strong")], share=1, order=lambda row: name(row.info)),
            Column("Image", 10, lambda row: [(row.info.image, "")], share=2, order=lambda row: row.info.image),
            Column("State", 10, state, order=lambda row: state(row)[0][0]),
            Column("CPU", 5, lambda row: figures.cpu(row.info.id), right=True, **by("cpu")),  # type: ignore[arg-type]
            Column(
                "",
                _TREND,
                lambda row: figures.cpu_trend(row.info.id, _TREND),
                right=True,
                from_width=_WIDE,
                name="CPU of late",
            ),
            Column("Mem", 5, lambda row: figures.memory(row.info.id), right=True, **by("memory")),  # type: ignore[arg-type]
            Column(
                "",
                _TREND,
                lambda row: figures.memory_trend(row.info.id, _TREND),
                right=True,
                from_width=_WIDE,
                name="Memory of late",
            ),
            Column("Limit", 5, lambda row: figures.limit(row.info.id), right=True, from_width=_WIDER),
            *(
                Column(
                    title,
                    5,
                    partial(self._traffic, which),
                    right=True,
                    from_width=_WIDER,
                    **by(which),  # type: ignore[arg-type]
                )
                for title, which in (("In/s", "received"), ("Out/s", "sent"))
            ),
            Column(
                "Procs",
                6,
                lambda row: figures.processes(row.info.id, row.processes),
                right=True,
                from_width=100,
                order=lambda row: figures.value("processes")(row.info.id) or row.processes or None,
                descends=True,
            ),
            Column(
                "Alerts",
                11,
                _alerts,
                share=1,
                whole=True,
                most=11,
                order=lambda row: burning(row.alerts),
                descends=True,
            ),
            Column(
                "Age",
                4,
                self._age,
                right=True,
                order=lambda row: -_began(row) or None,
                descends=True,
                name="Since",
                exact=_since,
            ),
            Column("Flags", 8, self._flags, share=3, exact=self._dated_flags),
        ]

    def _traffic(self, which: str, row: ContainerRow) -> list[Span]:
        return self.figures.traffic(row.info.id, which)

    def _age(self, row: ContainerRow) -> list[Span]:
        return [(words.age(_began(row), self.front.now()), "dim")]

    def _flags(self, row: ContainerRow) -> list[Span]:
        now = self.front.now()
        return self._flags_of(row, lambda time: f"{words.age(time, now)} ago")

    def _dated_flags(self, row: ContainerRow) -> str:
        return "".join(text for text, _ in self._flags_of(row, words.stamp)).strip()

    def _flags_of(self, row: ContainerRow, when: Callable[[int], str]) -> list[Span]:
        times, last = max((row.execs, row.last_exec), (row.entries, row.last_entry))
        entered = f"exec ×{times}, {when(last)}" if times else ""
        again = f"restarted ×{row.info.restarts}" if row.info.restarts else ""
        found = [
            ("out of memory" if row.info.oom_killed else "", "bad"),
            (ended(row, when), "dim"),
            (foreign(row), "warn"),
            *((flag, "bad") for flag in flags(row.info)),
            *([] if has_ended(row) else sign(self.front.health, row.info.id)),
            (again, "warn"),
            (entered, "warn"),
        ]
        return [part for flag, tone in found if flag for part in ((flag, tone), ("  ", ""))]

    def key(self, row: ContainerRow) -> Hashable:
        """The container's id."""
        return row.info.id

    def words_of(self, row: ContainerRow) -> str:
        """Name, image, id, state."""
        info = row.info
        return f"{info.name} {info.image} {info.id} {info.state} {info.health} {' '.join(flags(info))}"

    # ── rows and figures ─────────────────────────────────────────────────────────────────────────────────────────

    async def fetch(self) -> Sequence[ContainerRow]:
        """All containers, but those that ended long ago."""
        travel = self.front.travel
        rows = (await self.front.ask(ListContainers(at=travel.at, before=travel.alert_id), Containers)).rows
        now = self.front.now()
        listed = [row for row in rows if self.with_ended or not is_old(row, now)]
        self._left_out = len(rows) - len(listed)
        return listed

    async def load(self) -> None:
        """Also say how many are left out."""
        await super().load()
        self.show_state()

    def standing(self) -> list[list[Span]]:
        """What is not listed, and how it is."""
        key = self.sign("ended")
        shown: list[Span] = []
        if self.with_ended:
            shown = [("also those that ended long ago", "dim"), (f"   {key} hides them", "faint")]
        if self._left_out:
            shown = [(f"{self._left_out:,} that ended over an hour ago", "dim"), (f"   {key} lists them", "faint")]
        return [*super().standing(), shown]

    def action_ended(self) -> None:
        """List those that ended long ago, or no longer."""
        self.with_ended = not self.with_ended
        self.loader.now()

    async def measure(self) -> None:
        """What they use; a list that is sorted by it is sorted anew."""
        self.figures.take((await self.front.ask(GetFigures(), Figures)).rows)
        if self.sorted_by is not None:
            self.show_rows(self.sought)
        else:
            self.list.redraw()

    def nothing(self) -> list[Span]:
        """None run, or nobody can tell."""
        health = self.front.health
        if health is not None and not health.runtime:
            why = f"   {self.sign('view(6)')} Health says why"
            return [("No containers are known: Docker is not reached.", "warn"), (why, "dim")]
        return [("No containers. One that starts shows here at once.", "dim")]

    # ── going on ─────────────────────────────────────────────────────────────────────────────────────────────────

    def picked(self) -> ContainerPlace | None:
        """The container that somebody went to."""
        return _place(self.went_to) if self.went_to else None

    def _open(self, row: ContainerRow) -> None:
        self.navigator.visit(_place(row))

    def action_zoom(self) -> None:
        """Watch the container in full, or no longer."""
        if row := self.list.selected:
            self.for_one("zoom")
            start(self, partial(toggle, self, Zoom(container_id=row.info.id), name(row.info)), group="zoom")

    def respond_to(self) -> ListResponses | None:
        """The container."""
        return ListResponses(container_id=self.list.selected.info.id) if self.list.selected else None

    def action_events(self) -> None:
        """The container's recent events."""
        if self.list.selected:
            self.navigator.visit(_place(self.list.selected), "events")

    def action_logs(self) -> None:
        """What the container wrote."""
        if self.list.selected:
            self.navigator.visit(_place(self.list.selected), "logs")

    def action_image(self) -> None:
        """What the container was made from."""
        if self.list.selected:
            self.navigator.visit(_place(self.list.selected), "image")

    def action_shell(self) -> None:
        """A shell in the container."""
        if row := self.list.selected:
            self.open_shell(row.info.id, name(row.info))


def _since(row: ContainerRow) -> str:
    return words.stamp(_began(row))


def _place(row: ContainerRow) -> ContainerPlace:
    return ContainerPlace(row.info.id, name(row.info))


def _alerts(row: ContainerRow) -> list[Span]:
    return [("not known", "dim")] if row.uncounted else alert_counts(row.alerts)


def _began(row: ContainerRow) -> int:
    return row.info.started or row.info.created


def is_old(row: ContainerRow, now: int) -> bool:
    """Whether it ended so long ago that nobody waits for it any more."""
    return row.info.state in _ENDED and 0 < row.info.finished <= now - LISTED


def has_ended(row: ContainerRow) -> bool:
    """Whether nothing runs in it any more: there is nobody to watch."""
    return row.gone or row.info.state in _ENDED


def ended(row: ContainerRow, when: Callable[[int], str]) -> str:
    """When it has ended, "" while it has not."""
    if not row.info.finished or not has_ended(row):
        return ""
    return f"ended {when(row.info.finished)}"


def state(row: ContainerRow) -> list[Span]:
    """Docker's word; for one that runs its health if that is checked, for one that has ended its exit code."""
    word = "removed" if row.gone else row.info.state
    if word == "running" and row.info.health in _HEALTH:
        return [_HEALTH[row.info.health]]
    if word == "exited" and row.info.finished:
        return [(f"exited {row.info.exit_code}", "warn" if row.info.exit_code else "dim")]
    return [(word or "?", _STATES.get(word, "dim"))]

"""Recent events: of a process, of a container, or of everything.

Following, the newest has the cursor. Once the cursor was moved, or with a pause, the list stands still and counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, ClassVar

from textual.binding import BindingType

from engine import sheet
from engine.filters.query import has_field, known_fields, refuse_unknown, split_inversion, tree
from engine.lang.fields import resolve
from engine.protocol import EventRow, Events, Health, ListEvents
from tui import clip, words
from tui.actions import bindings
from tui.filters.row_fields import ELSEWHERE
from tui.front import Front
from tui.panes.base import order
from tui.panes.held_events import Held
from tui.panes.listing import ListPane, no_match
from tui.panes.waiting import Waiting
from tui.places import EventsPlace
from tui.theme import Span
from tui.widgets.columns import Column
from tui.widgets.page_list import PageList
from tui.widgets.taking import Taking

EVERYTHING = EventsPlace("everything")
LATEST = 200
"""Events that are listed."""
_VALUES: dict[str, Callable[[EventRow], object]] = {
    "evt.type": attrgetter("type"),
    "evt.res": attrgetter("result"),
    "fd.name": attrgetter("target"),
    "proc.name": attrgetter("process"),
    "proc.pid": attrgetter("pid"),
}
"""What can be completed after these fields."""


class EventsPane(ListPane[EventRow]):
    """Events, the newest first; without a place those of everything."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("events")
    follows = ("processes", "alerts")
    of_time = "then"
    filter_help = "words, or: evt.type=openat and fd.name startswith /etc"

    def __init__(self, front: Front, id: str | None = None, place: EventsPlace = EVERYTHING) -> None:
        self._place = place
        super().__init__(front, id)
        self.share.takes = True
        self.list.follows = True
        self.held: Held | None = None
        """What a pause holds; None without one."""
        self._waiting = Waiting()
        """Events that came since the list stands still."""
        self._asked_at = 0
        """When the rows were asked for, by the sensor's clock."""

    @property
    def paused(self) -> bool:
        """Whether the list is frozen."""
        return self.held is not None

    def make_list(self) -> PageList[EventRow]:
        """When, what, who, with which result."""
        columns = _OF_ALL if self._place is EVERYTHING else _COLUMNS
        return PageList(self.source, columns, openable=lambda _row: False, command=clip.of_event, id="events")

    def key(self, row: EventRow) -> Hashable:
        """Its number."""
        return row.num

    def words_of(self, row: EventRow) -> str:
        """What is shown."""
        return f"{row.type} {row.process} {row.pid} {row.result} {row.summary} {row.container}"

    async def load(self) -> None:
        """Following: the newest. Otherwise what is shown stays, and what came since is counted."""
        if self.list.follows or not (self.rows or self.paused):
            self._asked_at = self.front.present()
            self._waiting = Waiting()
            await super().load()
            return
        if self.held is not None and not self.held.is_answered:
            await self._load_held(self.held)
        await self._count()
        self.show_state()

    async def _count(self) -> None:
        """Those that wait, by the filter in force."""
        waiting, sought = self._waiting, self.sought
        shown = max((row.num for row in self.rows), default=0)
        shown = max(shown, self.held.newest if self.held else 0)
        rows = await self.fetch()
        if not self.rows_are_old:
            waiting.add(sought, shown, (row.num for row in rows), LATEST)

    async def _load_held(self, held: Held) -> None:
        """What was there when the list was paused, by another filter than then."""
        sought = self.sought
        rows = held.known(sought)
        if rows is None:
            found = await self._ask(LATEST, held.at, sought)
            rows = await held.joined(found, sought, self.words_of, partial(self._ask, sheet.MOST, held.at))
            rows = rows[:LATEST]
        if self.held is held and self.sought == sought:
            held.is_answered = True
            self.rows = rows
            self.show_rows(sought)

    def stands_fast(self) -> bool:
        """Events that are held may be remembered nowhere else."""
        return self.paused or (not self.list.follows and bool(self.rows))

    def ticked(self) -> None:
        """What stays in the kernel has changed."""
        super().ticked()
        self.show_state()

    def travelled(self) -> None:
        """The events that were the latest then."""
        super().travelled()
        self._go_on()

    def action_follow(self) -> None:
        """Back to the newest, and stay there."""
        if self.front.travel.at:
            self.list.follows = True
            self.front.travel.now()
            return
        self._go_on()
        self.list.follows = True

    def action_pause(self) -> None:
        """Freeze the list; again: go on with the newest."""
        if self.stands_still():
            return
        if self.paused:
            self.action_follow()
        else:
            self.held = Held(self.sought, self.rows, self._asked_at)
            self.list.follows = False
            self.show_state()

    def _go_on(self) -> None:
        self.held = None
        self._waiting = Waiting()
        self.rows = ()
        self.show_state()
        self.loader.now()

    async def fetch(self) -> Sequence[EventRow]:
        """The events of the place that pass the filter: the sensor has more of them than the screen."""
        return await self._ask(LATEST, self.front.travel.at, self.sought)

    async def _ask(self, limit: int, until: int, sought: str) -> Sequence[EventRow]:
        place = self._place
        request = ListEvents(place.pid, place.start, place.container_id, limit=limit, filter=sought, until=until)
        return (await self.front.ask(request, Events)).rows

    def all_of(self, total: int) -> str:
        """More than are listed."""
        return f"all events that are remembered, {total:,} or more" if total >= LATEST else super().all_of(total)

    async def every_row(self, rows: Taking[Any]) -> AsyncIterator[EventRow]:
        """All that are remembered and pass the filter; where the list stands still none that came since."""
        until = self.rows[0].time if self.stands_fast() and self.rows else self.front.travel.at
        until = self.held.at if self.held and not self.rows else until
        for row in await self._ask(sheet.MOST, until, self.sought):
            yield row

    def apply_filter(self, text: str) -> None:
        """Ask again: paused, for what was there then."""
        if self.held is None:
            self.sought = text
            self._go_on()
            return
        self.held.leave(self.sought, self.rows)
        self.sought = text
        self.loader.now()

    def typing(self, text: str) -> None:
        """Nothing is asked before the filter is complete."""

    def test_of(self, text: str) -> Callable[[EventRow], bool]:
        """The sensor has chosen the rows; every field of the rules can be asked for."""
        _, text = split_inversion(text)
        if has_field(text):
            tree(text, resolve)
        else:
            refuse_unknown(text, known_fields(), ELSEWHERE)
        return lambda _row: True

    def has_more(self) -> bool:
        """Perhaps."""
        return True

    def field_names(self) -> Iterable[str]:
        """All of the rules'."""
        return known_fields()

    def values_of(self, field: str) -> Iterable[str]:
        """Those of the rows that are here."""
        read = _VALUES.get(field)
        return (str(read(row)) for row in self.rows) if read else ()

    @property
    def rows_are_old(self) -> bool:
        """Another filter is asked for, as of the pause."""
        return self.held is not None and not self.held.is_answered

    def placeholder(self) -> Sequence[Span]:
        """A pause holds what is on the screen; what else there was is not remembered for ever."""
        if self.paused and self.sought and not self.refused:
            return [("Nothing that is remembered of before the pause matches.", ""), *no_match(self)[1:]]
        return super().placeholder()

    def nothing(self) -> list[Span]:
        """Only what the rules in force ask for comes from the kernel, and only the latest is kept; around an alert
        also what is no longer among them."""
        if self.front.travel.at:
            kept = f"Those around an alert are kept: {self.navigator.keys.sign('alerts.events')} on it."
            return [("No event by then is remembered. ", "dim"), (kept, "dim")]
        return [("No events are kept of it. ", "dim"), ("Only those that rules in force ask for are seen.", "dim")]

    def standing(self) -> list[list[Span]]:
        """Where events of less are to be had, and which filter."""
        its_own = f"; {self.sign('view(4)')} on a container or a process: its own"
        hint: list[Span] = [*_whose(self.front.health), (its_own, "dim")]
        if self.front.travel.at:
            return super().standing()
        follows, waits = self.list.follows or not self.rows, self._waiting.by(self.sought)
        order_of = order(self, self.paused, waits.number, "event", follows=follows, is_least=waits.is_least)
        if len(self.rows) >= LATEST:
            hint.append((f"; the latest {LATEST}", "dim"))
        return [order_of or (hint if self._place is EVERYTHING else []), *super().standing()]


_SOME = 0.001
"""Share of events that stayed in the kernel from which on "everything" would be wrong."""


def _whose(health: Health | None) -> list[Span]:
    """All that happens, or only what the rules ask for."""
    if health is None or health.kept_back < _SOME:
        return [("of everything", "strong")]
    kept_back = f": {100 * health.kept_back:.1f} % stay in the kernel"
    return [("what rules ask for", "strong"), (kept_back, "dim")]


def _time(row: EventRow) -> list[Span]:
    return [(words.moment(row.time)[11:], "dim")]


def shown_type(row: EventRow) -> list[Span]:
    """What happened, or that nobody knows what did."""
    return [("✗ lost", "bad")] if row.kind == "gap" else [(row.type, "accent")]


def pid(row: EventRow) -> list[Span]:
    """The process; none of what is missing from elsewhere."""
    return [(str(row.pid), "dim")] if row.pid or row.kind != "gap" else []


def shown_result(row: EventRow) -> list[Span]:
    """The result; a failed one stands out."""
    return [(row.result, "warn" if row.result.startswith("E") else "dim")]


def what(row: EventRow) -> list[Span]:
    """The summary without what other columns have: the event's type before it, the result after it."""
    text = row.summary.removeprefix(row.type)
    tone = "bad" if row.kind == "gap" else ""
    return [((text.removesuffix(f"→ {row.result}") if row.result else text).strip(), tone)]


def _container(row: EventRow) -> list[Span]:
    """Its name; its short id where only that is known. A gap says in words whose it is."""
    return [(row.container or row.container_id[:12], "")] if row.kind != "gap" else []


_COLUMNS: list[Column[EventRow]] = [
    Column("Time", 12, _time, exact=lambda row: words.stamp(row.time)),
    Column("Event", 12, shown_type),
    Column("Pid", 7, pid, right=True),
    Column("Process", 10, lambda row: [(row.process, "")], share=1),
    Column("Result", 8, shown_result),
    Column("What", 16, what, share=4),
]
_AFTER_PROCESS = 4
_CONTAINER: Column[EventRow] = Column("Container", 10, _container, share=1, from_width=110)
_OF_ALL = [*_COLUMNS[:_AFTER_PROCESS], _CONTAINER, *_COLUMNS[_AFTER_PROCESS:]]
"""Of one container or process all rows would have the same."""

"""The frame around every view: health above, then where you are, and the keys below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Static

from engine.events import Phase
from engine.protocol import Pulse
from tui import words
from tui.actions import bindings
from tui.dialogs.menu import Item, MenuScreen, items_of
from tui.front import Front, Link
from tui.navigation import Navigator
from tui.panes.base import Pane, lacks
from tui.places import Place
from tui.theme import content
from tui.widgets.backdrop import Backdrop
from tui.widgets.health_line import HealthLine
from tui.widgets.key_line import KeyLine
from tui.widgets.page_list import PageList
from tui.widgets.tab_line import TabLine
from tui.widgets.time_bar import TimeBar
from tui.workers import start


@dataclass(frozen=True, slots=True)
class Tab:
    """A view in a frame. ``make`` is called once, with the front and ``id``."""

    id: str
    title: str
    make: Callable[[Front, str], Pane]
    key: str = ""
    """The key that leads to it, shown before the title."""

    @property
    def label(self) -> str:
        """As the tab line has it."""
        return f"{self.key} {self.title}".lstrip()


class Views(ContentSwitcher, Backdrop):
    """The tab in front."""


class Frame(Screen[None], Backdrop):
    """A screen of one or more tabs; only the one in front asks the sensor for anything."""

    AUTO_FOCUS = ""
    place: Place | None = None
    """What it is the inside of, None for the main views."""
    BINDINGS: ClassVar[list[BindingType]] = bindings("tabs")

    def __init__(self, front: Front, tabs: Sequence[Tab], trail: Sequence[str] = (), view: str = "") -> None:
        super().__init__()
        self.front = front
        self.trail = trail
        self.tabs = tabs
        self._panes: dict[int, Pane] = {}
        """By the place of their tabs, those that were gone to."""
        self.index = self.place_of(view) or 0
        self.is_ready = False
        """Whether the keys of the pane in front work already."""
        self.tab_line = TabLine([tab.label for tab in tabs], trail)
        self.time_bar = TimeBar(front)
        self.banner = Static(markup=False, id="banner")

    @property
    def pane(self) -> Pane:
        """The pane in front."""
        return self._pane_at(self.index)

    @property
    def panes(self) -> list[Pane]:
        """Those that were gone to, in the order of their tabs."""
        return [self._panes[index] for index in sorted(self._panes)]

    def _pane_at(self, index: int) -> Pane:
        """Made when it is gone to first: a place opens as soon as one with a single tab."""
        if index not in self._panes:
            tab = self.tabs[index]
            self._panes[index] = tab.make(self.front, tab.id)
        return self._panes[index]

    @property
    def view(self) -> str:
        """The id of the tab in front."""
        return self.tabs[self.index].id

    def place_of(self, view: str) -> int | None:
        """Where the tab with this id is, None without one."""
        return next((index for index, tab in enumerate(self.tabs) if tab.id == view), None)

    @property
    def _navigator(self) -> Navigator:
        return cast("Navigator", self.app)

    @property
    def title_in_trail(self) -> str:
        """How a drill-down from here names this place."""
        return self.trail[-1] if self.trail else self.tabs[self.index].title

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield HealthLine(self.front)
        yield self.tab_line
        yield self.banner
        with Views(initial=self.view):
            yield self.pane
        self.time_bar.display = self.front.travel.on
        yield self.time_bar
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin with the first tab."""
        self.link_changed()
        self.show_tab(self.index)
        self.call_after_refresh(self._focus_first)  # its widgets are there only then

    def _focus_first(self) -> None:
        """Somebody may have gone on to another tab, or begun to type."""
        if self.focused is None or self.pane not in self.focused.ancestors:
            self.pane.focus_content()
        self.is_ready = True

    async def _mount_pane(self, pane: Pane) -> None:
        if pane.parent is None and self.is_attached:
            pane.display = False
            await self.query_one(Views).mount(pane)

    def on_screen_resume(self) -> None:
        """Back in front: drawn as it was, at once, then with what is new. Textual would draw it a moment later, behind
        all that the sensor is asked for and says."""
        self.call_next(self._resumed)

    def _resumed(self) -> None:
        if self.is_ready:
            self._on_timer_update()
        self.link_changed()
        self.time_bar.display = self.front.travel.on
        self.pane.wake()

    async def bring(self, index: int) -> None:
        """Bring a tab to the front, complete: the next key is meant for it."""
        await self._mount_pane(self._pane_at(index % len(self.tabs)))
        self.show_tab(index)

    def show_tab(self, index: int) -> None:
        """Bring a tab to the front."""
        self.index = index % len(self.tabs)
        if not self.is_mounted and not self.query(Views):
            return  # it is being made, and begins there
        self.tab_line.active = self.index
        switcher = self.query_one(Views)
        if self.pane.parent is None:
            switcher.mount(self.pane)
        switcher.current = self.tabs[self.index].id
        self.pane.unpick()
        self.pane.wake()
        self.pane.focus_content()
        if not self.pane.children:
            self.call_after_refresh(self._focus_first)  # its widgets are there only then

    def forget(self) -> None:
        """The sensor has another store than before."""
        for pane in self.panes:
            pane.forget()

    def travelled(self) -> None:
        """Another time is looked at, or how it goes on."""
        self.time_bar.display = self.front.travel.on
        self.time_bar.refresh()
        self.pane.follow_time()

    @on(PageList.MenuWanted)
    def _menu(self, event: PageList.MenuWanted) -> None:
        event.stop()
        self.app.push_screen(MenuScreen(items_of(self, lacks), event.place), self._chosen)

    def _chosen(self, item: Item | None) -> None:
        if item is not None:
            self.run_worker(self.app.run_action(item.binding.action, item.node), group="menu")

    async def action_next_tab(self) -> None:
        """The tab to the right."""
        await self.bring(self.index + 1)

    async def action_previous_tab(self) -> None:
        """The tab to the left."""
        await self.bring(self.index - 1)

    def pulsed(self, pulse: Pulse) -> None:
        """Hand a pulse to the pane in front."""
        self.pane.pulsed(pulse)

    def ticked(self) -> None:
        """A second has passed; it may be before the frame is composed."""
        for line in self.query(HealthLine):
            line.refresh()
        self.pane.ticked()

    def link_changed(self) -> None:
        """The sensor's state is another: say it at the top."""
        gone, failed = self.front.link is Link.GONE, self.front.phase is Phase.FAILED
        for pane in self.panes if gone else ():
            pane.lose()
        self.banner.display = gone or failed
        if self.banner.display:
            self.banner.update(self._farewell() if gone else self._failure())
        for line in self.query(HealthLine):
            line.refresh()

    def _failure(self) -> Content:
        """The sensor is there, but nothing comes to it any more: no list may look as if all were quiet."""
        detail = self.front.health.detail if self.front.health else ""
        return content(("✗ Nothing more is seen: ", "bad"), (detail, "strong"))

    def _farewell(self) -> Content:
        seen = self.front.health
        last = f"What you see is the last that was known, of {words.moment(seen.time)}." if seen else ""
        leave = f"{self._navigator.keys.sign('everywhere.quit')} quits"
        times = f" ({words.plural(self.front.attempts, 'attempt')})" if self.front.attempts else ""
        rows = [("✗ The sensor is gone: ", "bad"), (f"{self.front.reason}. ", "strong")]
        return content(
            *rows,
            (f"{last}\n", ""),
            (f"◌ looking for it again{times}   " if self.front.tries_again else "", "warn"),
            (f"{self.front.hint}   " if self.front.hint else "", "accent"),
            (leave, "dim"),
        )

    @on(TabLine.Chosen)
    def _tab_chosen(self, event: TabLine.Chosen) -> None:
        self.show_tab(event.index)

    @on(TabLine.Returned)
    def _returned(self, event: TabLine.Returned) -> None:
        self._navigator.go_back(event.steps)


class DrillDown(Frame):
    """A frame on top of another: Esc leads back."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("inside")

    def action_back(self) -> None:
        """Back to where you came from."""
        self._navigator.go_back(1)


class MainFrame(Frame):
    """The frame with the main views, all of which are there soon after the first is seen."""

    def on_mount(self) -> None:
        """Also make the others."""
        super().on_mount()
        self.call_after_refresh(lambda: start(self, self._mount_all, group="panes", name="panes"))

    async def _mount_all(self) -> None:
        with self.app.batch_update():
            for index in range(len(self.tabs)):
                await self._mount_pane(self._pane_at(index))

    def link_changed(self) -> None:
        """Also show how much there is, beside the titles: counts come with the health."""
        super().link_changed()
        if health := self.front.health:
            counts = {"alerts": health.alerts, "containers": health.containers}
            self.tab_line.badges = tuple(words.count(counts[tab.id]) if counts.get(tab.id) else "" for tab in self.tabs)

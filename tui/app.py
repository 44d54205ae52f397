"""The application: it holds the front, opens places, and hands on what the sensor pushes.

The first paint waits for nothing: the connection is made by a worker, and "connecting" and "loading probes" are
states that the screen shows like any other.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

from textual.app import SystemCommand
from textual.binding import BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Event, Key
from textual.message import Message
from textual.screen import Screen

from engine.errors import TiercelError
from engine.events import Phase
from engine.protocol import Control, Done, Pulse, Reload
from tui.actions import bindings, sign
from tui.dialogs.help import HelpScreen
from tui.frame import Frame
from tui.frames import frame_for, has_view, main_frame
from tui.front import Connect, Front, Link
from tui.garbage import GLANCE, Garbage
from tui.keys import faults as key_faults
from tui.keys.keyboard import Keyboard
from tui.keys.keymap import DEFAULT, Keys
from tui.loader import can_wait
from tui.other_store import forget, leave
from tui.panes import PANES
from tui.panes.base import lacks
from tui.panes.rules import RulesPane
from tui.passing import Passing
from tui.places import Place
from tui.suspending import Suspending
from tui.theme import TIERCEL, TIERCEL_LIGHT, theme_meant, tone_variables
from tui.travelling import IN_TIME, Travelling
from tui.typeahead import TypeAhead
from tui.words import reload_words
from tui.workers import start

_WIDTHS: list[tuple[int, str]] | None = [(0, "-narrow"), (120, "-wide")]
"""From 120 columns on a selection is explained beside its list, not below, …"""
_HEIGHTS: list[tuple[int, str]] | None = [(0, "-short"), (18, "-tall")]
"""… and there not on fewer than 18 lines: the list needs them."""
INTERRUPTED = 130
"""The return code after Ctrl-C, as shells have it: 128 and the signal's number."""
_NOT_LISTED = {"interrupt"}
"""What the palette leaves out: it is ``quit`` by another key."""
_GRACE = 0.3
"""Seconds after another program had the terminal in which a signal may still be meant for it."""
_LONG = 15.0
"""Seconds for what nobody waits for and somebody must read."""
_QUIET = 3.0
"""Seconds without a pulse's health after which we ask for it."""


class TiercelApp(Travelling, Suspending, Passing):
    """The TUI on any sensor. ``connect`` is called in the background; ``title`` names the terminal's window. ``waits``
    are those of :class:`tui.front.Front`: with them ``connect`` is called again when the sensor is gone.

    ``keys`` are those in force, ``faults`` what was wrong with those that are not. ``clock`` gives seconds. With
    ``garbage`` the process is the application's alone, and it says when to look for garbage.
    """

    CSS_PATH = "tiercel.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("everywhere"), *bindings("time")]
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS

    class Pulsed(Message):
        """The sensor pushed a pulse. A newer one replaces one that is still queued."""

        def __init__(self, pulse: Pulse) -> None:
            super().__init__()
            self.pulse = pulse

        def can_replace(self, message: Message) -> bool:
            """Only the newest matters: its numbers include the others'."""
            return isinstance(message, TiercelApp.Pulsed)

    class Reloaded(Message):
        """The rule files were read again. Each is told: it is in no later pulse."""

        def __init__(self, reload: Reload) -> None:
            super().__init__()
            self.reload = reload

    class LinkChanged(Message):
        """The sensor's health or our connection to it is another."""

        def can_replace(self, message: Message) -> bool:
            """Once is enough."""
            return isinstance(message, TiercelApp.LinkChanged)

    def __init__(
        self,
        connect: Connect,
        *,
        title: str = "Tiercel",
        keys: Keys = DEFAULT,
        faults: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
        garbage: Garbage | None = None,
        waits: Sequence[float] = (),
    ) -> None:
        super().__init__()
        self.keys = keys
        self.set_keymap(keys.changed)
        self.ahead = TypeAhead(self, keys, super().on_event)
        self._faults = faults
        """What is wrong with the keys that were configured."""
        self.front = Front(
            connect,
            changed=lambda: self._post(self.LinkChanged()),
            pulsed=self._pulsed,
            clock=clock,
            waits=waits,
        )
        self.title = title
        self._garbage = garbage
        self._lent = False
        """Another program has the terminal."""
        self._aged_at = 0.0
        """When ages were drawn last."""
        self._phase: Phase | None = None
        """The phase for which the footer was drawn."""
        self.register_theme(TIERCEL)
        self.register_theme(TIERCEL_LIGHT)
        self.set_reactive(TiercelApp.theme, "")  # Textual has read TEXTUAL_THEME, too: what is no change is not applied
        self.theme = theme_meant(self.available_themes)

        self.front.travel.changed = self._travelled
        self.front.on_other_store = lambda: leave(self)

    def _travelled(self) -> None:
        if self.frame is not None:
            self.frame.travelled()

    def _post(self, message: Message) -> None:
        self.post_message(message)

    def _pulsed(self, pulse: Pulse) -> None:
        self._post(self.Pulsed(pulse))
        if pulse.reload is not None:
            self._post(self.Reloaded(pulse.reload))

    def get_driver_class(self) -> type[Driver]:
        """On a terminal our own."""
        usual = super().get_driver_class()
        return Keyboard if usual is LinuxDriver else usual

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The tones, in the colours of the theme that is in force."""
        return tone_variables(self.current_theme)

    def get_default_screen(self) -> Screen[None]:
        """The main views."""
        return main_frame(self.front, self.keys)

    def on_mount(self) -> None:
        """Connect behind the first paint."""
        super().on_mount()
        start(self, self._connect, name="connection")
        if faults := self._faults:
            title, text = key_faults.heading(faults), key_faults.text(faults)
            self.notify(text, title=title, markup=False, severity="warning", timeout=_LONG)
        self.seconds = self.set_interval(1.0, self._tick)

    async def _connect(self) -> None:
        await self.front.open()
        self._wake()
        await self.front.watch()
        while self.front.tries_again:
            await self.front.reopen()
            self.tell(forget(self) if self.front.has_other_store else "The sensor is there again.")
            self._wake()
            await self.front.watch()

    async def on_unmount(self) -> None:
        """Let go of the sensor."""
        await self.front.close()

    # ── what the sensor pushes ───────────────────────────────────────────────────────────────────────────────────

    @property
    def frame(self) -> Frame | None:
        """The frame in front, also while help or the palette lie over it."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Frame)), None)

    def on_tiercel_app_pulsed(self, message: Pulsed) -> None:
        """Hand it to the frame in front."""
        if self.frame is not None:
            self.frame.pulsed(message.pulse)

    def on_tiercel_app_reloaded(self, message: Reloaded) -> None:
        """Say what is new in the rules or wrong with them: in the view of the rules, elsewhere in passing."""
        mark, tone, text = reload_words(message.reload)
        if self.frame is not None and isinstance(self.frame.pane, RulesPane):
            self.frame.pane.say((f"{mark} {text}", tone))
        else:
            self.notify(text, markup=False, severity="error" if message.reload.problems else "information")

    def on_tiercel_app_link_changed(self) -> None:
        """Say it; what can be done may be another, too."""
        if self.frame is not None:
            self.frame.link_changed()
        if self.front.phase is not self._phase:
            self._phase = self.front.phase
            self.refresh_bindings()

    def _wake(self) -> None:
        if self.frame is not None:
            self.frame.pane.wake()

    def _tick(self) -> None:
        if self._garbage is not None:
            self._garbage.look(time.monotonic(), self.front.pressed_at, home=self._is_home)
        if self.frame is not None and self._can_age():
            self.frame.ticked()
        if self.front.link is Link.UP and not self.front.patience and self.front.health_age > _QUIET:
            start(self, self.front.check, group="health", exclusive=True)

    def _can_age(self) -> bool:
        """Ages are drawn each second, and less often while somebody types."""
        now = time.monotonic()
        if can_wait(now, self.front.pressed_at, self._aged_at):
            return False
        self._aged_at = now
        return True

    # ── keys that are typed ahead ────────────────────────────────────────────────────────────────────────────────

    async def on_event(self, event: Event) -> None:
        """Keys wait for their turn; while somebody is at work, what is pushed can wait for a moment."""
        if isinstance(event, Key):
            self.front.pressed_at = time.monotonic()
        if self.ahead.takes(event):
            await self.ahead.go_on()
        else:
            await super().on_event(event)

    async def on_type_ahead_passed(self, message: TypeAhead.Passed) -> None:
        """A key has done what it does."""
        await self.ahead.passed(message)

    async def on_type_ahead_glance(self) -> None:
        """What a key waits for may be there."""
        await self.ahead.glance()

    def opens(self, work: Callable[[], Awaitable[None]]) -> Callable[[], Coroutine[Any, Any, None]]:
        """Work at the end of which something is open."""
        return self.ahead.opens(work)

    def pressed_at(self) -> float:
        """It may have waited since."""
        return self.ahead.pressed_at

    # ── getting about ────────────────────────────────────────────────────────────────────────────────────────────

    def visit(self, place: Place, view: str = "") -> None:
        """Open a place on top of what is shown; ``view`` is the tab to begin with. Of the place one is in it is brought
        to the front."""
        if self.frame is not None and self.frame.place == place:
            self._stay(self.frame, view)
            return
        trail = [screen.title_in_trail for screen in self.screen_stack if isinstance(screen, Frame)]
        self.push_screen(frame_for(self.front, place, trail, view))

    def _stay(self, frame: Frame, view: str) -> None:
        tab = (frame.place_of(view) or 0) if view else 0
        if tab == frame.index:
            self.tell(f"This is {frame.title_in_trail} already.")
        else:
            frame.show_tab(tab)

    def show(self, view: str) -> bool:
        """Bring a tab of the frame in front to the front."""
        frame = self.frame
        tab = frame.place_of(view) if frame is not None else None
        if frame is None or tab is None:
            return False
        frame.show_tab(tab)
        return True

    @contextmanager
    def lend(self) -> Iterator[None]:
        """Let another program have the terminal meanwhile: what is pressed there is not meant for us."""
        with self.batch_update(), self.suspend():
            self._lent = True
            try:
                yield
            finally:
                self.set_timer(_GRACE, self._take_back)
        self.refresh(layout=True)

    def _take_back(self) -> None:
        self._lent = False

    def go_back(self, steps: int) -> None:
        """Close so many frames, but never the main one."""
        for _ in range(min(steps, len(self.screen_stack) - 1)):
            self.pop_screen()
        self.set_timer(1.5 * GLANCE, self._tidy)

    def _tidy(self) -> None:
        if self._garbage is not None:
            self._garbage.left(time.monotonic(), self.front.pressed_at)

    @property
    def _is_home(self) -> bool:
        return len(self.screen_stack) == 1

    async def action_back(self) -> None:
        """Back to where you came from; from the main views there is nowhere to go."""
        self.go_back(1)

    async def action_view(self, number: int) -> None:
        """A view of what is selected; else that of the place one is in; the view one is in leads to all there is."""
        view, frame = PANES[number - 1].id, self.frame
        if frame is None:
            return
        picked = frame.pane.picked()
        if picked is not None and view != frame.view and has_view(picked, view):
            self.visit(picked, view)
        elif view != frame.view and (tab := frame.place_of(view)) is not None:
            await frame.bring(tab)
        else:
            await self._show_all(number - 1)

    async def _show_all(self, index: int) -> None:
        self.go_back(len(self.screen_stack) - 1)
        if self.frame is not None:
            await self.frame.bring(index)

    def action_help(self) -> None:
        """All keys, first those that work here."""
        ids = (active.binding.id or "" for active in self.screen.active_bindings.values())
        absent = self.frame.pane.absent() if self.frame is not None else ()
        self.push_screen(HelpScreen(self.keys, {id.partition(".")[0] for id in ids}, absent))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a replay can stand still, or another time that is looked at."""
        if action == "pause_replay":
            return self.front.phase is Phase.REPLAYING or self.can_travel()
        if action in IN_TIME:
            return self.can_travel()
        return super().check_action(action, parameters)

    def action_pause_replay(self) -> None:
        """Hold the replay, or the time that is looked at, or let it go on."""
        if self.can_travel():
            self.play_or_hold()
            return
        start(self, self._pause_replay, group="replay", exclusive=True)

    async def _pause_replay(self) -> None:
        paused = not self.front.replay_paused
        try:
            await self.front.ask(Control(paused=paused), Done)
        except TiercelError as error:
            self.tell(error.message)
        else:
            self.front.pause_replay(paused)

    def action_interrupt(self) -> None:
        """Quit, whatever has the focus; but not while another program has the terminal."""
        if not self._lent:
            self.exit(return_code=INTERRUPTED)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The actions that work here and now, then themes and a screenshot."""
        seen: set[str] = set()
        for node, binding, enabled, help_text in screen.active_bindings.values():
            if help_text and enabled and binding.action not in seen | _NOT_LISTED and not lacks(node, binding.action):
                seen.add(binding.action)
                run = partial(self.run_action, binding.action, node)
                yield SystemCommand(help_text, f"key {binding.key_display or sign(binding.key)}", run)
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
        for name in self.available_themes:
            yield SystemCommand(f"Theme {name}", "Change the colours", partial(setattr, self, "theme", name), False)
        yield SystemCommand("Screenshot", "Save the screen as SVG", self._save_screen)

    def _save_screen(self) -> None:
        self.set_timer(0.1, self.deliver_screenshot)

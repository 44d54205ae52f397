"""Keys that are typed ahead: each is looked at once the one before it has done what it does.

A key makes its way through the widgets as messages, and what it opens may have to be asked for. The next one would
overtake it, and act where it was not meant to: on the list from which something is just being opened. So it waits for a
moment, :data:`PATIENCE` at most: whoever sees that nothing happens wants their keys to work where they are.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.events import Event, Key
from textual.message import Message

from tui.frame import Frame
from tui.keys.chords import Chord
from tui.panes.base import Pane, view_of
from tui.widgets.page_list import PageList

if TYPE_CHECKING:
    from tui.keys.keymap import Keys

PATIENCE = 1.0
"""Seconds that a key waits at most."""
_GLANCE = 0.01
"""Seconds after which it is looked at again."""
_ROUNDS = 3
"""So often what a key sets off may send a message on until it is done: an input to its bar, the bar to its view."""
_FETCHING = frozenset({"load", "pages", "marks"})
"""The groups of workers that bring rows, or mark them."""


class TypeAhead:
    """The keys of an application. ``deal`` does what one does; ``patience`` of 0 lets no key wait."""

    class Passed(Message):
        """Goes the way of a key behind it, and is back at the application when it was there."""

        def __init__(self, key: Key, round: int = 1) -> None:
            super().__init__()
            self.key = key
            self.round = round

    class Glance(Message):
        """A key is to be looked at again."""

    def __init__(self, app: App[Any], keys: Keys, deal: Callable[[Event], Awaitable[None]]) -> None:
        self._app = app
        self._keys = keys
        self._deal = deal
        self.patience = PATIENCE
        self._typed: deque[Key] = deque()
        self._under_way: Key | None = None
        """The key that makes its way through the widgets."""
        self._opening: set[object] = set()
        """What was asked for to be opened, and is not there yet."""
        self._glances = 0
        """How often the first key was looked at again: on a machine that is busy with others it waits longer."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def pressed_at(self) -> float:
        """When the key was pressed that is being dealt with, by time.monotonic(); without one that is now."""
        return self._under_way.time if self._under_way is not None else time.monotonic()

    @property
    def is_waiting(self) -> bool:
        """Whether any key waits, or is on its way."""
        return bool(self._typed) or self._under_way is not None

    def takes(self, event: Event) -> bool:
        """Whether it is a key that waits for its turn. That to quit from anywhere never does."""
        if not isinstance(event, Key) or event.is_forwarded or event.key in self._keys.written("everywhere.interrupt"):
            return False
        self._typed.append(event)
        return True

    async def go_on(self) -> None:
        """Deal with the keys as far as none has to wait."""
        while self._typed and self._app.screen_stack:
            if self._has_to_wait(self._typed[0]) and not self._is_out_of_patience():
                self._look_again()
                return
            self._glances = 0
            key = self._typed.popleft()
            if isinstance(key, Chord):
                self._typed.extendleft(reversed(key.keys(self._app.screen.active_bindings)))
            else:
                await self._send(key)

    async def glance(self) -> None:
        """Time has passed."""
        self._timer = None
        self._glances += 1
        await self.go_on()

    def _look_again(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_GLANCE, self._app.post_message, self.Glance())

    async def _send(self, key: Key) -> None:
        target = self._app.focused or self._app.screen
        await self._deal(key)
        if key.is_forwarded and target.post_message(self.Passed(key)):
            self._under_way = key

    async def passed(self, message: Passed) -> None:
        """A key has been everywhere. If another waits, what came of this one is waited for, too."""
        if message.key is not self._under_way or not self._app.screen_stack:
            return  # it took too long, or was to quit
        target = self._app.focused or self._app.screen
        again = self._typed and message.round < _ROUNDS
        if not again or not target.post_message(self.Passed(message.key, message.round + 1)):
            self._under_way = None
            await self.go_on()

    def opens(self, work: Callable[[], Awaitable[None]]) -> Callable[[], Coroutine[Any, Any, None]]:
        """The same work, which opens something: keys wait for it from now on."""
        self._opening.add(work)

        async def opening() -> None:
            try:
                await work()
            finally:
                self._opening.discard(work)

        return opening

    def _is_out_of_patience(self) -> bool:
        if self._glances * _GLANCE < self.patience:
            return False
        self._under_way = None
        self._opening.clear()
        return True

    def _has_to_wait(self, key: Key) -> bool:
        screen = self._app.screen
        is_there = screen.is_mounted and not (isinstance(screen, Frame) and not screen.is_ready)
        return self._under_way is not None or bool(self._opening) or not is_there or self._lacks_rows(key.key)

    def _lacks_rows(self, key: str) -> bool:
        """Whether a key is about rows that are on their way."""
        rows = self._app.focused
        pane = next((node for node in rows.ancestors if isinstance(node, Pane)), None) if rows is not None else None
        if not isinstance(rows, PageList) or pane is None:
            return False
        workers = (each for each in self._app.workers if each.node in (rows, pane) and not each.is_finished)
        coming = {worker.group for worker in workers} & _FETCHING
        if not coming:
            return False
        action = self._keys.action((view_of(pane), "list"), key)
        lacks_row = not rows.is_here or pane.rows_are_old or "marks" in coming
        lacks_rows = not rows.total or pane.rows_are_old  # the first of those that come is not the first of these
        return action is not None and {"row": lacks_row, "rows": lacks_rows, "list": False}[action.about]

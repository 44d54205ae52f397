"""The addresses of the host names that rules mention, asked of this machine's resolver.

An event must never wait for a name server. So the names are resolved here, beside the events, again and again: soon
after something changed, ever more rarely while nothing does. A name whose resolver fails keeps the addresses it had.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence

from engine.contracts import Emit
from engine.events import HostNames
from engine.protocol import ProbeRow

SOONEST, LATEST = 10.0, 320.0
"""Seconds between two rounds: right after a change, and when nothing has changed for long."""
PATIENCE = 2.0
"""Seconds after which a round is told, whoever has not answered; a later answer is told when it comes."""
AT_ONCE = 64
"""Names that are asked for at the same time: more than rules mention, as a name server that is away takes long for
each."""

Resolve = Callable[[str], Sequence[str]]
"""The addresses of a name; blocks. Raises OSError when there are none."""


def addresses_of(name: str) -> Sequence[str]:
    """IPv4 and IPv6 addresses, by the machine's own rules (files, DNS). Raises OSError."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return sorted({str(answer[4][0]) for answer in found})


class HostNameSource:
    """Emits :class:`engine.events.HostNames` whenever an answer differs from the one before.

    ``wanted`` gives the names that the rules in force mention.
    """

    name = "host names"
    own_events = 0

    def __init__(
        self,
        resolve: Resolve = addresses_of,
        *,
        soonest: float = SOONEST,
        latest: float = LATEST,
        patience: float = PATIENCE,
        at_once: int = AT_ONCE,
    ) -> None:
        self.wanted: Callable[[], Collection[str]] = frozenset
        self._resolve = resolve
        self._soonest, self._latest, self._patience = soonest, latest, patience
        self._answers: dict[str, list[str]] = {}
        self._told: dict[str, list[str]] = {}
        self._asking: set[str] = set()
        self._slots = asyncio.Semaphore(at_once)
        self._changed = asyncio.Event()

    async def run(self, emit: Emit) -> None:
        """Resolve until cancelled."""
        pause = self._soonest
        async with asyncio.TaskGroup() as asking:
            while True:
                self._changed.clear()
                late = await self._round(asking)
                pause = self._soonest if self._tell(emit) else min(pause * 2, self._latest)
                for task in late:
                    task.add_done_callback(lambda _: self._tell(emit))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._changed.wait()

    def select(self, event_types: Collection[str], *, narrows: bool = False) -> None:
        """The rules have changed: look at once whether they mention other names."""
        self._changed.set()

    def statistics(self) -> list[ProbeRow]:
        """Nothing is counted."""
        return []

    def _tell(self, emit: Emit) -> bool:
        """Emit what is known of the names wanted now, if that is new."""
        known = {name: self._answers[name] for name in sorted(self.wanted()) if name in self._answers}
        if known == self._told:
            return False
        self._told = known
        emit([HostNames(time=time.time_ns(), addresses=known)])
        return True

    async def _round(self, asking: asyncio.TaskGroup) -> set[asyncio.Task[None]]:
        """Ask for every name that is not being asked for; who has not answered in time."""
        names = sorted(set(self.wanted()) - self._asking)
        self._asking.update(names)
        tasks = [asking.create_task(self._ask(name)) for name in names]
        if not tasks:
            return set()
        _, late = await asyncio.wait(tasks, timeout=self._patience)
        return late

    async def _ask(self, name: str) -> None:
        """Wait for a slot, ask and take the answer; names that do wait are asked however long a round takes."""
        async with self._slots:
            found = await self._answer(name)
        self._asking.discard(name)
        if found:
            self._answers[name] = list(found)

    async def _answer(self, name: str) -> Sequence[str]:
        """Resolve one name in a thread of its own: it may hang for long, and must not delay our end."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Sequence[str]] = loop.create_future()

        def take(found: Sequence[str]) -> None:
            if not answered.done():
                answered.set_result(found)

        def work() -> None:
            try:
                found = self._resolve(name)
            except (OSError, UnicodeError):  # no such name, no name server; no name at all
                found = ()
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(take, found)

        threading.Thread(target=work, name="resolver", daemon=True).start()
        return await answered

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
PATIENCE = 5.0
"""Seconds after which a round is told, whoever has not answered."""
AT_ONCE = 8
"""Names that are asked for at the same time."""

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
    ) -> None:
        self.wanted: Callable[[], Collection[str]] = frozenset
        self._resolve = resolve
        self._soonest, self._latest, self._patience = soonest, latest, patience
        self._answers: dict[str, list[str]] = {}
        self._told: dict[str, list[str]] = {}
        self._asking: set[str] = set()
        self._changed = asyncio.Event()

    async def run(self, emit: Emit) -> None:
        """Resolve until cancelled."""
        pause = self._soonest
        while True:
            self._changed.clear()
            await self._round()
            pause = self._soonest if self._tell(emit) else min(pause * 2, self._latest)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    def select(self, event_types: Collection[str]) -> None:
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

    async def _round(self) -> None:
        """Ask for every name once. Who does not answer in time is told of by the round after its answer."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def ask(name: str) -> None:
            async with slots:
                await self._ask(name)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                await asyncio.gather(*(ask(name) for name in sorted(set(self.wanted()) - self._asking)))

    async def _ask(self, name: str) -> None:
        """Resolve one name in a thread of its own: it may hang for long, and must not delay our end."""
        loop = asyncio.get_running_loop()
        answered = loop.create_future()

        def take(found: Sequence[str]) -> None:
            self._asking.discard(name)
            if found:
                self._answers[name] = list(found)
            if not answered.done():
                answered.set_result(None)

        def work() -> None:
            try:
                found = self._resolve(name)
            except (OSError, UnicodeError):  # no such name, no name server; no name at all
                found = ()
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(take, found)

        self._asking.add(name)
        threading.Thread(target=work, name="resolver", daemon=True).start()
        await answered

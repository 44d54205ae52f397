"""The front end's end of the wire: one sensor, and what is known of it.

Panes ask through :meth:`Front.ask`, which gives the kind of answer they expect or raises: :class:`RefusedError` with
the sensor's reason, :class:`GoneError` when there is no sensor any more. That it is gone is said once, by the frame.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum, auto
from typing import Any, Protocol, TypeVar

from engine.alerts import Alert
from engine.errors import ProtocolError, TiercelError
from engine.events import Phase
from engine.protocol import Answer, Failure, GetHealth, Health, HealthReply, Pulse, Request, Welcome
from engine.service.client import SensorGone
from tui.filters.along import Along
from tui.marks import Mark
from tui.travel import Travel

A = TypeVar("A", bound=Answer)


class Sensor(Protocol):
    """What the screen needs of a sensor, near or far: :class:`engine.service.client.Client` has it."""

    on_pulse: Callable[[Pulse], None] | None
    """Called in the event loop with each pulse."""
    welcome: Welcome
    """What it said at the start."""

    def ask(self, request: Any, /) -> Awaitable[Any]:
        """The reply to a :data:`~engine.protocol.Request`.

        Raises TiercelError with the sensor's reason when it cannot be done, SensorGone when the sensor is no more.
        """

    async def wait_closed(self) -> TiercelError:
        """Wait until the sensor is gone, and say why."""

    async def close(self) -> None:
        """Let go of the sensor; a private one ends."""


Connect = Callable[[], Awaitable[Sensor]]


class GoneError(TiercelError):
    """There is no sensor to ask."""


class RefusedError(TiercelError):
    """The sensor answered with a reason why not."""


class Link(Enum):
    """Where we stand with the sensor."""

    CONNECTING = auto()
    UP = auto()
    GONE = auto()


class Front:
    """One sensor for the life of the application. ``changed`` is called after every change of state.

    ``clock`` gives seconds: how old what is known has become since it was told. ``waits`` are the seconds before each
    attempt to reach a sensor again that is gone, the last of them before all further ones; without any it is gone for
    good.
    """

    def __init__(
        self,
        connect: Connect,
        changed: Callable[[], None],
        pulsed: Callable[[Pulse], None],
        clock: Callable[[], float] = time.monotonic,
        waits: Sequence[float] = (),
    ) -> None:
        self._connect = connect
        self.on_other_store: Callable[[], None] = lambda: None
        """Called when a sensor that is there again has another store, before anything is asked of it."""
        self._waits = waits
        self._there = asyncio.Event()
        self._changed = changed
        self._pulsed = pulsed
        self._clock = clock
        self._sensor: Sensor | None = None
        self._asked: dict[int, float] = {}
        self._number = 0
        self._health_at = 0.0
        self._store = ""
        """Stands for the sensor's store."""
        self.has_other_store = False
        """Whether that is another than the one of before."""
        self.link = Link.CONNECTING
        self.reason = ""
        """Why the sensor is gone."""
        self.hint = ""
        self.attempts = 0
        """How often it was looked for again since then."""
        self.hostname = ""
        self.pressed_at = 0.0
        """When somebody pressed a key last, on the monotonic clock."""
        self.replay_paused = False
        """A replay stands still, because we asked for it."""
        self.along = Along()
        """The condition that goes along from view to view."""
        self.travel = Travel()
        """The time that is looked at."""
        self.marks: dict[int, Mark] = {}
        """Stacks that were given a state here."""
        self.alert: Alert | None = None
        """The alert that was looked at last."""
        self.changes: set[str] = set()
        """Changes of the local rules that were made here, or said to be the last one."""
        self.health: Health | None = None
        self.pulse: Pulse | None = None

    async def open(self) -> None:
        """Connect. Never raises: the outcome is ``link``."""
        try:
            self._sensor = await self._connect()
        except (TiercelError, OSError) as error:
            self._lose(error)
            return
        self._note_store(self._sensor.welcome.store)
        self._sensor.on_pulse = self._take_pulse
        self.link = Link.UP
        self._there.set()
        self._changed()
        await self.check()

    def _note_store(self, store: str) -> None:
        known, self._store = self._store, store
        self.has_other_store = bool(known) and store != known
        if self.has_other_store:
            self.on_other_store()

    async def watch(self) -> None:
        """Wait for the end of the connection and make it known."""
        if self._sensor is not None:
            self._lose(await self._sensor.wait_closed())

    @property
    def tries_again(self) -> bool:
        """Whether a sensor that is gone is looked for."""
        return bool(self._waits)

    async def reopen(self) -> None:
        """Look for a sensor that is gone, until it is there again. What was known of the old one alone is forgotten."""
        await self.close()
        self.alert = None
        self.marks.clear()
        self.attempts = 0
        while self.link is not Link.UP:
            await asyncio.sleep(self._waits[min(self.attempts, len(self._waits) - 1)])
            self.attempts += 1
            await self.open()
        self.attempts = 0
        if self.travel.on:
            self.travel.leave()  # by the alerts of the old one

    async def returned(self) -> None:
        """Wait until there is a sensor."""
        await self._there.wait()

    async def check(self) -> None:
        """Ask after the sensor's health."""
        try:
            self._take_health((await self.ask(GetHealth(), HealthReply)).health)
        except TiercelError:
            return  # a sensor that is gone has been made known by ask

    async def ask(self, request: Request, kind: type[A]) -> A:
        """The sensor's answer. Raises RefusedError or GoneError."""
        if self._sensor is None or self.link is not Link.UP:
            raise GoneError(self.reason or "not connected yet")
        try:
            return _expect(await self._timed(self._sensor.ask(request)), kind)
        except (SensorGone, ProtocolError, OSError) as error:
            self._lose(error)
            await self.close()  # it may still be there, and make no sense
            raise GoneError(self.reason) from error
        except TiercelError as error:
            raise RefusedError(error.message, hint=error.hint) from error

    async def _timed(self, reply: Awaitable[Any]) -> Any:
        self._number += 1
        number = self._number
        self._asked[number] = self._clock()
        try:
            return await reply
        finally:
            del self._asked[number]

    async def close(self) -> None:
        """Let go of the sensor."""
        sensor, self._sensor = self._sensor, None
        if sensor is not None:
            await sensor.close()

    @property
    def patience(self) -> float:
        """How long the oldest unanswered request has been waiting, in seconds."""
        return self._clock() - min(self._asked.values()) if self._asked else 0.0

    @property
    def runtime_socket(self) -> str:
        """Where the runtime that is watched listens on the host, "" where that is not known."""
        return self.health.runtime_socket if self.health is not None else ""

    @property
    def health_age(self) -> float:
        """Seconds since the sensor last told how it is."""
        return self._clock() - self._health_at

    @property
    def phase(self) -> Phase | None:
        """The source's phase, None until the sensor has told."""
        return self.health.phase if self.health else None

    @property
    def responds(self) -> bool:
        """Whether the sensor was allowed to respond."""
        return self.health is not None and bool(self.health.responses)

    @property
    def is_replay(self) -> bool:
        """Whether what is shown was recorded."""
        return self.phase in (Phase.REPLAYING, Phase.ENDED)

    def now(self) -> int:
        """The sensor's clock, or the time that is looked at."""
        return self.travel.at or self.present()

    def present(self) -> int:
        """The sensor's clock, whatever time is looked at; that of a replay stands where the recording does."""
        if self.health is None:
            return time.time_ns()
        if not self.health.time:
            return 0  # a replay that has not begun
        if self.health.phase in (Phase.ENDED, Phase.FAILED) or self.replay_paused or self.link is Link.GONE:
            return self.health.time
        return self.health.time + int((self._clock() - self._health_at) * 1e9)

    def pause_replay(self, paused: bool) -> None:
        """Note that the replay stands still or goes on."""
        self.replay_paused = paused
        self._changed()

    def _take_pulse(self, pulse: Pulse) -> None:
        self.pulse = pulse
        if pulse.health is not None:
            self._take_health(pulse.health)
        self._pulsed(pulse)

    def _take_health(self, health: Health) -> None:
        self.health = health
        self.hostname = health.hostname or self.hostname
        self._health_at = self._clock()
        self._changed()

    def _lose(self, error: Exception) -> None:
        if self.link is Link.GONE and not self.attempts:
            return
        self.link = Link.GONE
        self._there.clear()
        self.reason = error.message if isinstance(error, TiercelError) else (str(error) or type(error).__name__)
        self.hint = error.hint if isinstance(error, TiercelError) else ""
        self._changed()


def _expect(reply: object, kind: type[A]) -> A:
    if isinstance(reply, Failure):
        raise TiercelError(reply.message, hint=reply.hint)
    if not isinstance(reply, kind):
        raise ProtocolError(f"the sensor answered {type(reply).__name__} where {kind.__name__} was asked for")
    return reply

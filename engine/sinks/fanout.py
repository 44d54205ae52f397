"""From the sensor to all sinks: each has its own queue, so that a slow or broken one holds up nobody."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence

from engine.alerts import Alert
from engine.contracts import Sink
from engine.errors import TiercelError
from engine.reports import Report, log_report
from engine.sinks.delivery import DeliveryError
from engine.sinks.fair_queue import FairQueue

CAPACITY = 20_000
"""Alerts that wait for one sink (:class:`engine.sinks.fair_queue.FairQueue`); those that are dropped are counted."""
BATCH = 500
"""Alerts given to a sink at once."""
FIRST_DELAY, LAST_DELAY = 0.25, 30.0
"""Seconds between two attempts to deliver, doubled each time."""
GRACE = 5.0
"""Seconds that the sinks have at the end to deliver what waits."""


class Fanout:
    """Hands alerts to sinks. A sink that begins to fail, or works again, is reported once.

    What a sink could not deliver is tried again, and waits meanwhile (:class:`engine.sinks.delivery.DeliveryError`).
    """

    def __init__(
        self,
        sinks: Sequence[Sink] = (),
        *,
        report: Report = log_report,
        capacity: int = CAPACITY,
        grace: float = GRACE,
        first_delay: float = FIRST_DELAY,
    ) -> None:
        self.report = report
        self._grace = grace
        self._lanes = [_Lane(sink, self, capacity, first_delay) for sink in sinks]

    @property
    def lost(self) -> dict[str, int]:
        """Alerts not delivered, by sink; sinks that lost none are left out."""
        return {lane.sink.name: lane.lost for lane in self._lanes if lane.lost}

    def put(self, alerts: Sequence[Alert]) -> None:
        """Queue the alerts for every sink. Returns at once."""
        for lane in self._lanes:
            lane.put(alerts)

    async def close(self) -> None:
        """Deliver what waits, as far as that is possible in a few seconds, and close the sinks."""
        await asyncio.gather(*(lane.close(self._grace) for lane in self._lanes))


class _Lane:
    """One sink and what waits for it."""

    def __init__(self, sink: Sink, fanout: Fanout, capacity: int, first_delay: float) -> None:
        self.sink = sink
        self.lost = 0
        self._fanout = fanout
        self._first_delay = first_delay
        self._waiting = FairQueue(capacity)
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._failing = False
        self._refusing = False
        self._overflowing = False
        self._batch: Sequence[Alert] = ()
        """In work: taken off the queue, not delivered yet."""
        self._task: asyncio.Task[None] | None = None

    def put(self, alerts: Sequence[Alert]) -> None:
        if dropped := self._waiting.put(alerts):
            self.lost += dropped
            self._note_overflow()
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        self._wake.set()

    async def close(self, grace: float) -> None:
        self._closing.set()
        self._wake.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=grace)
            await self._give_up(self._task)
        self._note_drained()
        try:
            async with asyncio.timeout(grace):
                await self.sink.close()
        except Exception as error:  # noqa: BLE001 - the other sinks still have to be closed
            self._note(error)

    async def _give_up(self, task: asyncio.Task[None]) -> None:
        """Count what could not be delivered in time."""
        if task.cancel():
            await asyncio.wait([task])
            self.lost += len(self._batch) + len(self._waiting)
            self._overflowing = False
            self._fanout.report(f"output {self.sink.name}: {self.lost} alerts were not delivered", "")

    async def _run(self) -> None:
        delays = _delays(self._first_delay)
        while self._batch or self._waiting or not self._closing.is_set():
            if not (self._batch or self._waiting):
                self._note_drained()
                self._wake.clear()
                await self._wake.wait()
                continue
            if not self._batch:
                self._batch = self._waiting.take(BATCH)
            if await self._deliver():
                delays = _delays(self._first_delay)
            else:
                await self._pause(next(delays))

    async def _pause(self, delay: float) -> None:
        """Wait before the next attempt; when the end comes, there is one more at once."""
        if self._closing.is_set():
            await asyncio.sleep(delay)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._closing.wait()

    async def _deliver(self) -> bool:
        """Give the batch to the sink; whether to go on at once."""
        try:
            await self.sink.write(self._batch)
        except DeliveryError as error:
            return self._account(error)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a sink, the others and the sensor go on
            self.lost += len(self._batch)
            self._batch = ()
            self._note(error)
            return True
        self._batch = ()
        self._note(None)
        return True

    def _account(self, error: DeliveryError) -> bool:
        self.lost += error.refused
        self._batch = self._batch[error.delivered + error.refused :]
        if not error.refused:
            self._note(error)
            return False
        if not self._refusing:
            self._refusing = True
            self._tell(error)
        return True

    def _note(self, error: Exception | None) -> None:
        if self._failing == (error is not None):
            return
        self._failing = error is not None
        if error is not None:
            self._tell(error)
        else:
            self._fanout.report(f"output {self.sink.name} works again; {self.lost} alerts were not delivered", "")

    def _note_overflow(self) -> None:
        if not self._overflowing:
            self._overflowing = True
            what = f"output {self.sink.name} is slower than alerts come: the oldest that wait are dropped and counted"
            self._fanout.report(what, "those of the container with most of them; they are in the store")

    def _note_drained(self) -> None:
        if self._overflowing:
            self._overflowing = False
            self._fanout.report(f"output {self.sink.name} keeps up again; {self.lost} alerts were not delivered", "")

    def _tell(self, error: Exception) -> None:
        hint = error.hint if isinstance(error, TiercelError) else ""
        self._fanout.report(f"output {self.sink.name}: {error or type(error).__name__}", hint)


def _delays(delay: float) -> Iterator[float]:
    """Seconds to wait before each further attempt."""
    while True:
        yield delay
        delay = min(2 * delay, LAST_DELAY)

"""A recording as a source: what was recorded happens again, at its own pace or as fast as it can be judged."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from engine.contracts import Emit
from engine.errors import RecordingError, SourceError
from engine.events import Input, Phase, SourceState
from engine.protocol import Control, ProbeRow
from engine.pushdown.filter import Filter
from probes.recordings.capture import Capture
from probes.recordings.opened import Folder, Opened, opened

SLICE = 1_000
"""Inputs emitted between two breaths of the loop."""


class ReplaySource:
    """Emits a recording's inputs as they were recorded; only what was said about the recorded source is left out.

    ``speed`` is a factor: 1 is as it happened, 10 ten times as fast, 0 without waiting. The file, of any form that
    :func:`probes.recordings.opened.opened` knows, is read chunk by chunk in a thread, so its size does not matter.
    """

    own_events = 0

    def __init__(self, path: Path, *, speed: float = 0.0) -> None:
        self.name = path.name
        self._path = path
        self._file: Opened | None = None
        self._event_types: Collection[str] | None = None
        self.wanted_filter: Callable[[], Filter] | None = None
        """Makes the filter that the rules allow now, where nobody looks at anything but alerts."""
        self._pace = _Pace(speed)

    def control(self, request: Control) -> None:
        """Pause, go on, or change the speed, from where the replay stands."""
        self._pace.change(speed=request.speed, paused=request.paused)

    async def run(self, emit: Emit) -> None:
        """Emit the whole recording.

        A damaged one is emitted as far as it can be read; then SourceError says what is wrong.
        """
        emit([_state(Phase.REPLAYING, self.name)])
        try:
            self._file = await asyncio.to_thread(opened, self._path)
            if self._event_types is not None:
                self.select(self._event_types)
            batches = iter(self._file)
            while (batch := await asyncio.to_thread(next, batches, None)) is not None:
                await self._emit_paced(batch.inputs, emit)
        except RecordingError as error:
            raise SourceError(error.message, hint=error.hint) from error
        some = ", of which only events were made that a rule may fire on" if self._is_narrowed else ""
        emit([_state(Phase.ENDED, f"{self.name} was replayed to its end{some}")])

    @property
    def _is_narrowed(self) -> bool:
        """Whether fewer events are told than there are."""
        return self.wanted_filter is not None and isinstance(self._file, Capture | Folder)

    def select(self, event_types: Collection[str], *, narrows: bool = False) -> None:
        """A recording holds what it holds; of a capture all is told, or with a filter only what rules may fire on."""
        self._event_types = event_types
        if self.wanted_filter is not None and isinstance(self._file, Capture | Folder):
            self._file.select(event_types, self.wanted_filter())

    def statistics(self) -> list[ProbeRow]:
        """A recording has no probes."""
        return []

    async def _emit_paced(self, inputs: Sequence[Input], emit: Emit) -> None:
        for part in self._parts(inputs):
            moment = _time(part[0])
            if moment is not None:
                await self._pace.wait_until(moment)
            emit(part)
            await asyncio.sleep(0)

    def _parts(self, inputs: Sequence[Input]) -> Iterator[list[Input]]:
        """Slices of inputs that are due by the time the first of them is; found as they are asked for."""
        part: list[Input] = []
        for one in inputs:
            if isinstance(one, SourceState):
                continue
            moment = _time(one)
            if part and (len(part) >= SLICE or (moment is not None and not self._pace.is_due(moment))):
                yield part
                part = []
            part.append(one)
        if part:
            yield part


class _Pace:
    """Where a replay stands in the recorded time; moves on with the loop's clock, times the speed."""

    def __init__(self, speed: float) -> None:
        self.speed = _sane(speed)
        self.paused = False
        self._position: float | None = None
        """Recorded time at ``_since``; None before the first input."""
        self._since = 0.0
        self._changed = asyncio.Event()

    def change(self, *, speed: float | None = None, paused: bool | None = None) -> None:
        """Go on from here in another way."""
        if self._position is not None:
            self._position = self._now()
            self._since = _clock()
        self.speed = self.speed if speed is None else _sane(speed)
        self.paused = self.paused if paused is None else paused
        self._changed.set()

    def is_due(self, moment: int) -> bool:
        """Whether what happened at this time is to be emitted now."""
        if self.paused:
            return False
        return self.speed == 0 or (self._position is not None and moment <= self._now())

    async def wait_until(self, moment: int) -> None:
        """Wait until it is due."""
        if self._position is None or (self.speed == 0 and not self.paused):
            self._position, self._since = float(moment), _clock()
        while not self.is_due(moment):
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if self.paused else self._seconds_to(moment)):
                    await self._changed.wait()

    def _seconds_to(self, moment: int) -> float:
        return max(0.0, (moment - self._now()) / 1e9 / self.speed)

    def _now(self) -> float:
        assert self._position is not None
        if self.paused or self.speed == 0:
            return self._position
        return self._position + (_clock() - self._since) * 1e9 * self.speed


def _sane(speed: float) -> float:
    """A speed that time can be multiplied by; what is beyond all measure is as fast as possible."""
    return speed if 0.0 < speed < math.inf else 0.0


def _clock() -> float:
    return time.monotonic()


def _time(one: Input) -> int | None:
    return getattr(one, "time", None)


def _state(phase: Phase, detail: str) -> SourceState:
    return SourceState(time=time.time_ns(), phase=phase, detail=detail)

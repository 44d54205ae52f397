"""The seams of the sensor: what a source, a sink and a container runtime must offer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from engine.alerts import Alert
from engine.events import Input
from engine.protocol import Change, ContainerFigure, GetLogs, ImageRow, Logs, ProbeRow, ProcessFigure

Emit = Callable[[Sequence[Input]], None]
"""Takes a batch of inputs in their order and deals with them before it returns: a source that emits slices of about
4 ms and then yields to the loop keeps everything responsive."""


class Source(Protocol):
    """Something that emits inputs: the kernel, Docker, a recording."""

    @property
    def name(self) -> str:
        """Its name, for people."""

    @property
    def own_events(self) -> int:
        """Events of Tiercel's own processes: kept out, but counted."""

    async def run(self, emit: Emit) -> None:
        """Emit until the source ends or the task is cancelled; release everything held, either way.

        Raises :class:`engine.errors.SourceError` when it cannot start or go on.
        """

    def select(self, event_types: Collection[str], *, narrows: bool = False) -> None:
        """From now on only these event types are needed (those that keep state always are).

        ``narrows``: rules were switched off and nothing else, so that what was let out before is enough.
        """

    def statistics(self) -> list[ProbeRow]:
        """Counters since the start, a row for each probe; empty when there is nothing to count."""


class Sink(Protocol):
    """Somewhere alerts go. A sink that fails is reported and the others go on."""

    @property
    def name(self) -> str:
        """Its name, for people."""

    async def write(self, alerts: Sequence[Alert]) -> None:
        """Deliver the alerts in order."""

    async def close(self) -> None:
        """Flush and release. Called once, also after a failed write."""


class Runtime(Protocol):
    """Questions that only a container runtime can answer, asked on behalf of a front end."""

    async def changes(self, container_id: str) -> list[Change]:
        """``docker diff``: what differs from the image. Raises TiercelError with the runtime's reason."""

    async def logs(self, request: GetLogs) -> Logs:
        """A page of what a container wrote. Raises TiercelError with the runtime's reason."""

    async def image(self, container_id: str) -> ImageRow:
        """The image of a container. Raises TiercelError with the runtime's reason."""

    async def inspection(self, container_id: str) -> Mapping[str, Any]:
        """``docker inspect``: all it knows of a container. Raises TiercelError with the runtime's reason."""

    def url(self) -> str:
        """Where it listens. Raises TiercelError when it cannot be found."""


class Inhabited(NamedTuple):
    """A container, and a process in it."""

    container_id: str
    pid: int


class Gauge(Protocol):
    """Measures what containers and processes use, when it is asked."""

    async def containers(self, wanted: Sequence[Inhabited]) -> list[ContainerFigure]:
        """The figures of those that can be measured."""

    async def processes(self, wanted: Sequence[tuple[int, int]]) -> list[ProcessFigure]:
        """The figures of the processes, by pid and start time, that can be measured."""

    async def everyone(self, wanted: Sequence[tuple[int, int]]) -> Sequence[ProcessFigure]:
        """The same of all processes there are, however many; they may be some seconds old, and are shared by all who
        ask: nobody changes them."""

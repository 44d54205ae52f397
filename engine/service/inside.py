"""The part of the front desk that answers about the inside of containers: figures, logs, images, shells."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from typing import Any

import msgspec

from engine import protocol as p
from engine.container_id import whole_id
from engine.contracts import Gauge, Inhabited, Runtime
from engine.errors import TiercelError
from engine.events import HOST
from engine.inspection import lines_of
from engine.sensor import Sensor
from engine.service.peer import who_asks
from engine.service.recorded import no_runtime
from engine.sliced import RUN, breathing
from engine.state.processes import Process, ProcessKey
from engine.views.process_rows import living


class InsideDesk:
    """Its handlers by request, as :class:`engine.service.desk.Desk` wants them."""

    def __init__(self, sensor: Sensor) -> None:
        self._sensor = sensor
        self.handlers: dict[type, Callable[[Any], Awaitable[p.Reply]]] = {
            p.GetFigures: self._figures,
            p.GetTop: self._top,
            p.GetLogs: self._logs,
            p.GetImage: self._image,
            p.GetInspection: self._inspection,
            p.OpenShell: self._shell,
        }

    async def _figures(self, _request: p.GetFigures) -> p.Reply:
        gauge = self._sensor.gauge
        if gauge is None:
            return p.Figures(rows=[])
        return p.Figures(rows=list(await gauge.containers(await breathing(self._inhabited()))))

    def _inhabited(self) -> Iterator[Inhabited | None]:
        """The containers in which a process lives, with the runtime's word for its first, else any; None now and then,
        where others may go on."""
        found: dict[str, int] = {}
        for process in living(self._sensor.world.processes):
            if process is None:
                yield None
            elif process.container_id != HOST:
                found.setdefault(process.container_id, process.pid)
        for number, container in enumerate(tuple(self._sensor.world.containers), 1):
            if container.info is not None and container.info.pid:
                found[container.id] = container.info.pid
            if number % RUN == 0:
                yield None
        for number, (container_id, pid) in enumerate(found.items(), 1):
            yield Inhabited(container_id, pid)
            if number % RUN == 0:
                yield None

    async def _top(self, request: p.GetTop) -> p.Reply:
        gauge = self._sensor.gauge
        if gauge is None:
            return p.Top(rows=[])
        found = await self._meant(request)
        keys = await breathing(_keys(found))
        if request.container_id is None and not request.pid:
            return p.Top(rows=await self._everyone(gauge, found, keys))
        rows = await gauge.processes(keys)
        if found and found[0].container_id in self._paused():  # they are all of one
            for row in rows:
                row.still = "paused"
        return p.Top(rows=rows)

    async def _everyone(
        self, gauge: Gauge, found: Sequence[Process], keys: Sequence[ProcessKey]
    ) -> list[p.ProcessFigure]:
        rows = await gauge.everyone(keys)
        containers = self._paused()
        paused = {*await breathing(_keys(found, containers))} if containers else set[ProcessKey]()
        return await breathing(_told(rows, paused)) if paused else list(rows)

    async def _meant(self, request: p.GetTop) -> list[Process]:
        """Those who live."""
        if request.pid:
            process = self._sensor.world.processes.get(request.pid, request.start)
            return [process] if process is not None and not process.exit_time else []
        return await breathing(living(self._sensor.world.processes, request.container_id))

    def _paused(self) -> set[str]:
        """The kernel does not tell of each process that its container is paused."""
        return {one.id for one in self._sensor.world.containers if one.info and one.info.state == "paused"}

    async def _logs(self, request: p.GetLogs) -> p.Reply:
        runtime = self._runtime("logs of containers")
        whole_id(request.container_id)
        return await runtime.logs(request)

    async def _image(self, request: p.GetImage) -> p.Reply:
        runtime = self._runtime("description of images")
        return p.Image(row=await runtime.image(whole_id(request.container_id)))

    async def _inspection(self, request: p.GetInspection) -> p.Reply:
        runtime = self._runtime("docker inspect")
        answer = await runtime.inspection(whole_id(request.container_id))
        return p.Inspection(lines=lines_of(answer, secrets=who_asks().uid in (0, os.geteuid())))

    async def _shell(self, request: p.OpenShell) -> p.Reply:
        url = self._runtime("container to enter").url()
        container = self._sensor.world.containers.get(request.container_id)
        if container is None or container.info is None or container.info.state != "running":
            raise TiercelError("this container does not run", hint="only a running one can be entered")
        token = self._sensor.shells.expect(request.container_id, request.who)
        return p.Shell(token=token, url=url)

    def _runtime(self, what: str) -> Runtime:
        if self._sensor.runtime is None:
            raise no_runtime(self._sensor, what)
        return self._sensor.runtime


def _keys(found: Sequence[Process], containers: Collection[str] | None = None) -> Iterator[ProcessKey | None]:
    """Of all, or of those in some containers; None now and then, where others may go on."""
    for number, one in enumerate(found, 1):
        if containers is None or one.container_id in containers:
            yield one.key
        if number % RUN == 0:
            yield None


def _told(rows: Sequence[p.ProcessFigure], paused: Collection[ProcessKey]) -> Iterator[p.ProcessFigure | None]:
    """Figures that are others' too, with the word for those of paused containers. None likewise."""
    for number, row in enumerate(rows, 1):
        is_paused = (row.pid, row.start) in paused
        yield msgspec.structs.replace(row, still="paused") if is_paused else row
        if number % RUN == 0:
            yield None

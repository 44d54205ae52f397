"""What a front end is shown of a world: rows of the protocol, made when they are asked for, while others go on."""

from __future__ import annotations

from engine.protocol import ContainerRow, EventRow, ListEvents, ProcessRow
from engine.sliced import breathing
from engine.state.event import Event
from engine.state.gaps import between
from engine.state.processes import Process, ProcessKey
from engine.state.world import World
from engine.views.container_rows import container_row, container_rows
from engine.views.event_rows import event_row, event_rows
from engine.views.process_rows import process_row, process_rows


class Views:
    """Of one world. It holds nothing itself."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def container_rows(self, at: int = 0) -> list[ContainerRow]:
        """All containers known: running first, then by name; with ``at`` as they were then; others go on meanwhile."""
        processes = self._world.processes
        return await breathing(container_rows(self._world.containers, processes, processes.population, at))

    async def process_rows(
        self, container_id: str | None = None, exited: bool = True, at: int = 0, limit: int = 0
    ) -> list[ProcessRow]:
        """The process tree of a container, of the host ("") or of all (None), parents first, with ``at`` as it was
        then, at most ``limit`` rows where it is given; others go on meanwhile."""
        processes, containers = self._world.processes, self._world.containers
        return await breathing(process_rows(processes, containers, container_id, exited=exited, at=at, limit=limit))

    async def event_rows(self, request: ListEvents) -> list[EventRow]:
        """Recent events of a process, a container or all, the newest first, with the gaps between them; others go on
        meanwhile."""
        gaps = self._world.gaps.asked(request, self._place(request))
        found = event_rows(self._world.recent, self._find, request)
        return await breathing(between(found, gaps, request.limit))

    def process_row(self, process: Process) -> ProcessRow:
        """A process, by itself."""
        return process_row(process, 0, self._world.containers)

    def container_row(self, container_id: str) -> ContainerRow | None:
        """A container, None for the host and where nothing is known of it; those who live in it are not counted."""
        container = self._world.containers.get(container_id)
        return container_row(container, 0) if container is not None else None

    def event_row(self, event: Event) -> EventRow:
        """An event in one line."""
        return event_row(event)

    def _place(self, request: ListEvents) -> str | None:
        process = self._find((request.pid, request.start)) if request.pid else None
        return process.container_id if process is not None else request.container_id

    def _find(self, key: ProcessKey) -> Process | None:
        return self._world.processes.get(*key)

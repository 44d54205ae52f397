"""The world as the inputs describe it: processes, containers, users, and the events of late.

:meth:`World.apply` takes any input and returns the events that can be judged now: usually the one just applied, none
while its container's metadata is awaited, several when that has come. Time is that of the inputs
(:mod:`engine.state.clock`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from engine.alerts import Alert
from engine.events import (
    HOST,
    Adoption,
    ContainerAction,
    ContainerInfo,
    ContainerUnknown,
    HostNames,
    Input,
    KernelEvent,
    Phase,
    RuntimeState,
    Snapshot,
    SourceState,
    Users,
)
from engine.protocol import Change, ContainerRow, EventRow, ListEvents, ProcessRow
from engine.state import views
from engine.state.changes import ChangeLog
from engine.state.clock import Clock
from engine.state.containers import Container, ContainerTable
from engine.state.event import Event
from engine.state.processes import Process, ProcessKey
from engine.state.recent import Recent
from engine.state.table import ProcessTable
from engine.state.waiting import PATIENCE, Waiting


class World:
    """All state that events build. ``patience`` is how long an event waits for metadata, in nanoseconds.

    ``on_unknown_container(container_id, pid)`` is called once for each container whose metadata an event lacks, with
    a process that was in it at that moment. ``on_host_names()`` is called when host names have other addresses.
    """

    def __init__(self, *, patience: int = PATIENCE) -> None:
        self.processes = ProcessTable()
        self.containers = ContainerTable()
        self.containers.host.processes = self.processes.newest
        self.held = Waiting(patience=patience)
        self.recent = Recent()
        self.changes = ChangeLog()
        self.on_unknown_container: Callable[[str, int], None] = lambda _container_id, _pid: None
        self.on_host_names: Callable[[], None] = lambda: None
        self._num = 0
        self._runtimes: set[str] = set()
        self._given_up: set[str] = set()
        self._asked: set[str] = set()
        self._clock = Clock()
        self._handlers: dict[type, Callable[[Any], list[Event]]] = {
            KernelEvent: self._event,
            Snapshot: self._snapshot,
            Adoption: self._adoption,
            ContainerInfo: self._info,
            ContainerUnknown: self._unknown,
            ContainerAction: self._action,
            Users: self._users,
            HostNames: self._host_names,
            RuntimeState: self._runtime,
            SourceState: self._source,
        }
        self._events: dict[str, Callable[[KernelEvent, Process], None]] = {
            "clone": self.processes.clone,
            "execve": self.processes.exec,
            "execveat": self.processes.exec,
            "procexit": self.processes.exit,
        }

    # ── inputs ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def apply(self, item: Input) -> list[Event]:
        """Take ``item`` in. Returns the events to judge now, in the order in which they happened in each container."""
        handler = self._handlers.get(type(item))
        return handler(item) if handler is not None else []

    def expire(self, now: int | None = None) -> list[Event]:
        """Forget what is old; returns events that have waited long enough, by the moment ``now`` or the present."""
        now = self._clock.moment if now is None else now
        self.processes.expire(now)
        self.containers.expire(self._clock.wall_at(now), self._inhabited)
        self._asked = {container_id for container_id in self._asked if self.containers.get(container_id)}
        self._given_up &= self._asked
        return self._overdue(now)

    def release(self) -> list[Event]:
        """Everything that still waits: the sources have ended, nothing more will be known."""
        return self.held.release_all("ended")

    def note_alert(self, alert: Alert) -> None:
        """Count an alert for its process and its container, and tie it to the change of a file it reports."""
        if (step := alert.process) and (process := self.processes.get(step.pid, step.start)):
            process.alerts += 1
            process.worst = alert.priority if process.worst is None else min(process.worst, alert.priority)
            self.processes.generation += 1
        if alert.container and (container := self.containers.get(alert.container.id)):
            container.alerts[alert.priority.label] += 1
            container.last_alert = max(container.last_alert, alert.time)
            self.containers.generation += 1
            self.changes.note_alert(alert)

    def _inhabited(self) -> set[str]:
        """The containers in which a process lives."""
        return {process.container_id for process in self.processes if not process.exit_time}

    # ── views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def now(self) -> int:
        """The present: the clock's, in a replay that of the recording."""
        return self._clock.wall

    @property
    def waiting(self) -> int:
        """Events held back until their container's metadata is known."""
        return len(self.held)

    @property
    def containers_generation(self) -> int:
        """Grows whenever something about the containers changes."""
        return self.containers.generation

    @property
    def processes_generation(self) -> int:
        """Grows whenever something about the processes changes."""
        return self.processes.generation

    def container_rows(self) -> list[ContainerRow]:
        """All containers known: running first, then by name."""
        return views.container_rows(self.containers, self.processes)

    def process_rows(self, container_id: str | None = None, exited: bool = True) -> list[ProcessRow]:
        """The process tree of a container, of the host ("") or of all (None), parents first."""
        return views.process_rows(self.processes, self.containers, container_id, exited=exited)

    async def event_rows(self, request: ListEvents) -> list[EventRow]:
        """Recent events of a process, a container or all, the newest first; others go on meanwhile."""
        rows: list[EventRow] = []
        for row in views.event_rows(self.recent, self._find, request):
            if row is None:
                await asyncio.sleep(0)
            else:
                rows.append(row)
        return rows

    def _find(self, key: ProcessKey) -> Process | None:
        return self.processes.get(*key)

    def explain(self, container_id: str, changes: list[Change]) -> list[Change]:
        """The lines of ``docker diff`` with who did it and when, as far as the events of late tell."""
        return self.changes.explain(container_id, changes)

    # ── kernel events ───────────────────────────────────────────────────────────────────────────────────────────────

    def _event(self, kernel: KernelEvent) -> list[Event]:
        process = self.processes.observe(kernel)
        if (keep := self._events.get(kernel.type)) is not None:
            keep(kernel, process)
        elif kernel.process is not None:
            self.processes.amend(kernel, process)
        container = self._container_of(kernel, process) if kernel.container_id != HOST else None
        self._num += 1
        event = Event(self._num, kernel, process, container, self.containers.host)
        self.recent.add(event)
        events = [event]
        if container is not None:
            self.changes.add(event)
            if self._must_wait(container):
                events = self._hold(event, container)
        now = self._clock.note(kernel)
        if self.held.deadline and now >= self.held.deadline:
            events = self._overdue(now) + events
        return events

    def _container_of(self, kernel: KernelEvent, process: Process) -> Container:
        container = self.containers.see(kernel.container_id, kernel.time)
        if container.entry_caps is None and kernel.process is not None and kernel.type != "clone":
            container.note_first_program(process)
        if not container.complete:
            self._ask(container, kernel.pid)
        return container

    def _ask(self, container: Container, pid: int) -> None:
        if container.id not in self._asked:
            self._asked.add(container.id)
            self.on_unknown_container(container.id, pid)

    # ── waiting for metadata ────────────────────────────────────────────────────────────────────────────────────────

    def _must_wait(self, container: Container) -> bool:
        if container.complete or container.unknown:
            return False
        return bool(self._runtimes) and container.id not in self._given_up

    def _hold(self, event: Event, container: Container) -> list[Event]:
        event.process = event.process.copy()  # judged later, as it was now
        events = self.held.hold(event, mentioned=container.info is not None)
        if events:
            self._given_up.add(container.id)
        return events

    def _overdue(self, now: int) -> list[Event]:
        if not self.held.deadline or now < self.held.deadline:
            return []
        events: list[Event] = []
        for container_id in self.held.overdue(now):
            self._given_up.add(container_id)
            events += self.held.release(container_id, "late")
        return events

    # ── other inputs ────────────────────────────────────────────────────────────────────────────────────────────────

    def _snapshot(self, snapshot: Snapshot) -> list[Event]:
        self.processes.snapshot(snapshot)
        for info in snapshot.processes:
            process = self.processes.get(info.pid, info.start)
            if info.container_id != HOST and process is not None:
                container = self.containers.see(info.container_id, snapshot.time)
                container.note_first_program(process)
                if not container.complete:
                    self._ask(container, info.pid)
        return []

    def _adoption(self, adoption: Adoption) -> list[Event]:
        self.processes.adopt(adoption)
        return []

    def _info(self, info: ContainerInfo) -> list[Event]:
        container = self.containers.inform(info)
        if container.complete or container.gone:
            return self.held.release(info.id, "answered")
        self.held.mention(info.id, self._clock.moment_at(info.time))
        return []

    def _unknown(self, unknown: ContainerUnknown) -> list[Event]:
        container = self.containers.see(unknown.id, unknown.time)
        container.unknown = not container.complete
        return self.held.release(unknown.id, "unknown")

    def _action(self, action: ContainerAction) -> list[Event]:
        self.containers.act(action)
        return []

    def _users(self, users: Users) -> list[Event]:
        self.containers.name_users(users, self._clock.wall)
        return []

    def _host_names(self, found: HostNames) -> list[Event]:
        by_address: dict[str, tuple[str, ...]] = {}
        for name, addresses in found.addresses.items():
            for address in addresses:
                by_address[address] = (*by_address.get(address, ()), name)
        self.containers.host.host_names = by_address
        self.on_host_names()
        return []

    def _runtime(self, state: RuntimeState) -> list[Event]:
        if state.connected:
            self._runtimes.add(state.runtime)
            self._given_up.clear()
            self._asked.clear()
            return []
        self._runtimes.discard(state.runtime)
        return [] if self._runtimes else self.held.release_all("disconnected")

    def _source(self, state: SourceState) -> list[Event]:
        if state.phase in (Phase.REPLAYING, Phase.LIVE):
            self._clock.replaying = state.phase is Phase.REPLAYING
        return []

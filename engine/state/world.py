"""The world as the inputs describe it: processes, containers, users, and the events of late.

:meth:`World.apply` takes any input and returns the events that can be judged now: usually the one just applied, none
while its container's metadata is awaited, several when that has come. Time is that of the inputs
(:mod:`engine.state.clock`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
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
    Loss,
    Phase,
    RuntimeState,
    Snapshot,
    SourceState,
    Users,
)
from engine.protocol import Change
from engine.state.askers import Askers, place_of
from engine.state.changes import ChangeLog
from engine.state.chores import Chores
from engine.state.clock import Clock, moment_of
from engine.state.containers import Container, ContainerTable
from engine.state.event import Event
from engine.state.execs import Execs
from engine.state.gaps import Gaps
from engine.state.lineage import has_entered
from engine.state.processes import Process
from engine.state.recent import Recent
from engine.state.sessions import Sessions
from engine.state.table import ProcessTable
from engine.state.waiting import PATIENCE, Waiting

_PROGRAMS = frozenset({"clone", "execve", "execveat"})
"""Events that carry a process for a reason of their own; with others it is what the process has become."""
_Told = Callable[[KernelEvent, Process], None]
_NOBODY = (None, None)
"""Who is told of most events."""


class World:
    """All state that events build. ``patience`` is how long an event waits for metadata, in nanoseconds.

    ``on_unknown_container(container_id, pid)`` is called once for each container whose metadata an event lacks, with
    a process that was in it at that moment. ``on_host_names()`` is called when host names have other addresses.
    """

    def __init__(self, *, patience: int = PATIENCE) -> None:
        self.processes = ProcessTable()
        self.sessions = Sessions(self.processes.newest)
        self.containers = ContainerTable(inhabited=self.processes.population)
        self.containers.host.processes = self.processes.newest
        self.held = Waiting(patience=patience)
        self.recent = Recent()
        self.changes = ChangeLog()
        self.gaps = Gaps(name=self._name_of)
        self.chores = Chores()
        """What remains to be done, in slices and at any time: what a snapshot ends, and to forget what is old."""
        self._forgetting: Iterator[None] = iter(())
        self._listed = 0
        """The moment of the snapshot that was taken in last."""
        self.execs = Execs(Askers(self._user_of))
        self.on_unknown_container: Callable[[str, int], None] = lambda _container_id, _pid: None
        self.on_host_names: Callable[[], None] = lambda: None
        self.began = 0
        """When what is known begins, in nanoseconds since the epoch; 0 while nothing is."""
        self.is_listed = False
        """Whether all who lived then are known: the first snapshot has come whole."""
        self._num = 0
        self._runtimes: set[str] = set()
        self._clock = Clock()
        self._handlers: dict[type, Callable[[Any], list[Event]]] = {
            Snapshot: self._snapshot,
            Adoption: self._adoption,
            ContainerInfo: self._info,
            ContainerUnknown: self._unknown,
            ContainerAction: self._action,
            Users: self._users,
            HostNames: self._host_names,
            RuntimeState: self._runtime,
            SourceState: self._source,
            Loss: self._loss,
        }
        told: dict[str, tuple[_Told | None, _Told | None]] = {
            "clone": (self.processes.clone, None),
            "execve": (self.processes.exec, self._executed),
            "execveat": (self.processes.exec, self._executed),
            "procexit": (self.processes.exit, None),
            "setsid": (self.sessions.begin, None),
            "setpgid": (self.sessions.group, None),
            "connect": (None, self.execs.askers.connected),
        }
        self._told = told.get
        """By type of event who is told of it before its container is looked for, and who behind that."""

    # ── inputs ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def apply(self, item: Input) -> list[Event]:
        """Take ``item`` in. Returns the events to judge now, in the order in which they happened in each container."""
        if type(item) is KernelEvent:  # most are
            return self.happen(item)
        handler = self._handlers.get(type(item))
        return handler(item) if handler is not None else []

    def expire(self, now: int | None = None) -> list[Event]:
        """Events that have waited long enough, by the moment ``now`` or the present.

        To forget what is old is a chore.
        """
        now = self._clock.moment if now is None else now
        if self._forgetting not in self.chores:
            self._forgetting = chain(self.processes.expiring(now), self.containers.expiring(now))
            self.chores.add(self._forgetting)
        return self._overdue(now)

    def release(self) -> list[Event]:
        """Everything that still waits: the sources have ended, nothing more will be known."""
        return self.held.release_all("ended")

    def note_alert(self, alert: Alert) -> None:
        """Count an alert for its process, and tie it to the change of a file it reports."""
        if (step := alert.process) and (process := self.processes.get(step.pid, step.start)):
            process.count_alert(alert.priority)
            self.processes.generation += 1
        if alert.container and self.containers.get(alert.container.id):
            self.changes.note_alert(alert)

    # ── what it tells of itself ───────────────────────────────────────────────────────────────────────────────────────

    @property
    def now(self) -> int:
        """The present: the clock's, in a replay that of the recording."""
        return self._clock.wall

    @property
    def heard_until(self) -> int:
        """The moment up to which the events have come, in nanoseconds since boot."""
        return self._clock.latest

    @property
    def moment(self) -> int:
        """The present on the scale that never goes back (:mod:`engine.state.clock`)."""
        return self._clock.moment

    @property
    def waiting(self) -> int:
        """Events held back until their container's metadata is known."""
        return len(self.held)

    @property
    def bounds(self) -> dict[str, int]:
        """What the bounds of the state have cost so far, by what it was; only what there is of."""
        counts = {
            "ancestors left out": self.processes.left_out,
            "processes nested too deep": self.processes.too_deep,
            "containers forgotten": self.containers.forgotten,
            "entries into containers forgotten": self.execs.forgotten,
            "waited in vain: too many": self.held.counts["too many"],
            "waited in vain: too long": self.held.counts["late"],
        }
        return {what: count for what, count in counts.items() if count}

    @property
    def containers_generation(self) -> int:
        """Grows whenever something about the containers changes."""
        return self.containers.generation

    @property
    def processes_generation(self) -> int:
        """Grows whenever something about the processes changes."""
        return self.processes.generation

    @property
    def newest(self) -> int:
        """The number of the latest event."""
        return self._num

    def explain(self, container_id: str, changes: list[Change]) -> list[Change]:
        """The lines of ``docker diff`` with who did it and when, as far as the events of late tell."""
        return self.changes.explain(container_id, changes)

    # ── kernel events ───────────────────────────────────────────────────────────────────────────────────────────────

    def happen(self, kernel: KernelEvent) -> list[Event]:
        """:meth:`apply` for a kernel event."""
        process = self.processes.observe(kernel)
        keep, tell = self._told(kernel.type, _NOBODY)
        if keep is not None:
            keep(kernel, process)
        if kernel.process is not None and kernel.type not in _PROGRAMS:
            self.processes.amend(kernel, process)
        container = self._container_of(kernel, process) if kernel.container_id != HOST else None
        if tell is not None:
            tell(kernel, process)
        self._num = num = self._num + 1
        event = Event(num, kernel, process, container, self.containers.host)
        self.recent.add(event)
        events = [event]
        if container is not None:
            self.changes.add(event)
            if not container.complete:
                self._ask(container, kernel.pid)
                if self._must_wait(container):
                    events = self._hold(event, container)
        now = self._clock.note(kernel)
        if self.held.deadline and now >= self.held.deadline:
            events = self._overdue(now) + events
        return events

    def tick(self) -> None:
        """The inputs have come up to now; whoever applies many calls it behind the last."""
        self._clock.tick()

    def _container_of(self, kernel: KernelEvent, process: Process) -> Container:
        container = self.containers.see(kernel.container_id, kernel.time)
        if kernel.process is not None and container.entry_caps is None and kernel.type != "clone":
            container.note_first_program(process)
        return container

    def _executed(self, kernel: KernelEvent, process: Process) -> None:
        if kernel.process is not None:
            self.execs.askers.executed(kernel, process)
            self._note_entry(process, kernel.time)

    def _note_entry(self, process: Process, time: int) -> None:
        container = self.containers.get(process.container_id) if process.container_id != HOST else None
        if container is not None and has_entered(process) and self.execs.entered(process, time, container):
            self.containers.note_entry(container, time)

    def _name_of(self, container_id: str) -> str:
        container = self.containers.get(container_id)
        return container.name if container is not None else container_id[:12]

    def _user_of(self, process: Process) -> str:
        users = (self.containers.get(process.container_id) or self.containers.host).users
        return users.get(process.uid, "root" if process.uid == 0 else "")

    def _ask(self, container: Container, pid: int) -> None:
        if not container.asked:
            container.asked = True
            self.on_unknown_container(container.id, pid)

    def expect(self, runtime: str) -> None:
        """A runtime is being looked for: what happens in containers waits for its first word, or that there is none."""
        self._runtimes.add(runtime)

    # ── waiting for metadata ────────────────────────────────────────────────────────────────────────────────────────

    def _must_wait(self, container: Container) -> bool:
        if container.complete or container.unknown:
            return False
        return bool(self._runtimes) and not container.given_up

    def _hold(self, event: Event, container: Container) -> list[Event]:
        event.process = event.process.copy()  # judged later, as it was now
        return self._given_up(self.held.hold(event, mentioned=container.info is not None))

    def _overdue(self, now: int) -> list[Event]:
        if not self.held.deadline or now < self.held.deadline:
            return []
        return self._given_up(self.held.overdue(now))

    @staticmethod
    def _given_up(events: list[Event]) -> list[Event]:
        """These events have waited in vain: what follows in their containers does not wait any more."""
        for event in events:
            if event.container is not None:
                event.container.given_up = True
        return events

    # ── other inputs ────────────────────────────────────────────────────────────────────────────────────────────────

    def _snapshot(self, snapshot: Snapshot) -> list[Event]:
        if self._listed != moment_of(snapshot):
            self._listed = moment_of(snapshot)
            self.chores.finish()
        self.processes.list(snapshot)
        self.began = self.began or snapshot.time
        for info in snapshot.processes:
            process = self.processes.get(info.pid, info.start)
            if process is not None:
                self.execs.askers.found(process)
            if info.container_id != HOST and process is not None:
                container = self.containers.see(info.container_id, snapshot.time)
                container.note_first_program(process)
                self._note_entry(process, process.started)
                if not container.complete:
                    self._ask(container, info.pid)
        if not snapshot.more:
            self._close(snapshot)
        return []

    def _close(self, snapshot: Snapshot) -> None:
        self.is_listed = True
        self.execs.listed()
        self.chores.add(self.processes.closing(snapshot))
        if self._clock.replaying:  # nothing of a replay depends on how fast it is
            self.chores.finish()

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
        container.runtime = unknown.runtime
        return self.held.release(unknown.id, "unknown")

    def _action(self, action: ContainerAction) -> list[Event]:
        self.execs.act(action, self.containers.act(action))
        return []

    def _users(self, users: Users) -> list[Event]:
        self.containers.name_users(users, self._clock.wall)
        return []

    def _host_names(self, found: HostNames) -> list[Event]:
        self.containers.name_hosts(found)
        self.on_host_names()
        return []

    def _runtime(self, state: RuntimeState) -> list[Event]:
        """There is one at a time, which may be another than was expected."""
        self._runtimes = {state.runtime} if state.connected else set()
        self.execs.askers.address = place_of(state.address)
        if state.connected:
            self.containers.ask_again()
            return []
        return self.held.release_all("disconnected")

    def _loss(self, loss: Loss) -> list[Event]:
        self.gaps.note(loss)
        return []

    def _source(self, state: SourceState) -> list[Event]:
        if state.phase in (Phase.REPLAYING, Phase.LIVE):
            self._clock.replaying = state.phase is Phase.REPLAYING
        return []

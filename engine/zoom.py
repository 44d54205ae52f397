"""Zoom: who is watched in full, for how long.

Push-down keeps in the kernel what no rule asks for. Around an alert, and where somebody looks, that is what one wants
to see: the events of a container, or of a process and those it begins, leave the kernel for a while, within a limit.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from engine.alerts import DROP_RULE, Alert
from engine.events import HOST
from engine.protocol import ZoomRow
from engine.state.clock import since_boot
from engine.state.processes import Process, ProcessKey
from engine.state.world import World

SECONDS = 60.0
"""How long a zoom lasts unless it is asked for again."""
MOST = 16
"""Zooms at a time; with one more the one that would end first does so."""
INIT = 1
"""Who descends from it is anybody."""

Target = str | ProcessKey
"""A container's id, or the process whose subtree it is."""
Apply = Callable[[Target, frozenset[int]], bool]
"""Begin to watch a target in full, with a subtree the processes that live in it now; False when that cannot be yet."""
Extend = Callable[[Target, frozenset[int]], bool]
"""These processes are part of a subtree as well; whether one of them was not watched until now."""
ROUNDS = 20
"""How often a subtree is looked at again: one may always be ahead that begins another and ends."""
MOST_PROCESSES = 1000
"""Processes of a subtree that are looked at: those that live are watched, and those that they begin from then on."""


class Zooms:
    """Begins and ends zooms. ``apply`` and ``stop`` carry them out; without ``apply`` no kernel is watched, and nobody
    can be watched in full."""

    def __init__(
        self, world: World, clock: Callable[[], float] = time.monotonic, moment: Callable[[], int] = since_boot
    ) -> None:
        self._world = world
        self._clock = clock
        self._moment = moment
        self._until: dict[Target, float] = {}
        self._asked: set[Target] = set()
        self.behind: dict[ProcessKey, _Subtree] = {}
        """Those of whose processes the world may not know all yet."""
        self.apply: Apply | None = None
        self.extend: Extend = lambda _target, _pids: False
        self.stop: Callable[[Target], None] = lambda _target: None
        self.counts: Callable[[], tuple[int, int]] = lambda: (0, 0)
        """Events that came only because of zooms, and those that were too many."""
        self.on_alerts = False
        """Whether an alert begins a zoom: where nobody will look at what surrounds it, it would be for nothing."""

    def begin(self, target: Target, seconds: float = SECONDS, *, asked: bool = False) -> None:
        """Watch a target in full from now on, or for longer; nothing is done for one that nobody knows. ``asked``:
        somebody wants just that, and did not only look."""
        if target not in self._until and not self._begun(target):
            return
        if asked:
            self._asked.add(target)
        self._until[target] = max(self._until.get(target, 0.0), self._clock() + seconds)
        if len(self._until) > MOST:
            self.end(min(self._until, key=lambda each: self._until[each]))

    def _begun(self, target: Target) -> bool:
        if self.apply is None:
            return False
        if isinstance(target, str):
            return not self._is_over(target) and self.apply(target, frozenset())
        subtree = _Subtree(self._moment())
        living = subtree.new(self._world.processes.get(*target))
        if not living or not self.apply(target, living):
            return False
        subtree.moment = self._moment()
        self.behind[target] = subtree
        return True

    def catch_up(self) -> None:
        """Events have come: those that were on their way when a subtree began to be watched tell of more processes.

        What a watched process begins is watched by the kernel; so it is enough when all that began before were found.
        """
        for target, subtree in list(self.behind.items()):
            if self._world.heard_until > subtree.moment and self._is_whole(target, subtree):
                del self.behind[target]

    def _is_whole(self, target: ProcessKey, subtree: _Subtree) -> bool:
        """Whether nobody was found who was not watched: what such a one has begun may be on its way now."""
        if not self.extend(target, subtree.new(self._world.processes.get(*target))):
            return True
        subtree.moment = self._moment()
        subtree.rounds += 1
        return subtree.rounds >= ROUNDS

    def __contains__(self, target: Target) -> bool:
        return target in self._until

    def end(self, target: Target) -> None:
        """Watch it in full no longer."""
        self._asked.discard(target)
        if self._until.pop(target, None) is not None:
            self.stop(target)
        if not isinstance(target, str):
            self.behind.pop(target, None)

    def expire(self) -> None:
        """End those whose time has passed and those of whom nobody is left: call about once a second. Where nothing
        happens that could tell that the world has caught up, the subtrees are looked at here."""
        now = self._clock()
        for key, subtree in self.behind.items():
            self._is_whole(key, subtree)
        for target in [target for target, until in self._until.items() if until <= now or self._is_over(target)]:
            self.end(target)

    def _is_over(self, target: Target) -> bool:
        """Whether nobody will be there any more. A container that has only stopped may start again, and is watched."""
        if isinstance(target, str):
            container = self._world.containers.get(target)
            return container is None or container.gone > 0
        top = self._world.processes.get(*target)
        return top is None or next(_living(top), None) is None

    def note(self, alerts: Iterable[Alert]) -> None:
        """There were alerts: what goes on around them will be wanted.

        They end no zoom of others: who makes alerts would say then who is watched. The alerts about floods begin none.
        """
        if not self.on_alerts:
            return
        around = {_around(alert) for alert in alerts if alert.rule != DROP_RULE}
        for target in around - {None}:
            if target is not None and (target in self._until or len(self._until) < MOST):
                self.begin(target)

    def rows(self) -> list[ZoomRow]:
        """Who is watched in full now."""
        now = self._clock()
        return [self._row(target, until - now) for target, until in self._until.items()]

    def _row(self, target: Target, seconds: float) -> ZoomRow:
        if isinstance(target, str):
            container = self._world.containers.get(target)
            info = container.info if container is not None else None
            return ZoomRow(
                name=(info.name if info else "") or target[:12],
                seconds=seconds,
                container_id=target,
                asked=target in self._asked,
            )
        process = self._world.processes.get(*target)
        name = process.name if process is not None else "process"
        return ZoomRow(
            name=f"{name} ({target[0]})", seconds=seconds, pid=target[0], start=target[1], asked=target in self._asked
        )


@dataclass(slots=True)
class _Subtree:
    """What is known of one that is watched."""

    moment: int
    """When it was looked at last: who began before is known once the events have come so far."""
    known: set[ProcessKey] = field(default_factory=set)
    rounds: int = 0

    def new(self, top: Process | None) -> frozenset[int]:
        """The processes that live in it and were not known."""
        living = {(each.pid, each.start) for each in _living(top)} if top is not None else set()
        new, self.known = living - self.known, living
        return frozenset(pid for pid, _ in new)


def _living(top: Process) -> Iterator[Process]:
    """The processes of a subtree that live, from the top down, as far as it is looked at."""
    tree, seen = deque([top]), 0
    while tree and seen < MOST_PROCESSES:
        process = tree.popleft()
        seen += 1
        tree.extend(islice(process.children or (), MOST_PROCESSES))
        if not process.exit_time:
            yield process


def _around(alert: Alert) -> Target | None:
    """The container; on the host the process that began the one which did it: that one has often ended already."""
    if alert.container is not None:
        return alert.container.id
    steps = [step for step in alert.lineage[:2] if step.pid > INIT]
    return (steps[-1].pid, steps[-1].start) if steps else None


def target_of(container_id: str | None, pid: int, start: int) -> Target | None:
    """What a request means: a process, else a container; None for everything and for the host."""
    if pid:
        return (pid, start)
    return container_id if container_id not in (None, HOST) else None

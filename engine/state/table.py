"""The process table: who lives, who descends from whom, and who has just exited.

Events come from several CPUs and may overtake one another: a child's exec, even its exit, may arrive before the clone
that made it; events may be lost and pids are reused. So whatever arrives first makes the entry, whatever arrives later
fills it in, and moments (:mod:`engine.state.clock`) decide what is younger. What a lost exit leaves behind, the next
snapshot ends.

An exited process is kept for a while: its children's ancestry, the process tree on the screen and late alerts still
need it. Exited ones without kept children leave in the order of their exit, by age and by number. Of exited ancestors
in a row the middle ones leave: their number is bounded by that of their descendants. No event costs more the more
processes there are, however deep they are nested.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import chain, islice, takewhile

from engine.events import Adoption, KernelEvent, ProcessInfo, Snapshot
from engine.state.clock import moment_of
from engine.state.population import Population
from engine.state.processes import MAX_ANCESTORS, Process, ProcessKey, can_be_parent

KEEP_EXITED = 300 * 10**9
"""Nanoseconds that an exited process is remembered."""
MAX_EXITED = 20_000
"""Exited processes without children that are remembered at most."""
MAX_LINEAGE = 32
"""Exited ancestors in a row that are kept, …"""
MAX_EXITED_ANCESTORS = 20_000
"""… unless there are more than this many exited ancestors in all: …"""
SHORT_LINEAGE = 4
"""… then so many. The nearest stay, and the first in its container."""
_AT_ONCE = 4
"""Exited processes forgotten for one that exits: each may leave behind a parent that is no longer needed."""


class ProcessTable:
    """Processes by (pid, start). ``generation`` grows with every fork, exec and exit."""

    def __init__(self, *, keep: int = KEEP_EXITED, max_exited: int = MAX_EXITED) -> None:
        self.generation = 0
        self.population = Population()
        self.missed_exits = 0
        """Processes whose exit no event told: a snapshot found them gone."""
        self.left_out = 0
        """Exited processes that were taken out of their descendants' ancestry."""
        self.too_deep = 0
        """Processes with more ancestors than are looked at (:data:`engine.state.processes.MAX_ANCESTORS`)."""
        self._keep = keep
        self._max_exited = max_exited
        self._by_key: dict[ProcessKey, Process] = {}
        self.newest: dict[int, Process] = {}
        """By pid, the youngest process that has or had it."""
        self._leaves: deque[Process] = deque()
        self._boot = 0

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Process]:
        return iter(self._by_key.values())

    @property
    def living(self) -> int:
        """How many of them live."""
        return self.population.total

    def get(self, pid: int, start: int) -> Process | None:
        """The process, None if it is not (or no longer) known."""
        return self._by_key.get((pid, start))

    # ── what events say ─────────────────────────────────────────────────────────────────────────────────────────────

    def observe(self, event: KernelEvent) -> Process:
        """The process of ``event``, with its credentials, name and container as of this event."""
        process = self.newest.get(event.pid)
        if process is None or process.start != event.start:  # else it is the one; each event passes here
            process = self._by_key.get((event.pid, event.start)) or self._meet(event)
        moment = event.since_boot or event.time  # moment_of(), spelt out
        if moment < process.seen:
            return process  # overtaken by a younger event: what is known is younger, too
        process.seen = moment
        process.tid = event.tid
        process.uid = event.uid
        process.gid = event.gid
        process.cap_effective = event.cap_effective
        process.cap_permitted = event.cap_permitted
        if process.container_id != event.container_id:
            self._move(process, event.container_id)
        if event.tid == event.pid:  # a thread may have a name of its own
            process.name = event.comm
        if process.exit_time and moment > process.exit_seen and event.type != "procexit":
            self._revive(process)
        return process

    def snapshot(self, snapshot: Snapshot) -> None:
        """Take over the processes that live; those that are not among them and were not seen since have exited."""
        self.list(snapshot)
        if not snapshot.more:
            deque(self.closing(snapshot), maxlen=0)

    def list(self, snapshot: Snapshot) -> None:
        """Take over the processes of a snapshot, or of a part of one."""
        moment = moment_of(snapshot)
        for info in snapshot.processes:
            self._list(info, snapshot.time, moment)
        self.generation += 1

    def closing(self, snapshot: Snapshot) -> Iterator[None]:
        """What is to be done when all parts were listed: the chore of :meth:`snapshot` (:mod:`engine.state.chores`).

        It is to be finished before the next snapshot is listed.
        """
        moment = moment_of(snapshot)
        for process in tuple(self._by_key.values()):
            if process.parent is None and self._by_key.get(process.key) is process:  # else it was forgotten meanwhile
                self._link(process, self._parent_of(process, process.ppid))
            yield
        for process in tuple(self._by_key.values()):
            if process.seen < moment and process.listed != moment and not process.exit_time:
                self._miss(process, snapshot.time, moment)
                self._make_room()
            yield
        self.generation += 1

    def clone(self, event: KernelEvent, creator: Process) -> None:
        """A process was created by ``creator``: it inherits all that its record does not give."""
        info = event.process
        if info is None:
            return
        child = self._by_key.get((info.pid, info.start))
        if child is not None and child.exit_time and child.exit_seen < moment_of(event):
            self._remove(child)  # its pid was used again within a clock tick
            self._unlink(child)
            child = None
        if child is None:
            child = self._add(info.pid, info.start, event.time, moment_of(event))
            self._replace(child, info)
            child.inherit(creator)
        elif not child.exepath:  # met before by an event of its own, which says little
            self._fill(child, info)
            child.inherit(creator)
        self._learn_start(child, info)
        parent = creator if info.ppid in (0, creator.pid) else self._parent_of(child, info.ppid)  # CLONE_PARENT
        self._relink(child, parent or creator)
        self._make_room()
        self.generation += 1

    def exec(self, event: KernelEvent, process: Process) -> None:
        """A program was executed: everything about the process is replaced but its place in the tree."""
        info, moment = event.process, moment_of(event)
        if info is None or moment < process.exec_seen:
            return
        self._replace(process, info)
        process.exec_time, process.exec_seen = event.time, moment
        self._learn_start(process, info)
        self.generation += 1

    def exit(self, event: KernelEvent, process: Process) -> None:
        """The process ended."""
        process.exit_status = int(event.args.get("status", 0))
        self._end(process, event.time, moment_of(event))
        self._make_room()
        self.generation += 1

    def amend(self, event: KernelEvent, process: Process) -> None:
        """The event tells what the process has become since it was last told."""
        if event.process is not None and moment_of(event) >= process.seen:
            self._replace(process, event.process)

    def adopt(self, adoption: Adoption) -> None:
        """Give children of a process that ended to another one."""
        parent = self._by_key.get(adoption.parent) if adoption.parent is not None else None
        for child in filter(None, map(self._by_key.get, adoption.children)):
            self._unlink(child)
            child.parent, child.ppid = None, 0
            self._link(child, parent)
        self.generation += 1

    def expire(self, now: int) -> None:
        """Forget exited processes that are old or too many; ``now`` is a moment."""
        deque(self.expiring(now), maxlen=0)

    def expiring(self, now: int) -> Iterator[None]:
        """The chore of :meth:`expire`."""
        leaves = self._leaves
        while leaves and (leaves[0].exit_seen <= now - self._keep or len(leaves) > self._max_exited):
            self._forget(leaves.popleft())
            yield

    # ── entries ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _meet(self, event: KernelEvent) -> Process:
        """An entry for a process whose clone was lost or is still to come."""
        self._make_room()
        process = self._add(event.pid, event.start, event.time, moment_of(event))
        process.name = event.comm
        process.started = event.start + self._boot if self._boot else event.time
        self._link(process, self._parent_of(process, event.ppid), event.ppid)
        self.generation += 1
        return process

    def _list(self, info: ProcessInfo, time: int, moment: int) -> None:
        process = self._by_key.get((info.pid, info.start))
        if process is None:
            before = self.newest.get(info.pid)
            if before is not None and not before.exit_time and before.start < info.start:
                self._miss(before, time, moment)
            process = self._add(info.pid, info.start, time, moment)
            self._replace(process, info)
        elif _missed_exec(process, info, moment):
            self._replace(process, info)
            process.exec_time, process.exec_seen = time, moment
        elif not process.exepath or not process.vpid:  # else all is known: of most, in all snapshots but the first
            self._fill(process, info)
        process.listed = moment
        if process.met > moment and info.ppid != process.ppid:  # what has come since named who adopted it
            self._unlink(process)
            process.parent, process.ppid = None, info.ppid
        process.ppid = process.ppid or info.ppid
        self._learn_start(process, info)
        parent = self._parent_of(process, process.ppid) if process.parent is None else None
        if parent is not None and parent.listed == moment:  # else another of its pid may still be to come
            self._link(process, parent)

    def _add(self, pid: int, start: int, time: int, moment: int) -> Process:
        process = self._by_key[pid, start] = Process(pid, start)
        process.seen = process.met = moment
        self.population.count(process.container_id, 1)
        other = self.newest.get(pid)
        if other is None or other.start < start:
            self.newest[pid] = process
            gone = other
        else:
            gone = process  # an echo of a process whose pid is in use again
        if gone is not None and not gone.exit_time:
            self._end(gone, time, moment)
        return process

    def _learn_start(self, process: Process, info: ProcessInfo) -> None:
        if info.started:
            process.started = info.started
            self._boot = info.started - info.start

    def _replace(self, process: Process, info: ProcessInfo) -> None:
        before = process.container_id
        process.replace(info)
        self._settle(process, before)

    def _fill(self, process: Process, info: ProcessInfo) -> None:
        before = process.container_id
        process.fill(info)
        self._settle(process, before)

    def _settle(self, process: Process, before: str) -> None:
        """It was in the container ``before``, and is counted there."""
        if (now := process.container_id) != before:
            process.container_id = before
            self._move(process, now)

    def _move(self, process: Process, container_id: str) -> None:
        if not process.exit_time:
            self.population.count(process.container_id, -1)
            self.population.count(container_id, 1)
        process.container_id = container_id

    # ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _end(self, process: Process, time: int, moment: int) -> None:
        if process.exit_time:
            if moment > process.exit_seen:
                process.exit_time, process.exit_seen = time, moment
            return
        process.exit_time, process.exit_seen = time, moment
        process.env = []  # by far the largest part of it, and no longer asked for
        self.population.count(process.container_id, -1)
        self._release(process)

    def _make_room(self) -> None:
        """Forget who exited longest ago, if too many; not while another is put in its place, whose parent it may be."""
        for _ in range(_AT_ONCE):
            if len(self._leaves) > self._max_exited:
                self._forget(self._leaves.popleft())

    def _miss(self, process: Process, time: int, moment: int) -> None:
        self._end(process, time, moment)
        self.missed_exits += 1

    def _revive(self, process: Process) -> None:
        """Only its first thread had ended: it executed a program from another thread, or goes on without the first."""
        process.exit_time = process.exit_seen = process.exit_status = 0
        self.population.count(process.container_id, 1)

    def _release(self, process: Process) -> None:
        """An exited process is needed as an ancestor only."""
        if process.children:
            self._shorten(process)
        else:
            self._leaves.append(process)

    def _forget(self, process: Process) -> None:
        if not process.exit_time or process.children or self._by_key.get(process.key) is not process:
            return  # revived, a parent since, or queued twice
        self._remove(process)
        self._unlink(process)

    def _remove(self, process: Process) -> None:
        del self._by_key[process.key]
        if self.newest.get(process.pid) is process:
            del self.newest[process.pid]

    # ── ancestry ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _parent_of(self, child: Process, ppid: int) -> Process | None:
        """The process with pid ``ppid`` that can have started ``child``: one that is older."""
        parent = self.newest.get(ppid)
        return parent if parent is not None and can_be_parent(parent, child) else None

    def _link(self, child: Process, parent: Process | None, ppid: int = 0) -> None:
        if child.parent is not None:
            return
        if parent is None or not can_be_parent(parent, child):
            child.ppid = child.ppid or ppid
            return
        child.parent, child.ppid = parent, parent.pid
        if parent.children is None:
            parent.children = {child}
        else:
            parent.children.add(child)
        self._note_depth(child, parent.depth + 1)
        if parent.exit_time:
            self._shorten(parent)

    def _relink(self, child: Process, parent: Process) -> None:
        """The clone says who started it; an event that came before may have named who adopted it since."""
        if child.parent is not parent and can_be_parent(parent, child):
            self._unlink(child)
            child.parent = None
        self._link(child, parent, parent.pid)

    def _unlink(self, child: Process) -> None:
        parent = child.parent
        if parent is None or parent.children is None:
            return
        parent.children.discard(child)
        if parent.exit_time and len(parent.children) < 2:
            self._release(parent)

    def _note_depth(self, child: Process, depth: int) -> None:
        """``depth`` takes no notice of ancestors that were left out; they are counted when it seems too large."""
        if depth >= MAX_ANCESTORS:
            depth = sum(1 for _ in child.ancestors())
            self.too_deep += depth >= MAX_ANCESTORS
        child.depth = depth

    def _shorten(self, process: Process) -> None:
        """Keep parents that exit after each fork from piling up: their row loses its middle.

        The place where somebody entered the container stays, and so do the nearest ancestors; a parent always.
        """
        ancestors = len(self._by_key) - self.living - len(self._leaves)
        most = MAX_LINEAGE if ancestors <= MAX_EXITED_ANCESTORS else SHORT_LINEAGE
        row = _exited_row(process)
        for at in range(len(row) - 2, 0, -1):
            if len(row) <= most:
                return
            middle, above, below = row[at], row[at + 1], row[at].only_child
            if below is not None and middle.container_id == above.container_id:
                self._take_out(below, middle, above)
                del row[at]

    def _take_out(self, below: Process, middle: Process, above: Process) -> None:
        if above.children is None:
            return
        self._remove(middle)
        above.children.discard(middle)
        above.children.add(below)
        below.parent, middle.children = above, None
        self.left_out += 1


def _exited_row(process: Process) -> list[Process]:
    """The exited parents that follow one another through ``process``, the nearest to the living first."""
    nearest = process
    for _ in range(MAX_LINEAGE):
        below = nearest.only_child
        if below is None or not below.exit_time or not below.children:
            break
        nearest = below
    upwards = chain((nearest,), nearest.ancestors())
    return list(islice(takewhile(lambda one: one.exit_time, upwards), 2 * MAX_LINEAGE + 1))


def _missed_exec(process: Process, info: ProcessInfo, moment: int) -> bool:
    """Whether it runs another program than the one known, which was known before ``moment``."""
    return bool(info.exepath and process.exepath) and info.exepath != process.exepath and process.exec_seen < moment

"""A process as the engine knows it, and how what the kernel says about it is taken over.

A process is identified by pid and start time, since pids are reused. :mod:`engine.state.table` keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.alerts import Ancestor, Priority
from engine.events import ProcessInfo

ProcessKey = tuple[int, int]
"""(pid, start time in nanoseconds since boot)."""
MOST_ARGUMENTS = 4095
"""Bytes that are told of a program's arguments (the name it was called by among them)."""
MAX_ANCESTORS = 1000
"""Ancestors that are looked at: no honest tree is so deep, and in a hostile one each event would cost more and more."""


class Process:
    """A process, from its creation to some time after its end. An exec changes it in place.

    Fields carry the meaning given in :class:`engine.events.ProcessInfo`.
    """

    __slots__ = (
        "args",
        "cap_effective",
        "cap_inheritable",
        "cap_permitted",
        "children",
        "container_id",
        "cwd",
        "depth",
        "env",
        "exe",
        "exe_ctime",
        "exe_ino",
        "exe_mtime",
        "exec_seen",
        "exec_time",
        "exepath",
        "exit_seen",
        "exit_status",
        "exit_time",
        "gid",
        "is_exe_from_memfd",
        "is_exe_lower_layer",
        "is_exe_upper_layer",
        "is_exe_writable",
        "is_own",
        "listed",
        "loginuid",
        "met",
        "mnt_ns",
        "name",
        "parent",
        "pgid",
        "pid",
        "pid_ns",
        "pidns_start",
        "ppid",
        "seen",
        "severities",
        "sid",
        "start",
        "started",
        "step",
        "tid",
        "tty",
        "uid",
        "vpgid",
        "vpid",
    )

    def __init__(self, pid: int, start: int) -> None:
        self.pid = pid
        self.start = start
        self.tid = pid
        """The thread of the latest event."""
        self.started = 0
        self.ppid = 0
        """Of the parent that started it: a later reparenting does not change it."""
        self.parent: Process | None = None
        self.children: set[Process] | None = None
        """The processes of the table that have it as their parent, living or exited; None or empty for none."""
        self.depth = 0
        """How many ancestors it had when it was made, at least."""
        self.seen = self.met = self.listed = 0
        """Moments (:mod:`engine.state.clock`) of its latest and first event, and of the latest snapshot it is in."""
        self.vpid = 0
        self.name = ""
        self.exe = ""
        self.exepath = ""
        self.args: list[str] = []
        self.env: list[str] = []
        self.cwd = ""
        self.uid = 0
        self.gid = 0
        self.loginuid = -1
        self.tty = 0
        self.sid = 0
        self.pgid = 0
        self.vpgid = 0
        self.cap_effective = 0
        self.cap_permitted = 0
        self.cap_inheritable = 0
        self.pid_ns = self.mnt_ns = self.pidns_start = 0
        self.exe_ino = self.exe_ctime = self.exe_mtime = 0
        self.is_exe_writable = self.is_exe_from_memfd = False
        self.is_exe_upper_layer = self.is_exe_lower_layer = self.is_own = False
        """``is_own``: it is a shell that somebody opens from the screen, or the command that opens it."""
        self.container_id = ""
        self.exec_time = 0
        """When it last executed a program; 0 for never since its fork."""
        self.exec_seen = 0
        """The moment of that."""
        self.exit_time = 0
        """0 while it lives."""
        self.exit_seen = 0
        """The moment of that."""
        self.exit_status = 0
        self.severities: dict[Priority, int] | None = None
        """Alerts it has caused, by priority; None for none. Those of before the sensor are added once
        (:mod:`engine.earlier`)."""
        self.step: tuple[object, Ancestor] | None = None
        """What the latest alert has told of it (:mod:`engine.judging.judge`), and of which state it was made."""

    def count_alert(self, priority: Priority, number: int = 1) -> None:
        """It has caused another, or so many."""
        counts = self.severities = self.severities or {}
        counts[priority] = counts.get(priority, 0) + number

    @property
    def alerts(self) -> int:
        """Alerts it has caused."""
        return sum(self.severities.values()) if self.severities else 0

    @property
    def worst(self) -> Priority | None:
        """The most severe of their priorities."""
        return min(self.severities) if self.severities else None

    @property
    def key(self) -> ProcessKey:
        """What identifies it."""
        return (self.pid, self.start)

    @property
    def cmdline(self) -> str:
        """Falco's ``proc.cmdline``: the name, then the arguments."""
        return " ".join([self.name, *self.args])

    @property
    def is_cut(self) -> bool:
        """Whether it was given more arguments than are told, which no field of Falco's says."""
        return len("\0".join([self.exe, *self.args]).encode(errors="replace")) >= MOST_ARGUMENTS

    @property
    def shown_cmdline(self) -> str:
        """``cmdline`` for people: it says by ``…`` that there was more."""
        return f"{self.cmdline} …" if self.is_cut else self.cmdline

    @property
    def only_child(self) -> Process | None:
        """Its child, if it has one and no other."""
        return next(iter(self.children)) if self.children and len(self.children) == 1 else None

    def ancestors(self) -> Iterator[Process]:
        """Its parent, grandparent and so on, nearest first; at most :data:`MAX_ANCESTORS`."""
        process = self.parent
        for _ in range(MAX_ANCESTORS):
            if process is None:
                return
            yield process
            process = process.parent

    def copy(self) -> Process:
        """A copy that later events do not change; its parents are shared."""
        twin = Process(self.pid, self.start)
        for name in Process.__slots__:
            setattr(twin, name, getattr(self, name))
        return twin

    def replace(self, info: ProcessInfo) -> None:
        """Take everything over from ``info``, as after an exec. The parent that started it stays."""
        self.name = info.comm
        for name in _TAKEN:
            setattr(self, name, getattr(info, name))

    def fill(self, info: ProcessInfo) -> None:
        """Take over only what is not known yet: ``info`` came later than younger knowledge."""
        self.name = self.name or info.comm
        for name in _TAKEN:
            if getattr(self, name) in _UNKNOWN:
                setattr(self, name, getattr(info, name))

    def inherit(self, parent: Process) -> None:
        """Take over from ``parent`` what a fork copies and the kernel's record of a fork leaves out."""
        for name in _INHERITED:
            if not getattr(self, name):
                setattr(self, name, getattr(parent, name))


_TAKEN = tuple(
    name for name in ProcessInfo.__struct_fields__ if name not in {"pid", "start", "ppid", "comm", "started"}
)
_INHERITED = (
    "exe",
    "exepath",
    "args",
    "env",
    "cwd",
    "exe_ino",
    "exe_ctime",
    "exe_mtime",
    "is_exe_writable",
    "is_exe_upper_layer",
    "is_exe_lower_layer",
    "is_exe_from_memfd",
)
_UNKNOWN: tuple[object, ...] = (0, -1, "", [])


def can_be_parent(parent: Process, child: Process) -> bool:
    """Older than ``child``; with equal clocks (or none), at least not its descendant."""
    if parent.start != child.start:
        return parent.start < child.start
    above: Process | None = parent
    while above is not None and above.start == child.start:
        if above is child:
            return False
        above = above.parent
    return True

"""The process table: who lives, who descends from whom, and who has just exited.

A process is identified by pid and start time, since pids are reused. An exited process is kept for a while: its
children's ancestry, the process tree on the screen and late alerts still need it.
"""

from __future__ import annotations

from collections.abc import Iterator

ProcessKey = tuple[int, int]
"""(pid, start time in nanoseconds since boot)."""


class Process:
    """A process, from its creation to some time after its end. An exec changes it in place.

    Fields carry the meaning given in :class:`engine.events.ProcessInfo`.
    """

    __slots__ = (
        "args",
        "cap_effective",
        "cap_inheritable",
        "cap_permitted",
        "container_id",
        "cwd",
        "env",
        "exe",
        "exe_ctime",
        "exe_ino",
        "exe_mtime",
        "exec_time",
        "exepath",
        "exit_status",
        "exit_time",
        "gid",
        "is_exe_from_memfd",
        "is_exe_upper_layer",
        "loginuid",
        "mnt_ns",
        "name",
        "parent",
        "pgid",
        "pid",
        "pid_ns",
        "ppid",
        "sid",
        "start",
        "started",
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
        self.parent: Process | None = None
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
        self.pid_ns = 0
        self.mnt_ns = 0
        self.exe_ino = 0
        self.exe_ctime = 0
        self.exe_mtime = 0
        self.is_exe_upper_layer = False
        self.is_exe_from_memfd = False
        self.container_id = ""
        self.exec_time = 0
        """When it last executed a program; 0 for never since its fork."""
        self.exit_time = 0
        """0 while it lives."""
        self.exit_status = 0

    @property
    def key(self) -> ProcessKey:
        """What identifies it."""
        return (self.pid, self.start)

    @property
    def cmdline(self) -> str:
        """Falco's ``proc.cmdline``: the name, then the arguments."""
        return " ".join([self.name, *self.args])

    def ancestors(self) -> Iterator[Process]:
        """Its parent, grandparent and so on, nearest first."""
        process = self.parent
        while process is not None:
            yield process
            process = process.parent

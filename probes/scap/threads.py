"""What a capture tells of threads and processes: who acts, as whom, from where, with which descriptors.

An event of a capture names its thread and nothing else. So everything that the kernel tells of a process with each live
event is kept here: from the lists at the beginning, and from the events that change it. As in Falco, threads of a
process share its descriptors and working directory, and a child has copies of its parent's.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from engine.events import HOST, ProcessInfo
from engine.lang.paths import normal
from probes.machine.cgroups import container_id_of
from probes.scap.lists import ListedThread
from probes.scap.opens import Entry, Open, ends_at_exec, made
from probes.scap.values import text, texts

NO_USER = 0xFFFFFFFF
MOST_THREADS = 131_072
"""Threads that are followed at once; Falco's own limit. What happens in others is counted as lost."""
MOST_COPIES = 2_000_000
"""Descriptors that children may have taken over and not closed: a small file can tell of very many."""


class Process:
    """What the threads of a process share."""

    __slots__ = ("changed", "copies", "cwd", "env", "fds", "living", "pid", "pidns_start", "start", "started")

    def __init__(self, pid: int, start: int) -> None:
        self.pid = pid
        self.start = start
        """Nanoseconds since boot, 1 for what lived before the capture began: that is all that is known of it."""
        self.started = 0
        """Wall-clock time of its clone, 0 if that is not in the capture."""
        self.fds: dict[int, Entry] = {}
        self.copies = 0
        """How many of them it took over at its clone."""
        self.cwd = ""
        self.env: list[str] = []
        self.pidns_start = 0
        """When its pid namespace began, as Falco prints it: nanoseconds since boot; 0 where that is not told."""
        self.changed = False
        """Something that no event tells the engine has changed since the last one."""
        self.living = 0
        """Its threads that live."""

    def opened(self, number: int) -> Open | None:
        """An open descriptor; None where it is not known."""
        entry = self.fds.get(number)
        if entry is None or isinstance(entry, Open):
            return entry
        found = self.fds[number] = made(entry)
        return found

    def close_at_exec(self) -> None:
        """Close what an exec closes."""
        self.fds = {number: each for number, each in self.fds.items() if not ends_at_exec(each)}


class Thread:
    """One thread. Fields are those of :class:`engine.events.ProcessInfo`; ``ptid`` is the tid of its parent."""

    __slots__ = (
        "args",
        "born",
        "cap_effective",
        "cap_inheritable",
        "cap_permitted",
        "children",
        "comm",
        "container_id",
        "exe",
        "exe_ctime",
        "exe_ino",
        "exe_mtime",
        "exepath",
        "gid",
        "inverted",
        "is_dead",
        "is_exe_from_memfd",
        "is_exe_lower_layer",
        "is_exe_upper_layer",
        "is_exe_writable",
        "is_known",
        "loginuid",
        "pgid",
        "process",
        "ptid",
        "root",
        "sid",
        "sort",
        "tid",
        "tty",
        "uid",
        "vpgid",
        "vpid",
        "vtid",
    )  # fmt: skip

    def __init__(self, tid: int, process: Process) -> None:
        self.tid = tid
        self.process = process
        self.ptid = 0
        self.children: set[int] = set()
        """The tids of threads whose ``ptid`` this is."""
        self.born = 0
        """When its clone was seen, 0 for those of the list."""
        self.inverted = False
        """The child's own event of the clone came before the parent's."""
        self.is_known = True
        """False while nothing but events of its own have been seen."""
        self.is_dead = False
        """It ended, and is kept because other threads of its process live."""
        self.vtid = 0
        self.sort = 0
        """By which opens of such threads are told apart (:mod:`probes.scap.gate`); 0 until asked for."""
        self.vpid = 0
        self.comm = ""
        self.exe = ""
        self.exepath = ""
        self.args: list[str] = []
        self.uid = NO_USER
        self.gid = NO_USER
        self.loginuid = -1
        self.tty = 0
        self.sid = 0
        self.pgid = 0
        self.vpgid = 0
        self.cap_effective = 0
        self.cap_permitted = 0
        self.cap_inheritable = 0
        self.exe_ino = 0
        self.exe_ctime = 0
        self.exe_mtime = 0
        self.is_exe_writable = False
        self.is_exe_upper_layer = False
        self.is_exe_lower_layer = False
        self.is_exe_from_memfd = False
        self.root = ""
        self.container_id = HOST

    @property
    def pid(self) -> int:
        """Of its process."""
        return self.process.pid

    @property
    def is_leader(self) -> bool:
        """The first thread of its process."""
        return self.tid == self.process.pid

    def inherit(self, parent: Thread) -> None:
        """Take over what a clone copies and its event does not tell, but for the descriptors."""
        for name in _INHERITED:
            setattr(self, name, getattr(parent, name))
        if parent.process is not self.process:
            self.process.cwd, self.process.env = parent.process.cwd, parent.process.env


_INHERITED = (
    "exepath", "tty", "loginuid", "sid", "sort", "vpgid", "pgid", "cap_effective", "cap_permitted", "cap_inheritable",
    "exe_ino", "exe_ctime", "exe_mtime", "is_exe_writable", "is_exe_upper_layer", "is_exe_lower_layer",
    "is_exe_from_memfd", "root", "container_id",
)  # fmt: skip


class Threads:
    """The threads of a capture by tid."""

    def __init__(self) -> None:
        self._by_tid: dict[int, Thread] = {}
        self._copies = 0
        self.get = self._by_tid.get
        """The thread with a tid, None if it is not known."""

    def __iter__(self) -> Iterator[Thread]:
        return iter(self._by_tid.values())

    @property
    def is_full(self) -> bool:
        """Whether there is room for no other thread."""
        return len(self._by_tid) >= MOST_THREADS

    def add(self, tid: int, pid: int, start: int) -> Thread:
        """A new thread, of a process that is there if it is not the first of it. It is not kept if there is no room."""
        leader = self._by_tid.get(pid) if tid != pid else None
        process = leader.process if leader is not None else Process(pid, start)
        thread = Thread(tid, process)
        process.living += 1
        if not self.is_full:
            self._by_tid[tid] = thread
        return thread

    def inherit(self, child: Thread, parent: Thread) -> None:
        """Take over what a clone copies and its event does not tell."""
        child.inherit(parent)
        if child.process is not parent.process and self._copies < MOST_COPIES:
            child.process.fds = dict(parent.process.fds)
            child.process.copies = len(child.process.fds)
            self._copies += child.process.copies

    def release(self, process: Process) -> None:
        """The descriptors that it took over at its clone are gone."""
        self._copies -= process.copies
        process.copies = 0

    def end(self, tid: int) -> None:
        """A thread ended; the last one of a process takes it along."""
        thread = self._by_tid.get(tid)
        if thread is None:
            return
        process = thread.process
        if (parent := self._by_tid.get(thread.ptid)) is not None:
            parent.children.discard(tid)
        process.living -= 1
        if not thread.is_leader or process.living <= 0:
            self._by_tid.pop(tid, None)
        if process.living <= 0:
            self._by_tid.pop(process.pid, None)
            self.release(process)

    def end_others(self, thread: Thread) -> None:
        """An exec ends all threads of a process but the one that does it."""
        process = thread.process
        if process.living > 1:
            for other in [each for each in self if each.process is process and each is not thread]:
                del self._by_tid[other.tid]
            process.living = 1

    def parent_pid(self, thread: Thread) -> int:
        """The pid of its process's parent: for that, the first thread counts."""
        leader = self._by_tid.get(thread.process.pid, thread)
        parent = self._by_tid.get(leader.ptid)
        return parent.process.pid if parent is not None else 0

    def adopt(self, dead: Thread, reaper: int) -> list[Thread]:
        """The children of a thread that ended get another parent; gives those that are processes."""
        children = [child for tid in sorted(dead.children) if (child := self._by_tid.get(tid)) is not None]
        for child in children:
            self.set_parent(child, reaper)
        dead.children = set()
        return [child for child in children if child.is_leader]

    def set_parent(self, thread: Thread, ptid: int) -> None:
        """It descends from the thread ``ptid``; 0 if nothing is known of that one."""
        parent = self._by_tid.get(ptid)
        if parent is None or not parent.is_known:
            thread.ptid = 0
            return
        thread.ptid = ptid
        parent.children.add(thread.tid)

    # ── the process list ────────────────────────────────────────────────────────────────────────────────────────────

    def list(self, listed: ListedThread) -> None:
        """A thread that lived when the capture began."""
        thread = self.add(listed.tid, listed.pid if listed.pid > 0 else listed.tid, 1)
        thread.is_known = listed.pid > 0  # else one that the recorder had seen an event of, and nothing more
        for name in _AS_LISTED:
            setattr(thread, name, getattr(listed, name))
        thread.comm, thread.exe, thread.exepath = map(text, (listed.comm, listed.exe, listed.exepath))
        thread.args, thread.root = texts(listed.args), text(listed.root)
        thread.exe_ctime, thread.exe_mtime = listed.exe_ino_ctime, listed.exe_ino_mtime
        thread.loginuid = signed(listed.loginuid)
        thread.is_exe_writable = bool(listed.exe_writable)
        thread.is_exe_upper_layer = bool(listed.exe_upper_layer)
        thread.is_exe_lower_layer = bool(listed.exe_lower_layer)
        thread.is_exe_from_memfd = bool(listed.exe_from_memfd)
        thread.vpid = listed.vpid if listed.vpid > 0 else listed.pid
        thread.vtid = listed.vtid if listed.vtid > 0 else listed.tid
        thread.container_id = container_of(listed.cgroups)
        if thread.is_leader:
            thread.process.cwd, thread.process.env = normal(text(listed.cwd)), texts(listed.env)

    def link(self) -> None:
        """The list is complete: find the parents."""
        for thread in self:
            self.set_parent(thread, thread.ptid)

    # ── what the engine is told ─────────────────────────────────────────────────────────────────────────────────────

    def info(self, thread: Thread) -> ProcessInfo:
        """The process of a thread, as the kernel would tell of it."""
        process = thread.process
        return ProcessInfo(
            pid=process.pid,
            start=process.start,
            ppid=self.parent_pid(thread),
            vpid=thread.vpid,
            comm=thread.comm,
            exe=thread.exe,
            exepath=thread.exepath,
            args=thread.args,
            env=process.env,
            cwd=process.cwd,
            uid=thread.uid,
            gid=thread.gid,
            loginuid=thread.loginuid,
            tty=thread.tty,
            sid=thread.sid,
            pgid=thread.pgid,
            vpgid=thread.vpgid,
            cap_effective=thread.cap_effective,
            cap_permitted=thread.cap_permitted,
            cap_inheritable=thread.cap_inheritable,
            exe_ino=thread.exe_ino,
            exe_ctime=thread.exe_ctime,
            exe_mtime=thread.exe_mtime,
            is_exe_writable=thread.is_exe_writable,
            is_exe_upper_layer=thread.is_exe_upper_layer,
            is_exe_lower_layer=thread.is_exe_lower_layer,
            is_exe_from_memfd=thread.is_exe_from_memfd,
            container_id=thread.container_id,
            started=process.started,
            pidns_start=process.pidns_start,
        )


_AS_LISTED = (
    "ptid", "uid", "gid", "tty", "sid", "pgid", "vpgid", "cap_effective", "cap_permitted", "cap_inheritable", "exe_ino",
)  # fmt: skip


@lru_cache(maxsize=4096)
def container_of(cgroups: bytes) -> str:
    """The container that the cgroups of a thread (``memory=/docker/…``, each with its zero) name, HOST for none."""
    return next(filter(None, (container_id_of(each.partition("=")[2]) for each in texts(cgroups))), HOST)


def signed(uid: int) -> int:
    """A user id, -1 for "none"."""
    return -1 if uid == NO_USER else uid

"""What events do to threads and processes, as Falco follows them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from engine.events import Adoption
from engine.lang.flags import CAPABILITIES
from probes.scap import flags
from probes.scap.event import ScapEvent
from probes.scap.opens import joined
from probes.scap.threads import NO_USER, Process, Thread, Threads, container_of, signed

STALE = 2 * 10**9
"""Nanoseconds after which an event of a clone is about another thread than the one with its tid."""
_IN_NAMESPACE = flags.CHILD_IN_PIDNS | flags.CLONE_NEWPID | flags.CLONE_PARENT
"""The caller's event of such a clone has the child's tid as the namespace counts: the child's own event tells more."""
_ALL_CAPABILITIES = (1 << len(CAPABILITIES)) - 1
_MOST_EXITS = 20_000
_HAS_NAMESPACE = flags.CHILD_IN_PIDNS | flags.CLONE_NEWPID
_PR_SET_CHILD_SUBREAPER, _PR_GET_CHILD_SUBREAPER = 36, 37
CHANGING_PRCTLS = frozenset({_PR_SET_CHILD_SUBREAPER, _PR_GET_CHILD_SUBREAPER})
"""Options of prctl that change something here; of the second one Falco takes the answer."""

CLONES = frozenset({"clone", "clone3", "fork", "vfork"})
EXECS = frozenset({"execve", "execveat"})
UNKNOWN = "<NA>"
"""Falco's name for a process that it knows nothing of."""


class Processes:
    """Follows the threads of a capture."""

    def __init__(self, threads: Threads) -> None:
        self.threads = threads
        self.boot = 0
        """When the machine was started, nanoseconds since the epoch."""
        self._exited: dict[int, int] = {}
        """Threads that have just ended, and when."""
        self._exits: deque[tuple[int, int]] = deque()
        self._reapers: set[int] = set()
        """Pids of processes that take over the children of others."""
        self._of: dict[str, Callable[[ScapEvent], None]] = {
            **dict.fromkeys(("setuid", "setreuid", "setresuid"), self._user),
            **dict.fromkeys(("setgid", "setregid", "setresgid"), self._group),
            **dict.fromkeys(("unshare", "setns"), self._namespace),
            "capset": self._capabilities,
            "chdir": self._chdir,
            "fchdir": self._fchdir,
            "getcwd": self._chdir,
            "chroot": self._chroot,
            "setsid": self._session,
            "prctl": self._prctl,
            **dict.fromkeys(EXECS, self._exec),
        }
        self.changing = frozenset(self._of) | CLONES | {"procexit"}
        """Events without which the table would be wrong, by name."""

    def follow(self, event: ScapEvent) -> None:
        """Take in what a call has changed about its thread; one that failed has changed nothing."""
        change = self._of.get(event.row.name)
        if change is not None and not event.failed:
            change(event)

    def unknown(self, tid: int) -> Thread:
        """An entry for a thread of which nothing was told."""
        thread = self.threads.add(tid, tid, 1)
        thread.comm = thread.exe = UNKNOWN
        thread.is_known = False
        thread.vpid = thread.vtid = tid
        return thread

    # ── clones ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def clone(self, event: ScapEvent) -> Thread | None:
        """The thread that a clone made, if this event is the one that tells of it; None for the other one."""
        result = event.res
        if result is None or result < 0:
            return None
        return self._of_child(event) if result == 0 else self._of_caller(event, result)

    def _of_child(self, event: ScapEvent) -> Thread | None:
        thread = event.thread
        if thread.born and event.time - thread.born < STALE:
            return None
        self.threads.end(thread.tid)
        bits, tid = event.number("flags"), thread.tid
        ptid = event.number("ptid")
        pid = event.number("pid", tid)
        child = self._new(event, tid, pid, ptid)
        model = self.threads.get(pid if bits & flags.CLONE_THREAD else ptid)
        child.inverted = True
        self._fill(event, child, model if model is not child else None)
        child.vtid, child.vpid = event.number("vtid", tid), event.number("vpid", pid)
        return child

    def _of_caller(self, event: ScapEvent, tid: int) -> Thread | None:
        caller, bits = event.thread, event.number("flags")
        if bits & _IN_NAMESPACE or caller.tid != caller.vtid:
            return None
        if bits & flags.CLONE_VFORK or event.row.name == "vfork" or self._has_just_ended(tid, event.time):
            return None
        known = self.threads.get(tid)
        if known is not None and known.inverted:
            return None
        if known is not None:
            self.threads.end(tid)
        is_thread = bool(bits & flags.CLONE_THREAD)
        child = self._new(event, tid, caller.pid if is_thread else tid, caller.ptid if is_thread else caller.tid)
        self._fill(event, child, caller)
        child.vtid, child.vpid = tid, child.pid
        return child

    def _new(self, event: ScapEvent, tid: int, pid: int, ptid: int) -> Thread:
        child = self.threads.add(tid, pid, max(event.time - self.boot, 2))
        self.threads.set_parent(child, ptid)
        child.born = event.time
        if child.is_leader:
            child.process.started = event.time
        return child

    def _fill(self, event: ScapEvent, child: Thread, model: Thread | None) -> None:
        if model is not None:
            self.threads.inherit(child, model)
        child.exe, child.args = event.text("exe"), event.texts("args")
        child.comm = event.text("comm") or child.exe
        child.uid, child.gid = event.number("uid", NO_USER), event.number("gid", NO_USER)
        if child.is_leader and event.number("flags") & _HAS_NAMESPACE and event.res == 0:
            child.process.pidns_start = event.number("pidns_init_start_ts")
        if event.has("cgroups"):
            child.container_id = container_of(event.raw("cgroups"))

    def _has_just_ended(self, tid: int, time: int) -> bool:
        return tid in self._exited and time - self._exited[tid] < STALE

    # ── exec and exit ───────────────────────────────────────────────────────────────────────────────────────────────

    def _exec(self, event: ScapEvent) -> None:
        thread = event.thread
        thread.exe, thread.args = event.text("exe"), event.texts("args")
        thread.comm = event.text("comm") or thread.exe
        thread.is_dead, thread.sort = False, 0
        if not thread.is_known:
            thread.is_known = True
            self.threads.set_parent(thread, event.number("ptid"))
        if event.has("env"):
            thread.process.env = event.texts("env")
        if event.has("cgroups"):
            thread.container_id = container_of(event.raw("cgroups"))
        for name in ("tty", "vpgid", "cap_inheritable", "cap_permitted", "cap_effective", "exe_ino", "uid", "gid"):
            if event.has(name):
                setattr(thread, name, event.number(name))
        thread.pgid = event.number("pgid", -1)
        thread.exe_ctime, thread.exe_mtime = event.number("exe_ino_ctime"), event.number("exe_ino_mtime")
        if event.has("loginuid"):
            thread.loginuid = signed(event.number("loginuid"))
        thread.exepath = event.text("trusted_exepath") or joined(thread.process.cwd, event.text("filename") or UNKNOWN)
        self._exec_flags(thread, event.number("flags"))
        thread.process.close_at_exec()
        self.threads.release(thread.process)
        self.threads.end_others(thread)

    def _exec_flags(self, thread: Thread, bits: int) -> None:
        thread.is_exe_writable = bool(bits & flags.EXE_WRITABLE)
        thread.is_exe_upper_layer = bool(bits & flags.EXE_UPPER_LAYER)
        thread.is_exe_lower_layer = bool(bits & flags.EXE_LOWER_LAYER)
        thread.is_exe_from_memfd = bool(bits & flags.EXE_FROM_MEMFD)

    def exit(self, event: ScapEvent) -> Adoption | None:
        """A thread ended. Gives what it means for its children, None if nothing."""
        thread, adoption = event.thread, None
        thread.is_dead = True
        if thread.children:
            reaper = self._reaper(thread, event.number("reaper_tid"))
            children = self.threads.adopt(thread, reaper.tid if reaper is not None else 0)
            if reaper is None or reaper.process is not thread.process:
                parent = (reaper.process.pid, reaper.process.start) if reaper is not None else None
                adoption = Adoption(event.time, [(each.pid, each.process.start) for each in children], parent)
        self._remember_exit(thread.tid, event.time)
        self.threads.end(thread.tid)
        return adoption if adoption is not None and adoption.children else None

    def _remember_exit(self, tid: int, time: int) -> None:
        self._exited[tid] = time
        self._exits.append((tid, time))
        while len(self._exits) > _MOST_EXITS or time - self._exits[0][1] >= STALE:
            gone, when = self._exits.popleft()
            if self._exited.get(gone) == when:
                del self._exited[gone]

    def _reaper(self, dead: Thread, said: int) -> Thread | None:
        """The thread that adopts the children: who the kernel says, else a living thread of the process, else the
        nearest ancestor that adopts; None if nobody is known."""
        known = self.threads.get(said) if said > 0 else None
        if known is None or not known.is_known:
            known = self._sibling(dead) or self._adopting_ancestor(dead)
        if known is not None and known.pid != dead.pid:
            self._reapers.add(known.pid)
        return known

    def _sibling(self, dead: Thread) -> Thread | None:
        if dead.process.living <= 1:
            return None
        mates = (each for each in self.threads if each.process is dead.process)
        return next((each for each in mates if not each.is_dead), None)

    def _adopting_ancestor(self, dead: Thread) -> Thread | None:
        seen = {dead.tid}
        parent = self.threads.get(dead.ptid)
        while parent is not None and parent.tid not in seen:
            if _is_in_namespace(parent) != _is_in_namespace(dead):
                return None
            if self._is_reaper(parent.process, parent):
                return parent
            seen.add(parent.tid)
            parent = self.threads.get(parent.ptid)
        return None

    def _is_reaper(self, process: Process, thread: Thread) -> bool:
        return process.living > 0 and (process.pid == 1 or thread.vpid == 1 or process.pid in self._reapers)

    # ── calls that change a process ─────────────────────────────────────────────────────────────────────────────────

    def _user(self, event: ScapEvent) -> None:
        name = "uid" if event.row.name == "setuid" else "euid"
        if event.has(name) and event.number(name) != NO_USER:
            event.thread.uid = event.number(name)

    def _group(self, event: ScapEvent) -> None:
        name = "gid" if event.row.name == "setgid" else "egid"
        if event.has(name) and event.number(name) != NO_USER:
            event.thread.gid = event.number(name)

    def _capabilities(self, event: ScapEvent) -> None:
        for name in ("cap_inheritable", "cap_permitted", "cap_effective"):
            setattr(event.thread, name, event.number(name))

    def _namespace(self, event: ScapEvent) -> None:
        """A new user namespace gives all rights in it."""
        if event.number("flags", event.number("nstype")) & flags.CLONE_NEWUSER:
            thread = event.thread
            thread.cap_inheritable = thread.cap_permitted = thread.cap_effective = _ALL_CAPABILITIES

    def _chdir(self, event: ScapEvent) -> None:
        process = event.thread.process
        process.cwd = joined(process.cwd, event.text("path"))
        process.changed = True

    def _fchdir(self, event: ScapEvent) -> None:
        known = event.opened(event.number("fd", -1))
        if known is not None:
            process = event.thread.process
            process.cwd, process.changed = joined(process.cwd, known.fd.name), True

    def _chroot(self, event: ScapEvent) -> None:
        event.thread.root = event.text("path")

    def _session(self, event: ScapEvent) -> None:
        event.thread.sid = event.res or 0
        event.thread.process.changed = True

    def _prctl(self, event: ScapEvent) -> None:
        if event.number("option") in CHANGING_PRCTLS:
            change = self._reapers.add if event.number("arg2_int") else self._reapers.discard
            change(event.thread.pid)


def _is_in_namespace(thread: Thread) -> bool:
    """Whether a thread counts its pids apart from the host."""
    return thread.tid != thread.vtid or thread.pid != thread.vpid

"""What a reader of a capture knows by now, and what it must be told before an event so that it understands it rightly.

Our events carry what they are about: the process, its rights, the file behind a descriptor. A capture tells each of it
once, in the call that made it so, and readers remember. Calls that nobody asked for are not among our events: then
readers are told by an event that is marked as being for their state only. Falco and sysdig learn from it, and do not
show it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from engine.events import Adoption, Fd, KernelEvent, ProcessInfo
from engine.schema import RET, event_type
from probes.paths import absolute
from probes.scap.table import BY_KEY, Row
from probes.scap.write_events import ROWS, Values, child, number_of, program
from probes.scap.write_opening import AT_FDCWD, opening

Tell = Callable[[Row, int, int, Values], None]
"""Writes an event for the state only: row, time, process, values."""


@dataclass
class _Process:
    info: ProcessInfo
    cwd: str
    """Where it is, as the reader knows: an exec does not tell."""
    sid: int
    """Its session, likewise."""
    fds: dict[int, Fd] = field(default_factory=dict)


class Known:
    """The processes and descriptors that a reader knows; ``tell`` is called with what it lacks."""

    def __init__(self, tell: Tell) -> None:
        self.orphaned = 0
        """Processes that outlive their parent: a reader takes another process for it, as the kernel does."""
        self._tell = tell
        self._processes: dict[int, _Process] = {}
        self._children: Counter[int] = Counter()

    def begin(self, processes: Iterable[ProcessInfo], fds: dict[int, list[Fd]]) -> None:
        """What the lists in front of the events say."""
        for info in processes:
            self._add(_Process(info, info.cwd, info.sid, {fd.num: fd for fd in fds.get(info.pid, [])}))

    def meet(self, info: ProcessInfo, time: int) -> None:
        """A process was found alive: tell of it if it is not known."""
        known = self._processes.get(info.pid)
        if known is None or known.info.start != info.start:
            self._introduce(info, time)

    def prepare(self, event: KernelEvent) -> ProcessInfo:
        """Tell what is needed to understand the event; the process that did it, as the reader knows it."""
        process = self._process(event)
        if event.process is not None and event.type != "clone":
            self._place(event.process, event, process)
        self._folders(event, process)
        if event.fd is not None and event.fd.num >= 0:
            self._descriptor(event, event.fd, process)
        return process.info

    def learn(self, event: KernelEvent) -> ProcessInfo | None:
        """What the reader learns from the event itself; the new process, where it made one."""
        process = self._processes[event.pid]
        if event.type == "clone" and event.process is not None:
            return self._fork(event.process, process)
        if event.process is not None:
            process.info = event.process
            process.fds.clear()  # some are closed by the exec: what is used again is told again
        elif event.type in _CHDIR:
            self._chdir(event, process)
        elif event.type == "close":
            process.fds.pop(number_of(event, "fd"), None)
        elif event.fd is not None and event.fd.num >= 0 and (event.res is None or event.res >= 0 or _is_net(event)):
            process.fds[event.fd.num] = event.fd
        return None

    def end(self, pid: int, adoption: Adoption | None) -> None:
        """A process has ended; its children have that parent, or one that the reader chooses."""
        if adoption is None:
            self.orphaned += self._children[pid]
        for child_pid, _start in adoption.children if adoption is not None else ():
            if (known := self._processes.get(child_pid)) is not None:
                self._children[known.info.ppid] -= 1
                known.info = replace(known.info, ppid=adoption.parent[0] if adoption and adoption.parent else 0)
                self._children[known.info.ppid] += 1
        self._forget(pid)

    # ── processes ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _process(self, event: KernelEvent) -> _Process:
        known = self._processes.get(event.pid)
        if known is None or known.info.start != event.start:
            known = self._introduce(_seen_in(event), event.time)
        now = known.info if event.type in _TELL_THEMSELVES and event.process is not None else _as_of(event, known.info)
        if now != known.info:
            self._change(known.info, now, event.time)
            known.info = now
            known.fds.clear()
        return known

    def _change(self, was: ProcessInfo, now: ProcessInfo, time: int) -> None:
        """As if it had executed its program again. Readers of 2022 do not know that this tells users, too."""
        self._tell(ROWS["execve"], time, now.pid, program(now))
        if was.uid != now.uid:
            user: Values = {"res": 0, "ruid": now.uid, "euid": now.uid, "suid": now.uid}
            self._tell(BY_KEY["SYSCALL_SETRESUID_X"], time, now.pid, user)
        if was.gid != now.gid:
            group: Values = {"res": 0, "rgid": now.gid, "egid": now.gid, "sgid": now.gid}
            self._tell(BY_KEY["SYSCALL_SETRESGID_X"], time, now.pid, group)

    def _introduce(self, info: ProcessInfo, time: int) -> _Process:
        """As if its parent had just made it."""
        if info.pid in self._processes:
            self._tell(ROWS["procexit"], time, info.pid, {"status": 0})
            self._forget(info.pid)
        self._tell(ROWS["clone"], time, info.pid, child(info))
        self._tell(ROWS["execve"], time, info.pid, program(info))
        return self._add(_Process(info, "", 0))

    def _fork(self, info: ProcessInfo, parent: _Process) -> ProcessInfo:
        """The child with what it has of its parent, as readers see it: our event leaves the program to the exec."""
        named = {name: getattr(parent.info, name) for name in _INHERITED if not getattr(info, name)}
        made = replace(info, **named)
        self._add(_Process(made, parent.cwd, parent.sid, dict(parent.fds)))
        return made

    def _add(self, process: _Process) -> _Process:
        if process.info.pid in self._processes:
            self._forget(process.info.pid)
        self._processes[process.info.pid] = process
        self._children[process.info.ppid] += 1
        return process

    def _forget(self, pid: int) -> None:
        ended = self._processes.pop(pid)
        self._children.pop(pid, None)
        if ended.info.ppid in self._children:
            self._children[ended.info.ppid] -= 1

    # ── descriptors and folders ─────────────────────────────────────────────────────────────────────────────────────

    def _folders(self, event: KernelEvent, process: _Process) -> None:
        """Relative paths begin where the reader thinks they do."""
        row = ROWS[event.type]
        for name, folder in event.bases.items():
            place = row.index(name)
            number = row.params[place].folder if place >= 0 else -1
            descriptor = event.args.get(row.params[number].name) if number >= 0 else AT_FDCWD
            if descriptor == AT_FDCWD or not isinstance(descriptor, int):
                self._move(folder, event, process)
            elif process.fds.get(descriptor, Fd()).name != folder:
                self._open(Fd(num=descriptor, type="directory", name=folder), event, process)

    def _place(self, info: ProcessInfo, event: KernelEvent, process: _Process) -> None:
        """Be where the executed program is."""
        if info.cwd:
            self._move(info.cwd, event, process)
        if info.sid and info.sid != process.sid:
            process.sid = info.sid
            self._tell(BY_KEY["SYSCALL_SETSID_X"], event.time, event.pid, {"res": info.sid})

    def _move(self, folder: str, event: KernelEvent, process: _Process) -> None:
        """Be in this folder."""
        if process.cwd != folder:
            process.cwd = folder
            self._tell(BY_KEY["SYSCALL_CHDIR_X"], event.time, event.pid, {"res": 0, "path": folder})

    def _descriptor(self, event: KernelEvent, fd: Fd, process: _Process) -> None:
        """The descriptor that the event uses is what the reader thinks it is."""
        if event.type.startswith("dup"):
            fd = replace(fd, num=number_of(event, "oldfd"))
        elif event_type(event.type).fd_register == RET:
            return  # it is the event that makes it
        known = process.fds.get(fd.num)
        same = _same_socket if _is_net(event) else _same
        if known is None or not same(known, fd):
            self._open(_fresh(fd) if _is_net(event) else fd, event, process)

    def _open(self, fd: Fd, event: KernelEvent, process: _Process) -> None:
        process.fds[fd.num] = fd
        for row, values in opening(fd):
            self._tell(row, event.time, event.pid, values)

    def _chdir(self, event: KernelEvent, process: _Process) -> None:
        if event.res:
            return
        if event.fd is not None and event.fd.name:
            process.cwd = event.fd.name
        elif isinstance(path := event.args.get("path"), str):
            process.cwd = absolute(path, process.cwd)


_TELL_THEMSELVES = ("execve", "execveat")
_CHDIR = ("chdir", "fchdir")
_NET = ("connect", "bind", "listen", "sendto")
"""Calls that tell themselves where a socket leads."""
_INHERITED = ("comm", "exe", "exepath", "args", "env", "exe_ino", "exe_ctime", "exe_mtime")
"""What our event of a fork leaves out, since the child has it of its parent."""


def _is_net(event: KernelEvent) -> bool:
    return event.type in _NET


def _seen_in(event: KernelEvent) -> ProcessInfo:
    """A process of which only an event is known."""
    return _as_of(event, ProcessInfo(pid=event.pid, start=event.start, ppid=event.ppid, vpid=event.pid))


def _as_of(event: KernelEvent, info: ProcessInfo) -> ProcessInfo:
    """A process with the name, the rights and the container that it has at the event."""
    now = (event.comm, event.uid, event.gid, event.cap_effective, event.cap_permitted, event.container_id)
    was = (info.comm, info.uid, info.gid, info.cap_effective, info.cap_permitted, info.container_id)
    return info if now == was else replace(info, **dict(zip(_MOMENTARY, now, strict=True)))


_MOMENTARY = ("comm", "uid", "gid", "cap_effective", "cap_permitted", "container_id")


def _same(one: Fd, other: Fd) -> bool:
    return (one.type, one.name, one.l4proto) == (other.type, other.name, other.l4proto)


def _same_socket(one: Fd, other: Fd) -> bool:
    """What a call does to a socket it tells itself; what kind of socket it is it does not."""
    return (one.type, one.l4proto) == (other.type, other.l4proto)


def _fresh(fd: Fd) -> Fd:
    """A socket before anything was done to it."""
    return Fd(num=fd.num, type=fd.type, l4proto=fd.l4proto)

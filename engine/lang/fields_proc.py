"""``proc.*`` and ``thread.*``: the process that did it, and its ancestors."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from operator import attrgetter
from typing import Any

from engine.lang import flags
from engine.lang.field import Field, Getter, Many, index
from engine.lang.types import FieldType
from engine.state.event import Event
from engine.state.processes import Process

OfProcess = Callable[[Process], Any]


def _arguments(process: Process) -> str:
    return " ".join(process.args)


def _own(read: OfProcess) -> Getter:
    return lambda event: read(event.process)


def _parent(read: OfProcess) -> Getter:
    """A reader of the parent; missing when it is not known."""

    def get(event: Event) -> Any:
        parent = event.process.parent
        return None if parent is None else read(parent)

    return get


def _ancestor(field: str, read: OfProcess) -> Callable[[str], Getter]:
    """A reader of one ancestor: 0 is the process itself, 1 its parent."""

    def bind(argument: str) -> Getter:
        number = index(field, argument)

        def get(event: Event) -> Any:
            process: Process | None = event.process
            for _ in range(number):
                process = process.parent if process is not None else None
            return None if process is None else read(process)

        return get

    return bind


def _ancestors(read: OfProcess) -> Getter:
    """Every ancestor's value, nearest first."""
    return lambda event: tuple(read(process) for process in event.process.ancestors())


def _arguments_of_ancestors(event: Event) -> str | None:
    """Blanks lie between, also where an ancestor has none; none of an ancestor that comes first."""
    shown = ""
    for process in event.process.ancestors():
        shown += (" " if shown else "") + _arguments(process)
    return shown or None


def _argument(argument: str) -> Getter:
    number = index("proc.args", argument)
    return lambda event: next(islice(event.process.args, number, None), None)


def _environment(name: str) -> Getter:
    """One variable's value; missing when it is not set."""
    prefix = name + "="

    def get(event: Event) -> str | None:
        found = (entry for entry in event.process.env if entry.startswith(prefix))
        return next((entry.removeprefix(prefix) for entry in found), None)

    return get


def _cwd(process: Process) -> str | None:
    """Always ending in a slash."""
    return process.cwd.rstrip("/") + "/" if process.cwd else None


def _duration(event: Event) -> int | None:
    started = event.process.started
    return event.kernel.time - started if started else None


def _duration_of_parent(event: Event) -> int | None:
    parent = event.process.parent
    return event.kernel.time - parent.started if parent is not None and parent.started else None


def _age_of_exe(event: Event) -> int | None:
    """From the last change of the program file's inode to the start of the process."""
    process = event.process
    age = process.started - process.exe_ctime if process.started and process.exe_ctime else None
    return age % _UNSIGNED if age is not None else None


_UNSIGNED = 1 << 64
"""Falco's durations know no sign: a program changed after its process began is older than the universe."""


def _namespace_start(event: Event) -> int | None:
    """When the first process of its pid namespace began, if that is among its ancestors."""
    if event.process.pidns_start:
        return event.process.pidns_start
    kin = (event.process, *event.process.ancestors())
    return next((each.started or None for each in kin if each.vpid == 1), None)


def _age_of_exe_at_namespace(event: Event) -> int | None:
    """From the last change of the program file's inode to the start of the pid namespace."""
    began, changed = _namespace_start(event), event.process.exe_ctime
    return began - changed if began and changed else None


def _capabilities(name: str) -> Getter:
    read = attrgetter(f"kernel.{name}")
    return lambda event: flags.capability_names(read(event))


T = FieldType
_name, _exe, _exepath, _cmdline, _pid = map(attrgetter, ("name", "exe", "exepath", "cmdline", "pid"))


def _lineage(
    name: str, kind: FieldType, what: str, read: OfProcess, example: str, *, show: Getter | None = None
) -> Field:
    """A row for ancestors: with an index one of them, without one any of them."""
    return Field(
        name,
        kind,
        f"{what} of an ancestor: [1] is the parent; without a number, of any",
        example,
        _ancestors(read),
        _ancestor(name, read),
        "N",
        Many.SOME,
        no_right=True,
        no_transformer=True,
        show=show,
    )


FIELDS = (
    Field(
        "proc.name", T.CHARBUF, "Name of the process (comm, 15 bytes)", "proc.name = bash", attrgetter("process.name")
    ),
    Field("proc.pid", T.INT64, "Process id", "proc.pid = 1", attrgetter("kernel.pid")),
    Field("proc.ppid", T.INT64, "Parent's process id", "proc.ppid = 1", lambda event: event.kernel.ppid or None),
    Field(
        "proc.pvpid",
        T.INT64,
        "Parent's process id in its own pid namespace",
        "proc.pvpid = 1",
        _parent(attrgetter("vpid")),
    ),
    Field("proc.vpid", T.INT64, "Process id in its own pid namespace", "proc.vpid = 1", attrgetter("process.vpid")),
    Field(
        "proc.exe",
        T.CHARBUF,
        "First argument, usually the program",
        "proc.exe startswith /tmp/",
        attrgetter("process.exe"),
    ),
    Field(
        "proc.exepath",
        T.CHARBUF,
        "Resolved path of the program",
        "proc.exepath = /usr/bin/curl",
        attrgetter("process.exepath"),
    ),
    Field(
        "proc.args",
        T.CHARBUF,
        "Arguments after the first; [N] one of them, from 0",
        "proc.args contains -e",
        _own(_arguments),
        _argument,
        "N",
    ),
    Field(
        "proc.cmdline", T.CHARBUF, "Name and arguments", "proc.cmdline contains --decode", attrgetter("process.cmdline")
    ),
    Field(
        "proc.exeline",
        T.CHARBUF,
        "First argument and the others",
        "proc.exeline contains --privileged",
        _own(lambda process: " ".join([process.exe, *process.args])),
    ),
    Field(
        "proc.cmdnargs",
        T.UINT64,
        "How many arguments after the first",
        "proc.cmdnargs > 20",
        _own(lambda process: len(process.args)),
    ),
    Field(
        "proc.cmdlenargs",
        T.UINT64,
        "Bytes of the arguments after the first, without blanks between them",
        "proc.cmdlenargs > 1000",
        _own(lambda process: sum(len(argument.encode()) for argument in process.args)),
    ),
    Field(
        "proc.env",
        T.CHARBUF,
        "Environment; [NAME] one variable",
        "proc.env[HTTP_PROXY] exists",
        lambda event: " ".join(event.process.env),
        _environment,
        "NAME",
    ),
    Field("proc.cwd", T.CHARBUF, "Working directory, ending in a slash", "proc.cwd = /dev/shm/", _own(_cwd)),
    Field(
        "proc.tty",
        T.UINT32,
        "Device number of the controlling terminal, 0 for none",
        "proc.tty != 0",
        attrgetter("process.tty"),
    ),
    Field("proc.pname", T.CHARBUF, "Parent's name", "proc.pname = sshd", _parent(_name)),
    Field("proc.pexe", T.CHARBUF, "Parent's first argument", "proc.pexe endswith java", _parent(_exe)),
    Field("proc.pexepath", T.CHARBUF, "Parent's program", "proc.pexepath = /usr/sbin/sshd", _parent(_exepath)),
    Field("proc.pcmdline", T.CHARBUF, "Parent's name and arguments", "proc.pcmdline contains cron", _parent(_cmdline)),
    _lineage("proc.aname", T.CHARBUF, "Name", _name, "proc.aname[2] = sshd"),
    _lineage("proc.aexe", T.CHARBUF, "First argument", _exe, "proc.aexe[1] = sshd"),
    _lineage("proc.aexepath", T.CHARBUF, "Program", _exepath, "proc.aexepath[2] = /bin/sh"),
    _lineage("proc.acmdline", T.CHARBUF, "Name and arguments", _cmdline, "proc.acmdline contains java"),
    Field(
        "proc.aargs",
        T.CHARBUF,
        "Arguments of an ancestor: [1] is the parent; without a number, of all, nearest first, in one text",
        "proc.aargs contains base64",
        _arguments_of_ancestors,
        _ancestor("proc.aargs", _arguments),
        "N",
    ),
    _lineage("proc.apid", T.INT64, "Process id", _pid, "proc.apid = 1", show=attrgetter("kernel.pid")),
    Field("proc.duration", T.RELTIME, "Nanoseconds since the process began", "proc.duration < 1000000000", _duration),
    Field(
        "proc.ppid.duration",
        T.RELTIME,
        "Nanoseconds since the parent began",
        "proc.ppid.duration < 1000000000",
        _duration_of_parent,
    ),
    Field(
        "proc.pid.ts",
        T.RELTIME,
        "When the process began",
        "proc.pid.ts > 0",
        _own(lambda process: process.started or None),
    ),
    Field(
        "proc.ppid.ts",
        T.RELTIME,
        "When the parent began",
        "proc.ppid.ts > 0",
        _parent(lambda parent: parent.started or None),
    ),
    Field(
        "proc.pidns_init_start_ts",
        T.UINT64,
        "When the first process of its pid namespace began",
        "proc.pidns_init_start_ts > 0",
        _namespace_start,
    ),
    Field(
        "proc.is_exe_upper_layer",
        T.BOOL,
        "The program is not part of the image (overlayfs upper layer)",
        "proc.is_exe_upper_layer = true",
        attrgetter("process.is_exe_upper_layer"),
    ),
    Field(
        "proc.is_exe_lower_layer",
        T.BOOL,
        "The program is part of the image (overlayfs lower layer)",
        "proc.is_exe_lower_layer = true",
        attrgetter("process.is_exe_lower_layer"),
    ),
    Field(
        "proc.is_exe_from_memfd",
        T.BOOL,
        "The program lies in memory only (memfd)",
        "proc.is_exe_from_memfd = true",
        attrgetter("process.is_exe_from_memfd"),
    ),
    Field("proc.exe_ino", T.INT64, "Inode number of the program", "proc.exe_ino = 2", attrgetter("process.exe_ino")),
    Field(
        "proc.exe_ino.ctime",
        T.ABSTIME,
        "Last change of the program's inode",
        "proc.exe_ino.ctime > 0",
        attrgetter("process.exe_ctime"),
    ),
    Field(
        "proc.exe_ino.mtime",
        T.ABSTIME,
        "Last change of the program",
        "proc.exe_ino.mtime > 0",
        attrgetter("process.exe_mtime"),
    ),
    Field(
        "proc.exe_ino.ctime_duration_proc_start",
        T.ABSTIME,
        "Age of the program when the process began",
        "proc.exe_ino.ctime_duration_proc_start < 60000000000",
        _age_of_exe,
    ),
    Field(
        "proc.exe_ino.ctime_duration_pidns_start",
        T.ABSTIME,
        "Age of the program when its pid namespace began",
        "proc.exe_ino.ctime_duration_pidns_start > 0",
        _age_of_exe_at_namespace,
    ),
    Field(
        "proc.loginuid",
        T.INT64,
        "User who logged in, -1 for none",
        "proc.loginuid = -1",
        attrgetter("process.loginuid"),
    ),
    Field("thread.tid", T.INT64, "Thread id", "thread.tid = 1", attrgetter("kernel.tid")),
    Field(
        "thread.ismain",
        T.BOOL,
        "It is the first thread of its process",
        "thread.ismain = true",
        lambda event: event.kernel.tid == event.kernel.pid,
    ),
    Field(
        "thread.nametid",
        T.CHARBUF,
        "Name of the process and thread id, together",
        "thread.nametid = bash4711",
        lambda event: f"{event.process.name}{event.kernel.tid}",
    ),
    Field(
        "thread.cap_effective",
        T.CHARBUF,
        "Effective capabilities, joined by blanks",
        "thread.cap_effective contains CAP_SYS_ADMIN",
        _capabilities("cap_effective"),
    ),
    Field(
        "thread.cap_permitted",
        T.CHARBUF,
        "Permitted capabilities, joined by blanks",
        "thread.cap_permitted contains CAP_SYS_ADMIN",
        _capabilities("cap_permitted"),
    ),
    Field(
        "thread.cap_inheritable",
        T.CHARBUF,
        "Inheritable capabilities, joined by blanks",
        "thread.cap_inheritable contains CAP_SYS_ADMIN",
        _own(lambda process: flags.capability_names(process.cap_inheritable)),
    ),
)
"""The rows of this namespace."""

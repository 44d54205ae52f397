"""The processes that live, read from /proc.

Only the snapshots come from here, at the start and after a loss: everything else is in the events, since a /proc read
comes too late for one short process in ten.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.events import ProcessInfo
from probes.machine.cgroups import container_of_process
from probes.machine.clocks import TICK, moved
from probes.machine.container_cgroup import read
from probes.paths import text

PROC = Path("/proc")
_MOST_STRING_BYTES = 4095
"""Of the arguments, and of the environment, as in an event (STRING_SIZE in bpf/wire.h, less one)."""
KERNEL_THREAD = 0x00200000
"""PF_KTHREAD."""
_UNTOLD = "ZXDt"
"""States of threads that say nothing of the others: ended, in a call that nothing interrupts, held by a debugger."""
_OUR_LACK = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}
"""Errors that say nothing of the process: left out of a snapshot it would count as ended."""


def read_processes(offset: int, proc: Path = PROC, *, environment: bool = False) -> list[ProcessInfo]:
    """All user processes; those that end while we read are left out. Raises OSError when we cannot read any more.

    ``offset`` is the time of the boot in nanoseconds since the epoch; ``environment`` says whether to read what they
    were started with.
    """
    return list(_processes(offset, proc, environment))


def _processes(offset: int, proc: Path, environment: bool) -> Iterator[ProcessInfo]:
    for folder in sorted(proc.iterdir()):
        if folder.name.isdigit() and (process := _read_living(folder, offset)):
            process.env = _environment(folder) if environment else []
            yield process


def _read_living(folder: Path, offset: int) -> ProcessInfo | None:
    try:
        return read_process(folder, offset)
    except OSError as error:
        if error.errno in _OUR_LACK:
            raise
        return None  # it has ended


def read_process(folder: Path, offset: int) -> ProcessInfo | None:
    """The process of a folder of /proc; None for a kernel thread and a zombie. Raises OSError when it has ended."""
    comm, fields = stat_fields(folder)
    if int(fields[6]) & KERNEL_THREAD or is_zombie(fields):
        return None
    start = started(fields[19])
    process = ProcessInfo(
        pid=int(folder.name),
        start=start,
        ppid=int(fields[1]),
        comm=comm,
        pgid=int(fields[2]),
        sid=int(fields[3]),
        tty=int(fields[4]),
        started=start + offset,
    )
    _add_status(process, folder)
    _add_program(process, folder)
    process.container_id = container_of_process(folder)
    process.pid_ns, process.mnt_ns = _namespace(folder, "pid"), _namespace(folder, "mnt")
    return process


def started(ticks: str | bytes) -> int:
    """The start of a process as events have it, from the field of its stat: this process may be in a time namespace."""
    start = int(ticks) * TICK - moved("boottime")
    return start - start % TICK


def stat_fields(folder: Path) -> tuple[str, list[str]]:
    """comm, which may hold anything, and the fields behind it (state first)."""
    content = text((folder / "stat").read_bytes())
    before, _, after = content.rpartition(")")
    return before.partition("(")[2], after.split()


def is_zombie(fields: list[str]) -> bool:
    """Whether the whole process has exited, and waits for its parent to ask; not only its first thread."""
    return fields[0] in "ZX" and int(fields[17]) <= 1


def is_stopped(folder: Path | str, state: str) -> bool:
    """Whether a signal has stopped the process of a folder of /proc: it stands still until another one lets it go on.

    ``state`` is that of its first thread. Where this has ended, its others tell: they stop together.
    """
    return state == "T" or (state == "Z" and _first_living(Path(folder)) == "T")


def is_stopped_process(pid: int, start: int, proc: Path | str = PROC) -> bool:
    """The same of the process with this pid that began then. Raises OSError when it has ended.

    Hardly anybody is: of all others only the state is looked at.
    """
    folder = f"{proc}/{pid}"
    rest = read(f"{folder}/stat").rpartition(b")")[2]
    return is_stopped(folder, rest[1:2].decode()) and started(rest.split()[19]) == start


def _first_living(folder: Path) -> str:
    """The state of the first thread that could be stopped; "" when there is none, or the process has ended."""
    with suppress(OSError):
        for thread in (folder / "task").iterdir():
            with suppress(OSError):  # it has ended, and the others have not
                state = stat_fields(thread)[1][0]
                if state not in _UNTOLD:
                    return state
    return ""


def _add_status(process: ProcessInfo, folder: Path) -> None:
    lines = (folder / "status").read_text(errors="backslashreplace").splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    process.uid, process.gid = int(status["Uid"].split()[1]), int(status["Gid"].split()[1])
    process.vpid = int(status["NSpid"].split()[-1])
    process.vpgid = int(status["NSpgid"].split()[-1])
    process.cap_inheritable = int(status["CapInh"], 16)
    process.cap_permitted = int(status["CapPrm"], 16)
    process.cap_effective = int(status["CapEff"], 16)
    process.loginuid = _loginuid(folder)


def _loginuid(folder: Path) -> int:
    try:
        value = int((folder / "loginuid").read_text())
    except FileNotFoundError:  # a kernel without CONFIG_AUDIT
        return -1
    return -1 if value == 0xFFFFFFFF else value


def _add_program(process: ProcessInfo, folder: Path) -> None:
    process.exe, *process.args = _words(folder / "cmdline") or [""]
    with suppress(OSError):
        process.cwd = _link(folder / "cwd")
        process.exepath = _link(folder / "exe")
        if process.exepath.startswith("/memfd:"):
            process.is_exe_from_memfd, process.exepath = True, process.exepath[1:]
        file_stat = (folder / "exe").stat()
        process.exe_ino, process.exe_ctime, process.exe_mtime = (
            file_stat.st_ino,
            file_stat.st_ctime_ns,
            file_stat.st_mtime_ns,
        )


def _words(path: Path) -> list[str]:
    """Strings that each end with a zero byte, though programs may have changed that."""
    with path.open("rb") as file:
        words = text(file.read(_MOST_STRING_BYTES)).split("\0")
    return words[:-1] if words[-1] == "" else words


def _environment(folder: Path) -> list[str]:
    try:
        return _words(folder / "environ")
    except OSError:  # a security module forbids it, or the process has ended
        return []


def _link(path: Path) -> str:
    return text(os.fsencode(path.readlink())).removesuffix(" (deleted)")


def _namespace(folder: Path, name: str) -> int:
    try:
        return int(str((folder / "ns" / name).readlink()).partition("[")[2].rstrip("]"))
    except OSError:
        return 0

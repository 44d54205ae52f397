"""What a front end is shown of the state: rows of the protocol, made when they are asked for."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import nlargest

from engine.events import ContainerInfo, KernelEvent
from engine.lang.arguments import given_arguments, text_value
from engine.lang.fields import FIELDS
from engine.protocol import ContainerRow, EventKind, EventRow, ListEvents, ProcessRow
from engine.schema import BY_NAME, ParamType, event_type
from engine.state.asked import Find, asked
from engine.state.containers import Container, ContainerTable
from engine.state.event import Event
from engine.state.lineage import entry, is_entry, is_exec_privileged
from engine.state.processes import Process
from engine.state.recent import Recent
from engine.target import target

MAX_EXITED_ROWS = 500
"""Exited processes shown in a tree: the table may hold thousands, and a screen asks again with every change."""
_SLICE = 200
"""Rows of processes made between two breaths: some milliseconds."""

# ── containers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def container_rows(containers: ContainerTable, processes: Iterable[Process]) -> list[ContainerRow]:
    """All containers: those that run first, then by name."""
    living = Counter(process.container_id for process in processes if not process.exit_time)
    rows = [container_row(container, living[container.id]) for container in containers]
    return sorted(rows, key=lambda row: (row.gone, not row.processes, row.info.name, row.info.id))


def container_row(container: Container, processes: int) -> ContainerRow:
    """A container, with the number of those that live in it."""
    info = container.info
    if info is None:
        info = ContainerInfo(
            id=container.id, time=container.first_seen, name=container.short_id, runtime="", complete=False
        )
    return ContainerRow(
        info=info,
        processes=processes,
        alerts=dict(container.alerts),
        last_alert=container.last_alert,
        execs=container.execs,
        last_exec=container.last_exec,
        gone=bool(container.gone),
        entries=container.entries,
        last_entry=container.last_entry,
    )


# ── processes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def process_rows(
    processes: Iterable[Process], containers: ContainerTable, container_id: str | None, *, exited: bool
) -> Iterator[ProcessRow | None]:
    """The process tree of a container, of the host ("") or of all (None), parents first, the oldest first; None now and
    then, where the caller may let others go on.

    Of the exited ones those that caused alerts come first, then the latest, :data:`MAX_EXITED_ROWS` in all.
    """
    here = [process for process in processes if container_id is None or process.container_id == container_id]
    chosen = [process for process in here if not process.exit_time]
    if exited:
        ended = (process for process in here if process.exit_time)
        chosen += nlargest(MAX_EXITED_ROWS, ended, key=lambda process: (process.alerts > 0, process.exit_time))
    for number, (process, depth) in enumerate(_in_tree_order(chosen), 1):
        yield process_row(process, depth, containers)
        if number % _SLICE == 0:
            yield None


def _in_tree_order(chosen: list[Process]) -> Iterator[tuple[Process, int]]:
    """Each process with its depth below the first ancestor among ``chosen``."""
    known = {id(process) for process in chosen}
    below: dict[int, list[Process]] = {}
    for process in sorted(chosen, key=lambda process: (process.start, process.pid), reverse=True):
        above = next((id(one) for one in process.ancestors() if id(one) in known), 0)
        below.setdefault(above, []).append(process)
    stack = [(process, 0) for process in below.get(0, ())]
    while stack:
        process, depth = stack.pop()
        yield process, depth
        stack += [(child, depth + 1) for child in below.get(id(process), ())]


def process_row(process: Process, depth: int, containers: ContainerTable) -> ProcessRow:
    """A process, so deep below the first that is shown."""
    container = containers.get(process.container_id)
    users = (container or containers.host).users
    return ProcessRow(
        pid=process.pid,
        start=process.start,
        ppid=process.ppid,
        depth=depth,
        name=process.name,
        cmdline=process.cmdline,
        exepath=process.exepath,
        user=users.get(process.uid, "root" if process.uid == 0 else ""),
        uid=process.uid,
        tty=process.tty,
        vpid=process.vpid,
        container_id=process.container_id,
        container=container.name if container is not None else "",
        started=process.started,
        exit_time=process.exit_time,
        exit_status=process.exit_status,
        alerts=process.alerts,
        worst=process.worst,
        entry=entry(process) if is_entry(process) else "",
        flags=_flags(process, container),
    )


def _flags(process: Process, container: Container | None) -> list[str]:
    """What all descendants inherit is said once, where it begins."""
    signs = {
        "new binary": container is not None and process.is_exe_upper_layer,
        "memfd": process.is_exe_from_memfd,
        "more capabilities than its container": is_entry(process) and is_exec_privileged(process, container),
    }
    return [sign for sign, there in signs.items() if there]


# ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def event_rows(recent: Recent, find: Find, request: ListEvents) -> Iterator[EventRow | None]:
    """Recent events of a process, or else of a container, the newest first; None where others may go on.

    Raises UsageError for a wrong filter.
    """
    return (None if event is None else event_row(event) for event in asked(recent, find, request, _searched))


def _searched(event: Event) -> str:
    kernel = event.kernel
    return f"{summary(event)} {kernel.comm} {event.process.name} {kernel.pid} {event.process.cmdline}"


def event_row(event: Event) -> EventRow:
    """An event in one line."""
    kernel = event.kernel
    executed = kernel.process if kernel.type in ("execve", "execveat") else None
    return EventRow(
        num=event.num,
        time=kernel.time,
        type=kernel.type,
        pid=kernel.pid,
        process=executed.comm if executed else kernel.comm,
        result=result(kernel),
        summary=summary(event),
        start=kernel.start,
        container_id=kernel.container_id,
        target=target(event),
        kind=kind(event),
    )


def kind(event: Event) -> EventKind:
    """What sort of thing was done."""
    if event.kernel.type in ("execve", "execveat"):
        return "program"
    if _IS_OPEN_WRITE(event):
        return "written"
    if _IS_OPEN_READ(event):
        return "read"
    return _KINDS.get(event_type(event.kernel.type).category, "process")


_IS_OPEN_READ = FIELDS["evt.is_open_read"].getter()
_IS_OPEN_WRITE = FIELDS["evt.is_open_write"].getter()
_KINDS: dict[str, EventKind] = {"net": "network", "file": "changed"}


def result(kernel: KernelEvent) -> str:
    """The system call's result: a number, or the name of the error; "" for an event that has none."""
    if kernel.res is None:
        return ""
    return errno.errorcode.get(-kernel.res, str(kernel.res)) if kernel.res < 0 else str(kernel.res)


def summary(event: Event) -> str:
    """An event in one line: ``openat /etc/shadow O_RDONLY → 3``."""
    outcome = result(event.kernel)
    words = [event.kernel.type, target(event), *_flag_words(event), f"→ {outcome}" if outcome else ""]
    return " ".join(word for word in words if word)


_SHOWN = (ParamType.OPEN_FLAGS, ParamType.OPEN_HOW, ParamType.MODE, ParamType.MOUNT_FLAGS)


def _flag_words(event: Event) -> Iterator[str]:
    if event.kernel.type not in BY_NAME:
        yield given_arguments(event)
    for param in event_type(event.kernel.type).params:
        if param.type in _SHOWN and param.name in event.kernel.args:
            yield text_value(event, param) or ""

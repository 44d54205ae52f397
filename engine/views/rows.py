"""What a front end is shown of the state: rows of the protocol, made when they are asked for."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from heapq import nlargest
from pathlib import PurePath

from engine.ending import ending
from engine.events import ContainerInfo, KernelEvent
from engine.lang.arguments import given_arguments, text_value
from engine.lang.fields import FIELDS
from engine.protocol import ContainerRow, EventKind, EventRow, ListEvents, ProcessRow
from engine.schema import BY_NAME, ParamType, event_type
from engine.sliced import RUN, SLICE, in_order
from engine.state.containers import Container, ContainerTable
from engine.state.event import Event
from engine.state.lineage import OWN_SHELL, entry, is_entry, is_exec_privileged
from engine.state.processes import Process
from engine.state.recent import Recent
from engine.target import target
from engine.views.asked import Find, asked

MAX_EXITED_ROWS = 500
"""Exited processes shown in a tree: the table may hold thousands, and a screen asks again with every change."""

# ── containers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def container_rows(
    containers: ContainerTable, processes: Iterable[Process], population: Mapping[str, int], at: int = 0
) -> Iterator[ContainerRow | None]:
    """All containers: those that run first, then by name; None now and then, where others may go on.

    ``population`` says how many processes live in each. With ``at`` they are those that were there then.
    """
    rows = []
    if at:
        population = yield from _population_at(processes, at)
    for number, container in enumerate(tuple(containers), 1):
        if not at or _appeared(container) <= at:
            rows.append(container_row(container, population.get(container.id, 0), at))
        if number % SLICE == 0:
            yield None
    yield from in_order(rows, lambda row: (row.gone, not row.processes, row.info.name, row.info.id))


def _population_at(processes: Iterable[Process], at: int) -> Generator[None, None, Counter[str]]:
    """How many processes lived in each container at a time."""
    found: Counter[str] = Counter()
    for number, process in enumerate(tuple(processes), 1):
        found[process.container_id] += _lived(process, at)
        if number % RUN == 0:
            yield None
    return found


def _appeared(container: Container) -> int:
    """When it began, as far as it is known."""
    info = container.info
    return min(container.first_seen, (info.started or info.created) if info is not None else 0) or container.first_seen


def _lived(process: Process, at: int) -> bool:
    """Whether it lives, or lived at a time."""
    if not at:
        return not process.exit_time
    return process.started <= at and not 0 < process.exit_time <= at


def container_row(container: Container, processes: int, at: int = 0) -> ContainerRow:
    """A container, with the number of those that live in it; with ``at`` as it was then: its metadata are those
    that were told last by then (their time says when), else first."""
    info = container.told.at(at) if at else container.info
    if info is None:
        info = ContainerInfo(
            id=container.id,
            time=container.first_seen,
            name=container.short_id,
            runtime=container.runtime,
            complete=False,
        )
    return ContainerRow(
        info=info,
        processes=processes,
        execs=container.execs if not at or container.last_exec <= at else 0,
        last_exec=container.last_exec,
        gone=bool(container.gone) if not at else 0 < container.gone <= at,
        entries=container.entries if not at or container.last_entry <= at else 0,
        last_entry=container.last_entry,
        unknown=container.unknown and not container.complete,
    )


# ── processes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def process_rows(
    processes: Iterable[Process],
    containers: ContainerTable,
    container_id: str | None,
    *,
    exited: bool,
    at: int = 0,
    limit: int = 0,
) -> Iterator[ProcessRow | None]:
    """The process tree of a container, of the host ("") or of all (None), parents first, the oldest first; None now and
    then, where the caller may let others go on.

    With ``at`` it is the tree of that time, as far as it is known: names are those of now. Of the exited ones those
    that caused alerts come first, then the latest, :data:`MAX_EXITED_ROWS` in all. With ``limit`` it ends after so
    many rows.
    """
    chosen: list[Process] = []
    ended: list[Process] = []
    for number, process in enumerate(tuple(processes), 1):
        if container_id is None or process.container_id == container_id:
            if _lived(process, at):
                chosen.append(process)
            elif not at or 0 < process.exit_time <= at:
                ended.append(process)
        if number % RUN == 0:
            yield None
    if exited:
        chosen += nlargest(MAX_EXITED_ROWS, ended, key=lambda process: (process.alerts > 0, process.exit_time))
    made = 0
    for number, place in enumerate(_in_tree_order(chosen), 1):
        yield None if place is None else process_row(*place, containers, at)
        made += place is not None
        if made == limit > 0:
            return
        if number % SLICE == 0:
            yield None


def lineage_rows(
    process: Process, containers: ContainerTable, container_id: str | None = None, at: int = 0
) -> list[ProcessRow]:
    """A process behind its ancestors, the first of them first; of a container, of the host ("") or of all (None). With
    ``at`` as they were then; nothing where it had not begun."""
    line = [one for one in (process, *process.ancestors()) if container_id in (None, one.container_id)]
    begun = [one for one in reversed(line) if not at or one.started <= at]
    return [process_row(one, depth, containers, at) for depth, one in enumerate(begun)] if process in begun else []


def _in_tree_order(chosen: list[Process]) -> Iterator[tuple[Process, int] | None]:
    """Each process with its depth below the first ancestor among ``chosen``; None now and then."""
    known: set[int] = set()
    for number, process in enumerate(chosen, 1):
        known.add(id(process))
        if number % RUN == 0:
            yield None
    below: dict[int, list[Process]] = {}
    for one in in_order(chosen, lambda process: (-process.start, -process.pid)):
        if one is None:
            yield None
            continue
        above = next((id(ancestor) for ancestor in one.ancestors() if id(ancestor) in known), 0)
        below.setdefault(above, []).append(one)
    stack = [(top, 0) for top in below.pop(0, ())]
    while stack:
        process, depth = stack.pop()
        yield process, depth
        stack += [(child, depth + 1) for child in below.pop(id(process), ())]  # given back one by one


def living(processes: Iterable[Process], container_id: str | None = None) -> Iterator[Process | None]:
    """Those that live in a container, on the host ("") or anywhere (None); None now and then, as above."""
    for number, process in enumerate(tuple(processes), 1):
        if not process.exit_time and container_id in (None, process.container_id):
            yield process
        if number % RUN == 0:
            yield None


def process_row(process: Process, depth: int, containers: ContainerTable, at: int = 0) -> ProcessRow:
    """A process, so deep below the first that is shown; with ``at`` as it was then."""
    has_ended = not _lived(process, at)
    container = containers.get(process.container_id)
    users = (container or containers.host).users
    return ProcessRow(
        pid=process.pid,
        start=process.start,
        ppid=process.ppid,
        depth=depth,
        name=process.name,
        cmdline=process.shown_cmdline,
        exepath=process.exepath,
        user=users.get(process.uid, "root" if process.uid == 0 else ""),
        uid=process.uid,
        tty=process.tty,
        vpid=process.vpid,
        container_id=process.container_id,
        container=container.name if container is not None else "",
        started=process.started,
        exit_time=process.exit_time if has_ended else 0,
        exit_status=process.exit_status if has_ended else 0,
        alerts=process.alerts,
        worst=process.worst,
        entry=OWN_SHELL if process.is_own else entry(process) if is_entry(process) else "",
        flags=_flags(process, container),
        severities={priority.label: number for priority, number in (process.severities or {}).items()},
    )


def _flags(process: Process, container: Container | None) -> list[str]:
    """What all descendants inherit is said once, where it begins."""
    signs = {
        "new binary": container is not None and process.is_exe_upper_layer,
        "memfd": process.is_exe_from_memfd,
        "arguments cut": process.is_cut,
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
    """An event in one line: ``openat /etc/shadow O_RDONLY → 3``, ``execve /bin/busybox as cat /etc/shadow → 0``."""
    outcome = result(event.kernel)
    words = [event.kernel.type, target(event), _more(event.kernel), *_flag_words(event)]
    return " ".join(word for word in [*words, f"→ {outcome}" if outcome else ""] if word)


_MOST_ARGUMENTS = 300
"""Characters of a command line in an event's line: the process has it whole."""


def _more(kernel: KernelEvent) -> str:
    """What a program was called with, and under which name if that is not its own; how a process ended."""
    if kernel.type == "procexit":
        return ending(int(str(kernel.args.get("status", 0))))
    if (program := kernel.process) is None or kernel.type not in ("execve", "execveat"):
        return ""
    is_itself = PurePath(program.exe).name == PurePath(program.exepath).name
    called = " ".join(program.args if is_itself else ["as", program.exe, *program.args])
    return called if len(called) <= _MOST_ARGUMENTS else f"{called[:_MOST_ARGUMENTS]}…"


_SHOWN = (ParamType.OPEN_FLAGS, ParamType.OPEN_HOW, ParamType.MODE, ParamType.MOUNT_FLAGS)


def _flag_words(event: Event) -> Iterator[str]:
    if event.kernel.type not in BY_NAME:
        yield given_arguments(event)
    for param in event_type(event.kernel.type).params:
        if param.type in _SHOWN and param.name in event.kernel.args:
            yield text_value(event, param) or ""

"""Processes as a front end is shown them: the tree, one behind its ancestors, and who lives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import nlargest

from engine.protocol import ProcessRow
from engine.sliced import RUN, SLICE, in_order
from engine.state.containers import Container, ContainerTable
from engine.state.lineage import OWN_SHELL, entry, is_entry, is_exec_privileged
from engine.state.processes import Process

MAX_EXITED_ROWS = 500
"""Exited processes shown in a tree: the table may hold thousands, and a screen asks again with every change."""


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

    With ``at`` it is the tree of that time, as far as it is known: names and alerts are those of now. Of the exited
    ones those that caused alerts come first, then the latest, :data:`MAX_EXITED_ROWS` in all. With ``limit`` it ends
    after so many rows.
    """
    chosen: list[Process] = []
    ended: list[Process] = []
    for number, process in enumerate(tuple(processes), 1):
        if container_id is None or process.container_id == container_id:
            if lived(process, at):
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


def lived(process: Process, at: int) -> bool:
    """Whether it lives, or lived at a time."""
    if not at:
        return not process.exit_time
    return process.started <= at and not 0 < process.exit_time <= at


def living(processes: Iterable[Process], container_id: str | None = None) -> Iterator[Process | None]:
    """Those that live in a container, on the host ("") or anywhere (None); None now and then, as above."""
    for number, process in enumerate(tuple(processes), 1):
        if not process.exit_time and container_id in (None, process.container_id):
            yield process
        if number % RUN == 0:
            yield None


def process_row(process: Process, depth: int, containers: ContainerTable, at: int = 0) -> ProcessRow:
    """A process, so deep below the first that is shown; with ``at`` as it was then, but for its alerts."""
    has_ended = not lived(process, at)
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

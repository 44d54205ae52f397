"""Containers as a front end is shown them, now or as they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping

from engine.events import ContainerInfo
from engine.protocol import ContainerRow
from engine.sliced import RUN, SLICE, in_order
from engine.state.containers import Container, ContainerTable
from engine.state.processes import Process
from engine.views.process_rows import lived


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
        found[process.container_id] += lived(process, at)
        if number % RUN == 0:
            yield None
    return found


def _appeared(container: Container) -> int:
    """When it began, as far as it is known."""
    info = container.info
    return min(container.first_seen, (info.started or info.created) if info is not None else 0) or container.first_seen


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

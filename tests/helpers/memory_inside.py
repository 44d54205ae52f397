"""What a sensor in memory answers about containers and what goes on in them: processes, events, files, logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import msgspec

from engine import protocol as p
from engine.errors import TiercelError
from engine.filters.query import Column, Table, has_field, split_inversion, words
from engine.inspection import lines_of
from tests.helpers.memory import World


class InsideAnswers:
    """See the module."""

    world: World

    def _containers(self, request: p.ListContainers) -> p.Containers:
        rows = list(self.world.containers)
        if request.before:
            rows = [msgspec.structs.replace(row, alerts=self._counted(row.info.id, request.before)) for row in rows]
        return p.Containers(rows=rows)

    def _counted(self, container_id: str, before: int) -> dict[str, int]:
        here = [one for one in self.world.alerts if one.container is not None and one.container.id == container_id]
        return dict(Counter(one.priority.label for one in here if one.id <= before))

    def _processes(self, request: p.ListProcesses) -> p.Processes:
        rows = [row for row in self.world.processes if request.container_id in (None, row.container_id)]
        if request.container_id and rows:
            least = min(row.depth for row in rows)
            rows = [msgspec.structs.replace(row, depth=row.depth - least) for row in rows]
        return p.Processes(rows=_line(rows, (request.pid, request.start)) if request.pid else rows)

    def _events(self, request: p.ListEvents) -> p.Events:
        passes = _event_test(request.filter, {row.pid: row.cmdline for row in self.world.processes})
        rows = [row for row in reversed(self.world.events) if self._owned(row, request) and passes(row)]
        return p.Events(rows=[row for row in rows if _in_time(row, request)][: request.limit])

    def _owned(self, row: p.EventRow, request: p.ListEvents) -> bool:
        pid, start, container_id = self.world.event_owners.get(row.num, (row.pid, 0, ""))
        if request.pid:
            return (pid, start) in self._family((request.pid, request.start), request.tree)
        return request.container_id in (None, container_id)

    def _family(self, top: tuple[int, int], tree: bool) -> set[tuple[int, int]]:
        """A process, and with ``tree`` all that descend from it."""
        found = {top}
        for row in self.world.processes if tree else ():  # parents come first
            if row.ppid in {pid for pid, _ in found}:
                found.add((row.pid, row.start))
        return found

    def _entry(self, request: p.GetEntry) -> p.Entry:
        return self.world.entries.get(request.alert_id, p.Entry())

    def _changes(self, request: p.ListChanges) -> p.Changes:
        if self.world.changes_problem:
            raise TiercelError(self.world.changes_problem)
        return p.Changes(
            rows=[msgspec.structs.replace(row) for row in self.world.changes.get(request.container_id, [])]
        )

    def _figures(self, _request: p.GetFigures) -> p.Figures:
        return p.Figures(rows=list(self.world.figures))

    def _top(self, request: p.GetTop) -> p.Top:
        if request.pid:
            asked = (request.pid, request.start)
            return p.Top(rows=[row for row in self.world.top if (row.pid, row.start) == asked])
        return p.Top(rows=list(self.world.top))

    def _logs(self, request: p.GetLogs) -> p.Logs:
        if self.world.logs_problem:
            raise TiercelError(self.world.logs_problem)
        if request.until:
            rows = [line for line in self.world.logs.get(request.container_id, []) if line.time <= request.until]
            return p.Logs(stream=0, rows=rows[-request.limit :])
        after = request.after if request.stream == 1 else 0
        rows = [line for line in self.world.logs.get(request.container_id, []) if line.number > after]
        return p.Logs(stream=1, rows=rows[: request.limit], end=self.world.logs_end)

    def _image(self, _request: p.GetImage) -> p.Image:
        if self.world.image is None:
            raise TiercelError("no container runtime to ask")
        return p.Image(row=self.world.image)

    def _inspection(self, request: p.GetInspection) -> p.Inspection:
        if not self.world.inspection:
            raise TiercelError("no container runtime to ask")
        return p.Inspection(lines=lines_of({"Id": request.container_id, **self.world.inspection}, secrets=True))

    def _shell(self, request: p.OpenShell) -> p.Shell:
        self.world.shells.append(request)
        return p.Shell(token="tiercel-0123", url="unix:///run/docker.sock")


_EVENTS: Table[p.EventRow] = Table(
    Column("evt.num", lambda row: row.num),
    Column("evt.type", lambda row: row.type),
    Column("fd.name", lambda row: row.target or None),
    Column("proc.name", lambda row: row.process),
    Column("proc.pid", lambda row: row.pid),
)


def _event_test(text: str, cmdlines: Mapping[int, str]) -> Callable[[p.EventRow], bool]:
    inverted, text = split_inversion(text)
    occurs = words(text)

    def searched(row: p.EventRow) -> str:
        return f"{row.type} {row.summary} {row.result} {row.process} {row.pid} {cmdlines.get(row.pid, '')}"

    test = _EVENTS.test(text) if has_field(text) else lambda row: occurs(searched(row))
    return lambda row: test(row) is not inverted


def _line(rows: list[p.ProcessRow], key: tuple[int, int]) -> list[p.ProcessRow]:
    """A process behind its ancestors."""
    by_pid = {row.pid: row for row in rows}
    line = [row for row in rows if (row.pid, row.start) == key]
    while line and line[0].ppid in by_pid:
        line.insert(0, by_pid[line[0].ppid])
    return line


def _in_time(row: p.EventRow, request: p.ListEvents) -> bool:
    return request.since <= row.time and (not request.until or row.time <= request.until)

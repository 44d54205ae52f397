"""What a sensor in memory answers about alerts: stacks, single ones, states, times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import protocol as p
from engine.alerts import Alert
from engine.errors import TiercelError
from engine.filters.alert_filter import Subject, parse_filter
from engine.store.rows import subject
from tests.helpers.grouped import grouped, with_beats
from tests.helpers.memory import NOW, World


class AlertsAnswers:
    """See the module."""

    world: World
    states: dict[int, p.SetState]

    def _newest(self) -> int:
        if self.world.endless is not None:
            return len(self.world.endless)
        return self.world.alerts[-1].id if self.world.alerts else 0

    def _stacks(self, request: p.ListStacks) -> p.Stacks:
        if self.world.endless is not None:
            rows: Sequence[p.StackRow] = self.world.endless
        else:
            chosen = parse_filter(request.filter)
            stacks = [row for row in self._collapsed(request) if chosen.matches(_subject(row))]
            rows = grouped([row for row in stacks if request.rule in ("", row.rule)], request, self.world.alerts)
        page = list(rows[request.offset : request.offset + request.limit])
        alerts = sum(row.count for row in rows) if self.world.endless is None else len(rows)
        return p.Stacks(total=len(rows), alerts=alerts, newest=self._newest(), rows=page)

    def _collapsed(self, request: p.ListStacks) -> list[p.StackRow]:
        rows: dict[int, p.StackRow] = {}
        for alert in self.world.alerts:
            known = not request.before or alert.id <= request.before
            container_id = alert.container.id if alert.container else ""
            if known and request.container_id in (None, container_id):
                row = self._stack_row(alert, rows.get(alert.stack))
                rows.pop(alert.stack, None)
                rows[alert.stack] = row
        return [with_beats(row, self.world.alerts) for row in reversed(rows.values())]

    def _stack_row(self, alert: Alert, known: p.StackRow | None) -> p.StackRow:
        process, container = alert.process, alert.container
        return p.StackRow(
            stack=alert.stack,
            count=known.count + 1 if known else 1,
            first=known.first if known else alert.time,
            last=alert.time,
            alert_id=alert.id,
            rule=alert.rule,
            priority=alert.priority,
            container_id=container.id if container else "",
            container=container.name if container else "",
            image=container.image if container else "",
            process=process.name if process else "",
            cmdline=process.cmdline if process else "",
            parent=alert.lineage[1].name if len(alert.lineage) > 1 else "",
            target=alert.target,
            user=alert.user,
            tty=alert.tty,
            entry=alert.entry,
            **self._triage(alert.stack),
        )

    def _triage(self, stack: int) -> dict[str, Any]:
        given = self.states.get(stack)
        if given is None:
            return {}
        triage = {"state": given.state, "muted_until": given.until, "note": given.note, "who": given.who}
        return {"acknowledged": given.state != "new", **triage}

    def _alerts(self, request: p.ListAlerts) -> p.Alerts:
        wanted = parse_filter(request.filter)
        asked = [alert for alert in reversed(self.world.alerts) if _asked_for(alert, request)]
        rows = [alert for alert in asked if wanted.matches(subject(alert))]
        return p.Alerts(total=len(rows), rows=rows[request.offset : request.offset + request.limit])

    def _alert(self, request: p.GetAlert) -> p.Alerts:
        rows = [alert for alert in self.world.alerts if alert.id == request.alert_id]
        if not rows:
            raise TiercelError(f"there is no alert {request.alert_id}", hint="it may have been deleted by age")
        return p.Alerts(total=1, rows=rows)

    def _acknowledge(self, request: p.Acknowledge) -> p.Done:
        return self._set_state(p.SetState([request.stack], "acknowledged" if request.acknowledged else "new"))

    def _set_state(self, request: p.SetState) -> p.Done:
        if missing := {*request.stacks} - {alert.stack for alert in self.world.alerts}:
            raise TiercelError(f"there is no stack {min(missing)}", hint="old alerts go when the store is full")
        self.states |= dict.fromkeys(request.stacks, request)
        return p.Done()

    def _locate(self, request: p.Locate) -> p.Located:
        times = sorted((alert.time, alert.id) for alert in self.world.alerts)
        if request.step > 0:
            found = next((pair for pair in times if pair[0] > request.at), None)
        else:
            limit = request.at - (request.step < 0)
            found = next((pair for pair in reversed(times) if pair[0] <= limit), None)
        return p.Located(alert_id=found[1], time=found[0]) if found else p.Located()

    def _moments(self, request: p.ListMoments) -> p.Moments:
        begin, end = min((alert.time for alert in self.world.alerts), default=NOW - 1), NOW
        length = (end - begin) / request.buckets
        counts = [0] * request.buckets
        for alert in self.world.alerts:
            counts[min(request.buckets - 1, int((alert.time - begin) / length))] += 1
        return p.Moments(begin=begin, end=end, counts=counts)


def _asked_for(alert: Alert, request: p.ListAlerts) -> bool:
    process = alert.process
    if request.stack and alert.stack != request.stack:
        return False
    if request.before and alert.id > request.before:
        return False
    if request.pid and (process is None or (process.pid, process.start) != (request.pid, request.start)):
        return False
    return request.container_id in (None, alert.container.id if alert.container else "")


def _subject(row: p.StackRow) -> Subject:
    return Subject(
        rule=row.rule,
        priority=row.priority,
        container_id=row.container_id,
        container=row.container,
        image=row.image,
        process=row.process,
        cmdline=row.cmdline,
        parent=row.parent,
        target=row.target,
        user=row.user,
        tags=[],
        state=row.state,
    )

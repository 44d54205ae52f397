"""A sensor in memory: answers the protocol's requests from plain data, and pushes pulses when told to.

It keeps the promises of the real one: stacks newest first, ``before`` as a look at the past, filters as
:mod:`engine.filters.alert_filter` reads them, refusals as TiercelError, an end that every waiting request hears of.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine import protocol as p
from engine.alerts import Alert
from engine.errors import TiercelError
from engine.events import Phase
from engine.explanation import Explanation
from engine.filters.alert_filter import Subject, parse_filter
from engine.filters.query import Column, Table, has_field, split_inversion, words
from engine.inspection import lines_of
from engine.service.client import SensorGone
from engine.store.rows import subject
from tests.helpers.grouped import grouped, with_beats

NOW = 1_790_000_000_000_000_000
"""The time at which all tests' data lies."""


def healthy(**changes: Any) -> p.Health:
    """The health of a sensor that has seen a little."""
    health = p.Health(
        time=NOW,
        phase=Phase.LIVE,
        detail="",
        hostname="prod-7",
        source="kernel",
        uptime=7322.0,
        events=918_273,
        events_per_second=1234.0,
        lost=0,
        lost_by_cause={},
        lost_by_container={},
        waiting=0,
        lag_ms=6.0,
        cpu=0.4,
        memory=48 << 20,
        processes=212,
        containers=3,
        runtime="docker",
        runtime_detail="24.0.7",
        rules_enabled=31,
        rules_total=33,
        alerts=7,
        own_events=120,
        probes=[p.ProbeRow("open", 812_000, 9_100, 0), p.ProbeRow("execve", 4_100, 4_100, 0)],
    )
    return msgspec.structs.replace(health, **changes)


@dataclass
class World:
    """What the sensor knows."""

    health: p.Health = field(default_factory=healthy)
    alerts: list[Alert] = field(default_factory=list)
    containers: list[p.ContainerRow] = field(default_factory=list)
    processes: list[p.ProcessRow] = field(default_factory=list)
    events: list[p.EventRow] = field(default_factory=list)
    event_owners: dict[int, tuple[int, int, str]] = field(default_factory=dict)
    """By event number: pid, start and container of the process."""
    entries: dict[int, p.Entry] = field(default_factory=dict)
    """By alert id: how somebody came there."""
    kept: dict[int, p.Around] = field(default_factory=dict)
    """By alert id: what is kept with it, where memory has nothing of it any more."""
    changes: dict[str, list[p.Change]] = field(default_factory=dict)
    changes_problem: str = ""
    """Why nobody can be asked for changes."""
    figures: list[p.ContainerFigure] = field(default_factory=list)
    top: list[p.ProcessFigure] = field(default_factory=list)
    logs: dict[str, list[p.LogLine]] = field(default_factory=dict)
    """By container, numbered from 1."""
    logs_problem: str = ""
    """Why there are none."""
    logs_end: str = ""
    image: p.ImageRow | None = None
    inspection: dict[str, Any] = field(default_factory=dict)
    """``docker inspect`` of any container; empty where nobody can be asked."""
    shells: list[p.OpenShell] = field(default_factory=list)
    """Those that were asked for."""
    rules: list[p.RuleRow] = field(default_factory=list)
    explanations: dict[int, Explanation] = field(default_factory=dict)
    """By alert id."""
    proposals: dict[int, list[p.ProposalRow]] = field(default_factory=dict)
    """Exceptions that can be made, by alert id."""
    exceptions: list[p.AddException] = field(default_factory=list)
    """Those that are in force."""
    targets: list[p.TargetRow] = field(default_factory=list)
    """What can be responded to; empty for a sensor that only watches."""
    responded: list[p.Respond] = field(default_factory=list)
    """What was done, evidence included."""
    response_problem: str = ""
    """Why nothing can be done."""
    rule_problem: str = ""
    """What a reload finds wrong."""
    samples: list[p.Sample] = field(default_factory=list)
    """How it was in the last minutes."""
    endless: Sequence[p.StackRow] | None = None
    """Stacks that are only made when looked at, in the place of those of ``alerts``."""


class MemorySensor:
    """See the module. ``hold()`` makes it slow: requests wait until ``release()``."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.on_pulse: Callable[[p.Pulse], None] | None = None
        self.welcome = p.Welcome(version=p.VERSION, hostname="prod-7", private=False, store="5709e")
        self.asked: list[p.Request] = []
        self.closed = False
        self.states: dict[int, p.SetState] = {}
        """By stack: what it was last given."""
        self._gone: asyncio.Future[TiercelError] = asyncio.get_running_loop().create_future()
        self._held: tuple[type[p.Ask], ...] = ()
        self._open = asyncio.Event()
        self._open.set()
        self._versions = {"containers": 1, "processes": 1, "rules": 1, "named": 0}

    @property
    def acknowledged(self) -> set[int]:
        """The stacks that somebody has seen to."""
        return {stack for stack, given in self.states.items() if given.state != "new"}

    # ── what tests do to it ──────────────────────────────────────────────────────────────────────────────────────

    def add(self, *alerts: Alert) -> None:
        """These alerts come in, and a pulse says so."""
        for alert in alerts:
            self.world.alerts.append(msgspec.structs.replace(alert, id=len(self.world.alerts) + 1))
        self.world.health.alerts = len(self.world.alerts)
        self.pulse()

    def pulse(
        self, *, changed: Sequence[str] = (), health: p.Health | None = None, reload: p.Reload | None = None
    ) -> None:
        """Push a pulse in which the named subjects have grown."""
        for name in changed:
            self._versions[name] += 1
        if health is not None:
            self.world.health = health
        if self.on_pulse is not None:
            self.on_pulse(p.Pulse(alerts=self._newest(), health=self.world.health, reload=reload, **self._versions))

    def hold(self, *kinds: type[p.Ask]) -> None:
        """Answer nothing from now on, or no request of these kinds."""
        self._held = kinds or (p.Ask,)
        self._open.clear()

    @property
    def is_held(self) -> bool:
        """Whether it answers nothing."""
        return not self._open.is_set()

    def release(self) -> None:
        """Answer again, also what was asked meanwhile."""
        self._open.set()

    def vanish(self, reason: str = "the sensor has ended") -> None:
        """Be gone."""
        if not self._gone.done():
            self._gone.set_result(SensorGone(reason, hint="start it again: `tiercel sensor`"))
        self._open.set()

    # ── the front end's side ─────────────────────────────────────────────────────────────────────────────────────

    async def ask(self, request: p.Request) -> p.Reply:
        """Answer as the real client does: refusals and the end are raised."""
        self.asked.append(request)
        if isinstance(request, self._held):
            await self._open.wait()
        if self._gone.done():
            raise self._gone.result()
        return _HANDLERS[type(request)](self, request)

    async def wait_closed(self) -> TiercelError:
        """Wait for :meth:`vanish`."""
        return await asyncio.shield(self._gone)

    async def close(self) -> None:
        """The front end has let go."""
        self.closed = True
        self.vanish("the connection was closed")

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────

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

    def _containers(self, request: p.ListContainers) -> p.Containers:
        rows = list(self.world.containers)
        if request.before:
            rows = [msgspec.structs.replace(row, alerts=self._counted(row.info.id, request.before)) for row in rows]
        return p.Containers(rows=rows)

    def _counted(self, container_id: str, before: int) -> dict[str, int]:
        here = [one for one in self.world.alerts if one.container is not None and one.container.id == container_id]
        return dict(Counter(one.priority.label for one in here if one.id <= before))

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

    def _processes(self, request: p.ListProcesses) -> p.Processes:
        rows = [row for row in self.world.processes if request.container_id in (None, row.container_id)]
        if request.container_id and rows:
            least = min(row.depth for row in rows)
            rows = [msgspec.structs.replace(row, depth=row.depth - least) for row in rows]
        return p.Processes(rows=_line(rows, (request.pid, request.start)) if request.pid else rows)

    def _events(self, request: p.ListEvents) -> p.Events:
        passes = _event_test(request.filter)
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

    def _around(self, request: p.ListAround) -> p.Around:
        """From memory; with ``kept`` given, from there."""
        alert = self._alert(p.GetAlert(request.alert_id)).rows[0]
        if request.alert_id in self.world.kept:
            found = self.world.kept[request.alert_id]
            return msgspec.structs.replace(found, rows=found.rows[: request.limit])
        process, minute = alert.process, 60 * 10**9
        near = p.ListEvents(limit=request.limit, since=alert.time - minute, until=alert.time + minute)
        if request.tree and process is not None:
            near = p.ListEvents(process.pid, process.start, limit=request.limit, tree=True)
        elif alert.container is not None:
            near.container_id = alert.container.id
        elif process is not None:
            top = alert.lineage[:2][-1]
            near.pid, near.start, near.tree = top.pid, top.start, True
        rows = self._events(near).rows
        why = "" if rows else "Nothing was kept: the sensor was killed."
        return p.Around(rows=rows, origin="memory" if rows else "", why=why)

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
        is_of_all = request.container_id is None
        return p.Top(rows=[row for row in self.world.top if row.still or not is_of_all])

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

    def _rules(self, _request: p.ListRules) -> p.Rules:
        return p.Rules(rows=[msgspec.structs.replace(rule) for rule in self.world.rules])

    def _set_rule(self, request: p.SetRule) -> p.Done:
        for rule in self.world.rules:
            if rule.name == request.name:
                rule.enabled = request.enabled
                self.pulse(changed=["rules"])
                return p.Done(detail=f"{rule.name} is {'on' if rule.enabled else 'off'}")
        raise TiercelError(f"there is no rule {request.name!r}")

    def _set_rules(self, request: p.SetRules) -> p.Done:
        meant = [
            rule
            for rule in self.world.rules
            if (not request.tag or request.tag in rule.tags)
            and (request.priority is None or rule.priority is request.priority)
            and (not request.file or rule.file == request.file)
            and (not request.names or rule.name in request.names)
        ]
        for rule in meant:
            rule.enabled = request.enabled
        self.pulse(changed=["rules"])
        return p.Done(detail=f"{len(meant)} rules {'on' if request.enabled else 'off'}")

    def _zoom(self, request: p.Zoom) -> p.Done:
        health, wanted = self.world.health, (request.container_id or "", request.pid, request.start)
        others = [row for row in health.zooms if (row.container_id, row.pid, row.start) != wanted]
        container_id, pid, start = wanted
        health.zooms = [*others, *[p.ZoomRow("it", 60.0, container_id, pid, start, asked=True)] * request.on]
        return p.Done(detail="watched in full for 60 s" if request.on else "no longer watched in full")

    def _reload(self, _request: p.ReloadRules) -> p.Done:
        if self.world.rule_problem:
            raise TiercelError(self.world.rule_problem, hint="the running rules stay in force")
        return p.Done(detail=f"{len(self.world.rules)} rules loaded")

    def _explain(self, request: p.Explain) -> p.Why:
        if request.alert_id not in self.world.explanations:
            raise TiercelError("what the rule saw then was not kept", hint="alerts of older versions have no evidence")
        return p.Why(explanation=self.world.explanations[request.alert_id])

    def _propose(self, request: p.ProposeExceptions) -> p.Proposals:
        return p.Proposals(rows=self.world.proposals.get(request.alert_id, []))

    def _add_exception(self, request: p.AddException) -> p.Done:
        if self.world.rule_problem:
            raise TiercelError(self.world.rule_problem, hint="nothing was changed")
        self.world.exceptions.append(request)
        return p.Done(detail="an exception is in force, in local_rules.yaml", change=_change(request))

    def _undo_exception(self, request: p.UndoException) -> p.Done:
        if not self.world.exceptions:
            raise TiercelError(
                "there is nothing to undo: there is no exception in local_rules.yaml", hint="one is made from an alert"
            )
        last = self.world.exceptions[-1]
        change, about = _change(last), f"exception of alert {last.alert_id}, by {last.who}"
        if request.tell:
            return p.Done(detail=about, change=change)
        if request.change not in ("", change):
            raise TiercelError(f"another change was made since: {about}", hint="nothing was taken back")
        self.world.exceptions.pop()
        return p.Done(detail=f"taken back: {about}", change=change)

    def _rule_text(self, request: p.GetRuleText) -> p.RuleText:
        return p.RuleText(lines=[f"- rule: {request.name}"])

    def _try_rules(self, _request: p.TryRules) -> p.Tried:
        return p.Tried(summary="changed")

    def _responses(self, request: p.ListResponses) -> p.Responses:
        if not self.world.targets:
            raise TiercelError("this sensor only watches", hint="to respond, start it with: tiercel --respond")
        wanted = [row for row in self.world.targets if not (request.container_id and row.pid)]
        return p.Responses(targets=wanted)

    def _respond(self, request: p.Respond) -> p.Done:
        targets = {row.pid or row.container_id: row for row in self.world.targets}
        target = targets[request.pid or request.container_id]
        (row,) = [row for row in target.rows if row.id == request.response]
        if self.world.response_problem:
            raise TiercelError(self.world.response_problem, hint="nothing was done")
        if not row.evidence and request.confirm != target.word:
            raise TiercelError(f"this was not confirmed: the word is {target.word}", hint="nothing was done")
        self.world.responded.append(request)
        return p.Done(detail=f"{target.name}: {row.label}; {row.undo}")

    def _health(self, _request: p.GetHealth) -> p.HealthReply:
        return p.HealthReply(health=self.world.health)

    def _history(self, request: p.GetHistory) -> p.HistoryReply:
        return p.HistoryReply(samples=[sample for sample in self.world.samples if sample.time > request.since])

    def _done(self, _request: p.Control | p.Rest | p.Shutdown) -> p.Done:
        return p.Done()


def _change(request: p.AddException) -> str:
    """Stands for an exception, as the local rules file tells them apart by alert, fields and author."""
    return f"{request.alert_id} {' '.join(request.fields)} {request.who}"


_HANDLERS: dict[type, Callable[[MemorySensor, Any], p.Reply]] = {
    p.ListStacks: MemorySensor._stacks,
    p.ListAlerts: MemorySensor._alerts,
    p.GetAlert: MemorySensor._alert,
    p.Acknowledge: MemorySensor._acknowledge,
    p.SetState: MemorySensor._set_state,
    p.ListContainers: MemorySensor._containers,
    p.ListProcesses: MemorySensor._processes,
    p.ListEvents: MemorySensor._events,
    p.ListAround: MemorySensor._around,
    p.GetEntry: MemorySensor._entry,
    p.ListChanges: MemorySensor._changes,
    p.GetFigures: MemorySensor._figures,
    p.GetTop: MemorySensor._top,
    p.GetLogs: MemorySensor._logs,
    p.GetImage: MemorySensor._image,
    p.GetInspection: MemorySensor._inspection,
    p.OpenShell: MemorySensor._shell,
    p.ListRules: MemorySensor._rules,
    p.SetRule: MemorySensor._set_rule,
    p.SetRules: MemorySensor._set_rules,
    p.Zoom: MemorySensor._zoom,
    p.ReloadRules: MemorySensor._reload,
    p.Explain: MemorySensor._explain,
    p.ProposeExceptions: MemorySensor._propose,
    p.AddException: MemorySensor._add_exception,
    p.UndoException: MemorySensor._undo_exception,
    p.GetRuleText: MemorySensor._rule_text,
    p.TryRules: MemorySensor._try_rules,
    p.Locate: MemorySensor._locate,
    p.ListMoments: MemorySensor._moments,
    p.ListResponses: MemorySensor._responses,
    p.Respond: MemorySensor._respond,
    p.GetHealth: MemorySensor._health,
    p.GetHistory: MemorySensor._history,
    p.Control: MemorySensor._done,
    p.Rest: MemorySensor._done,
    p.Shutdown: MemorySensor._done,
}


_EVENTS: Table[p.EventRow] = Table(
    Column("evt.type", lambda row: row.type),
    Column("fd.name", lambda row: row.target or None),
    Column("proc.name", lambda row: row.process),
    Column("proc.pid", lambda row: row.pid),
)


def _event_test(text: str) -> Callable[[p.EventRow], bool]:
    inverted, text = split_inversion(text)
    occurs = words(text)
    test = (
        _EVENTS.test(text)
        if has_field(text)
        else lambda row: occurs(f"{row.summary} {row.type} {row.process} {row.result}")
    )
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

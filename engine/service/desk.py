"""The sensor's front desk: one short handler for each request a front end can make."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from engine import protocol as p
from engine.alerts import DROP_RULE, Alert
from engine.container_id import whole_id
from engine.errors import RulesError, TiercelError, UsageError
from engine.flight.around import around
from engine.flight.entry import entry_of
from engine.flight.places import AROUND, tree_of
from engine.invocation import command
from engine.judging.evidence import explain_alert, explain_event
from engine.response.doing import Responding
from engine.rules.render import where
from engine.rules.ruleset import Rule
from engine.ruling import edited, exceptions
from engine.scrub import scrub
from engine.sensor import Sensor
from engine.service.alerts_then import count_then
from engine.service.inside import InsideDesk
from engine.service.peer import who_asks
from engine.service.recorded import LIVE_ONLY, TO_RESPOND, no_runtime
from engine.service.rule_costs import RuleCosts
from engine.service.tree_news import TreeNews
from engine.store import Tally
from engine.views.process_rows import lineage_rows
from engine.views.views import Views
from engine.zoom import SECONDS, Target, target_of

Steer = Callable[[p.Control], None]


class Desk:
    """Answers requests for a :class:`Sensor`. ``steer`` controls a replay; ``shut_down`` ends a private sensor."""

    def __init__(
        self, sensor: Sensor, *, shut_down: Callable[[], None] | None = None, steer: Steer | None = None
    ) -> None:
        self.sensor = sensor
        self._shut_down = shut_down
        self._steer = steer
        self._costs = RuleCosts(sensor.rules_measured)
        self._tree_news = TreeNews()
        self._views = Views(sensor.world)
        self._handlers: dict[type, Callable[..., Awaitable[p.Reply]]] = {
            p.ListStacks: self._stacks,
            p.ListAlerts: self._alerts,
            p.GetAlert: self._alert,
            p.Acknowledge: self._acknowledge,
            p.SetState: self._set_state,
            p.ListContainers: self._containers,
            p.ListProcesses: self._processes,
            p.ListEvents: self._events,
            p.ListAround: self._around,
            p.GetEntry: self._entry,
            p.ListChanges: self._changes,
            p.Zoom: self._zoom,
            p.ListRules: self._rules,
            p.SetRule: self._set_rule,
            p.SetRules: self._set_rules,
            p.ReloadRules: self._reload,
            p.Explain: self._explain,
            p.ProposeExceptions: self._propose,
            p.AddException: self._add_exception,
            p.UndoException: self._undo_exception,
            p.GetRuleText: self._rule_text,
            p.TryRules: self._try_rules,
            p.SaveRules: self._save_rules,
            p.Locate: self._locate,
            p.ListMoments: self._moments,
            p.ListResponses: self._responses,
            p.Respond: self._respond,
            p.GetHealth: self._health,
            p.GetHistory: self._history,
            p.Control: self._control,
            p.Shutdown: self._shutdown,
            **InsideDesk(sensor).handlers,
        }

    async def answer(self, request: p.Request) -> p.Reply:
        """The reply to ``request``. Raises TiercelError with the reason when it cannot be done."""
        return await self._handlers[type(request)](request)

    async def _stacks(self, request: p.ListStacks) -> p.Reply:
        return await self.sensor.store.stacks(msgspec.structs.replace(request, rule=self._real(request.rule)))

    async def _alerts(self, request: p.ListAlerts) -> p.Reply:
        page = await self.sensor.store.alerts(request)
        return msgspec.structs.replace(page, rows=list(map(_without_evidence, page.rows)))

    async def _alert(self, request: p.GetAlert) -> p.Reply:
        alert = await self.sensor.store.alert(request.alert_id)
        return p.Alerts(total=1, rows=[_without_evidence(alert)])

    async def _acknowledge(self, request: p.Acknowledge) -> p.Reply:
        await self.sensor.store.acknowledge(request.stack, request.acknowledged)
        return p.Done()

    async def _set_state(self, request: p.SetState) -> p.Reply:
        await self.sensor.store.set_state(request)
        count = len(request.stacks)
        return p.Done(detail=f"{count} stack{'s' * (count != 1)}: {request.state}")

    async def _containers(self, request: p.ListContainers) -> p.Reply:
        rows = await self._views.container_rows(request.at)
        if request.before is None:
            return p.Containers(rows=rows)
        try:
            tallies = await self.sensor.store.tallies(request.before)
        except UsageError:
            raise
        except TiercelError:  # what memory knows is there all the same
            return p.Containers(rows=_uncounted(rows))
        return p.Containers(rows=_tallied(rows, tallies))

    async def _processes(self, request: p.ListProcesses) -> p.Reply:
        if not request.limit:  # who wants only the first ones does not wait for it
            await self.sensor.earlier.count()
        rows = self._lineage(request) if request.pid else await self._process_rows(request)
        if request.at:
            await count_then(self.sensor.store, rows, request.at)
        if request.since is None or request.at or request.limit or request.pid:
            return p.Processes(rows=rows)
        return await self._tree_news.reply((request.container_id, request.exited), request.since, rows)

    def _lineage(self, request: p.ListProcesses) -> list[p.ProcessRow]:
        world = self.sensor.world
        process = world.processes.get(request.pid, request.start)
        return lineage_rows(process, world.containers, request.container_id, request.at) if process else []

    async def _process_rows(self, request: p.ListProcesses) -> list[p.ProcessRow]:
        return await self._views.process_rows(
            request.container_id, exited=request.exited, at=request.at, limit=request.limit
        )

    async def _events(self, request: p.ListEvents) -> p.Reply:
        self._look_at(target_of(request.container_id, request.pid, request.start))
        return p.Events(rows=await self._views.event_rows(request))

    async def _around(self, request: p.ListAround) -> p.Reply:
        alert = await self.sensor.store.alert(request.alert_id)
        if self.sensor.world.now - alert.time < AROUND:
            self._look_at_place(alert)
        return await around(self.sensor.world, self.sensor.store, alert, request)

    async def _entry(self, request: p.GetEntry) -> p.Reply:
        alert = await self.sensor.store.alert(request.alert_id)
        return await entry_of(self.sensor.world, self.sensor.store, alert)

    def _look_at_place(self, alert: Alert) -> None:
        """It has only just been: what is still to come is wanted."""
        top = tree_of(alert)
        target = alert.container.id if alert.container is not None else top
        if target is not None:
            self._look_at(target)

    async def _changes(self, request: p.ListChanges) -> p.Reply:
        if self.sensor.runtime is None:
            raise no_runtime(self.sensor, "docker diff")
        self._look_at(whole_id(request.container_id))
        changes = await self.sensor.runtime.changes(request.container_id)
        return p.Changes(rows=self.sensor.world.explain(request.container_id, changes))

    async def _zoom(self, request: p.Zoom) -> p.Reply:
        target = target_of(request.container_id, request.pid, request.start)
        if target is None:
            raise TiercelError("only a container or a process can be watched in full", hint="pick one")
        if self.sensor.zooms.apply is None:
            raise TiercelError("nobody can be watched in full here: a replay has what was recorded", hint=LIVE_ONLY)
        if request.on:
            self.sensor.zooms.begin(target, asked=True)
            if target not in self.sensor.zooms:
                raise TiercelError("nobody of that name is there", hint="it may have ended; or nothing is watched yet")
            return p.Done(detail=f"watched in full for {SECONDS:.0f} s")
        self.sensor.zooms.end(target)
        return p.Done(detail="no longer watched in full")

    def _look_at(self, target: Target | None) -> None:
        """Somebody does: also what no rule asks for is wanted."""
        if target is None:
            self.sensor.on_look()
        else:
            self.sensor.zooms.begin(target)

    async def _rules(self, _request: p.ListRules) -> p.Reply:
        self._costs.measure(self.sensor.rules)
        return p.Rules(rows=[self._rule_row(rule) for rule in self.sensor.rules.rules])

    async def _set_rule(self, request: p.SetRule) -> p.Reply:
        rule = self.sensor.set_rule(self._real(request.name), request.enabled)
        return p.Done(detail=f"{rule.name} is {'on' if rule.enabled else 'off'}")

    async def _set_rules(self, request: p.SetRules) -> p.Reply:
        names = [rule.name for rule in self.sensor.rules.rules if _is_meant(rule, request)]
        if not names:
            raise TiercelError("there are no such rules", hint="give a tag, a priority or a file that some rule has")
        self.sensor.set_rules(names, request.enabled)
        return p.Done(detail=f"{len(names)} rule{'s' * (len(names) != 1)} {'on' if request.enabled else 'off'}")

    async def _reload(self, _request: p.ReloadRules) -> p.Reply:
        try:
            reload = await self.sensor.reload()
        except RulesError as error:
            raise _not_reloaded(error) from error
        return p.Done(detail=reload.summary)

    async def _explain(self, request: p.Explain) -> p.Reply:
        if request.alert_id:
            alert = await self.sensor.store.alert(request.alert_id)
            return p.Why(explanation=explain_alert(self._rule(alert.rule), alert))
        event = self.sensor.world.recent.event(request.event_num)
        if event is None:
            raise TiercelError(f"event {request.event_num} is no longer known", hint="the latest events are kept only")
        return p.Why(explanation=explain_event(self._rule(request.rule), event))

    async def _propose(self, request: p.ProposeExceptions) -> p.Reply:
        alert = await self.sensor.store.alert(request.alert_id)
        self._rule(alert.rule)
        return p.Proposals(rows=await exceptions.preview(self.sensor.store, alert))

    async def _add_exception(self, request: p.AddException) -> p.Reply:
        alert = await self.sensor.store.alert(request.alert_id)
        self._rule(alert.rule)
        return await exceptions.add(self.sensor, alert, request.fields, request.who)

    async def _undo_exception(self, request: p.UndoException) -> p.Reply:
        return exceptions.last(self.sensor) if request.tell else await exceptions.undo(self.sensor, request.change)

    async def _rule_text(self, request: p.GetRuleText) -> p.Reply:
        rule = self._rule(request.name)
        return p.RuleText(lines=edited.text_of(rule).splitlines(), base=edited.base_of(rule))

    async def _try_rules(self, request: p.TryRules) -> p.Reply:
        return await edited.try_text(self.sensor, request.text)

    async def _save_rules(self, request: p.SaveRules) -> p.Reply:
        name = self._real(request.name)
        return await edited.save(self.sensor, request.text, request.who, name=name, base=request.base)

    async def _responses(self, request: p.ListResponses) -> p.Reply:
        return p.Responses(targets=await self._responding().offer(request, who_asks()))

    async def _respond(self, request: p.Respond) -> p.Reply:
        return p.Done(detail=await self._responding().respond(request, who_asks(request.who)))

    def _responding(self) -> Responding:
        if self._steer is not None:
            raise TiercelError("a recording is shown: there is nobody to respond to", hint=TO_RESPOND)
        if self.sensor.responding is None:
            start = command("--respond" if self._shut_down is not None else "sensor --respond")
            raise TiercelError("this sensor only watches", hint=f"to respond, start it with: {start}")
        return self.sensor.responding

    def _real(self, name: str) -> str:
        """A rule's name as its file has it: front ends know it scrubbed."""
        if not name or name in self.sensor.rules:
            return name
        alike = [rule.name for rule in self.sensor.rules.rules if scrub(rule.name) == name]
        return alike[0] if len(alike) == 1 else name

    def _rule(self, name: str) -> Rule:
        if name == DROP_RULE:
            raise TiercelError("no rule makes this alert: the sensor says itself what was lost", hint="see Health (6)")
        name = self._real(name)
        if name not in self.sensor.rules:
            raise TiercelError(f"the rule {name!r} is not loaded (any more)", hint="explanations need the rule itself")
        return self.sensor.rules[name]

    async def _locate(self, request: p.Locate) -> p.Reply:
        return await self.sensor.store.locate(request.at, request.step)

    async def _moments(self, request: p.ListMoments) -> p.Reply:
        world = self.sensor.world
        return await self.sensor.store.moments(world.began, world.now, request.buckets)

    async def _health(self, _request: p.GetHealth) -> p.Reply:
        return p.HealthReply(health=self.sensor.health())

    async def _history(self, request: p.GetHistory) -> p.Reply:
        return p.HistoryReply(samples=self.sensor.history.samples(request.since))

    async def _control(self, request: p.Control) -> p.Reply:
        if self._steer is None:
            raise TiercelError("only a replay can be paused", hint="the list of alerts can be paused instead")
        self._steer(request)
        return p.Done()

    async def _shutdown(self, _request: p.Shutdown) -> p.Reply:
        if self._shut_down is None:
            raise TiercelError("this sensor is shared", hint="stop it where it was started")
        self._shut_down()
        return p.Done()

    def _rule_row(self, rule: Rule) -> p.RuleRow:
        hits = self.sensor.hits
        return p.RuleRow(
            name=rule.name,
            priority=rule.priority,
            enabled=rule.enabled,
            hits=hits.count[rule.name],
            last=hits.last.get(rule.name, 0),
            tags=list(rule.tags),
            description=rule.description,
            condition=rule.condition,
            output=rule.output,
            file=rule.file,
            line=rule.line,
            source=rule.source,
            event_types=sorted(rule.event_types),
            unserved="; ".join(rule.unserved),
            **self._costs.of(rule),
        )


def _tallied(rows: list[p.ContainerRow], tallies: Mapping[str, Tally]) -> list[p.ContainerRow]:
    """The containers with the alerts that are kept of them, also those of before the sensor's start."""
    for row in rows:
        if tally := tallies.get(row.info.id):
            row.alerts, row.last_alert = tally.alerts, tally.last
    return rows


def _uncounted(rows: list[p.ContainerRow]) -> list[p.ContainerRow]:
    for row in rows:
        row.uncounted = True
    return rows


def _without_evidence(alert: Alert) -> Alert:
    """An alert as front ends get it."""
    return msgspec.structs.replace(alert, evidence=b"") if alert.evidence else alert


def _is_meant(rule: Rule, request: p.SetRules) -> bool:
    """Whether a rule has all that is given; nothing given means none."""
    wanted = (
        (bool(request.tag), request.tag in rule.tags),
        (request.priority is not None, rule.priority == request.priority),
        (bool(request.file), rule.file == request.file),
        (bool(request.names), bool({rule.name, scrub(rule.name)} & {*request.names})),
    )
    return any(given for given, _ in wanted) and all(has for given, has in wanted if given)


def _not_reloaded(error: RulesError) -> TiercelError:
    """The first problem in one line, and how many there are; Health has them all."""
    first, count = error.problems[0], len(error.problems)
    more = f"all {count} in Health (6)" if count > 1 else "more in Health (6)"
    hint = "; ".join(filter(None, (first.hint, "the old rules stay in force", more)))
    return TiercelError(f"{where(first)}: {first.message}", hint=hint)

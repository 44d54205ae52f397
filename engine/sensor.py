"""The sensor: inputs in, alerts out.

::

    sources ──▶ feed ──▶ World (state) ──▶ RuleSet (rules) ──▶ AlertStore ──▶ sinks, recorder, front ends

:meth:`Sensor.feed` is the whole path and runs to its end for each batch: nothing waits between an event and its
alert but the metadata of its container. Sources pace themselves (a slice of some milliseconds, then the loop
breathes), so one asyncio loop serves events, Docker, front ends and sinks. The ring in the kernel is the queue in
front; behind, each sink has a bounded queue of its own, and what overflows is counted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.alerts import Alert
from engine.beside import beside
from engine.contracts import Gauge, Runtime, Source
from engine.drops import Drops
from engine.errors import SourceError, TiercelError
from engine.events import Input, KernelEvent, Loss, Phase, RuntimeState, SourceState
from engine.evidence import forget_rules
from engine.excepting import LocalRules
from engine.health import Vitals, health_of
from engine.judge import alert_of
from engine.protocol import Health, Pulse, Reload
from engine.reload import difference, refusal
from engine.rules.ruleset import Rule, RuleSet
from engine.shells import Shells
from engine.sinks.fanout import Fanout
from engine.state.event import Event
from engine.state.world import World
from engine.store import AlertStore
from engine.store import Hits as StoredHits
from engine.zoom import Zooms

TICK = 1.0
"""Seconds between two looks at what has waited too long, and between two health reports."""
PULSE = 0.05
"""Seconds at most between an alert and the pulse that tells the front ends."""


class Recorder(Protocol):
    """Keeps inputs and alerts in a file."""

    def write(self, inputs: Sequence[Input]) -> None:
        """Append a batch of inputs."""

    def write_alerts(self, alerts: Sequence[Alert]) -> None:
        """Append alerts."""


@dataclass
class Hits:
    """How often each rule matched, and when last."""

    count: Counter[str] = field(default_factory=Counter)
    last: dict[str, int] = field(default_factory=dict)

    def begin(self, stored: Mapping[str, StoredHits]) -> None:
        """Go on from what the store holds of earlier runs."""
        for rule, hits in stored.items():
            self.count[rule] += hits.count
            self.last[rule] = max(hits.last, self.last.get(rule, 0))

    def note(self, alert: Alert) -> None:
        """Count one alert."""
        self.count[alert.rule] += 1
        self.last[alert.rule] = alert.time


class Sensor:
    """Runs the sources and judges what they say. ``load_rules`` reads the rule files, again for a reload."""

    def __init__(
        self,
        sources: Sequence[Source],
        rules: RuleSet,
        store: AlertStore,
        *,
        load_rules: Callable[[], RuleSet],
        rule_changes: AsyncIterable[object] | None = None,
        hostname: str,
        sinks: Fanout | None = None,
        recorder: Recorder | None = None,
        runtime: Runtime | None = None,
        gauge: Gauge | None = None,
        first_match: bool = False,
    ) -> None:
        self.sources = tuple(sources)
        self.load_rules = load_rules
        self.rule_changes = rule_changes
        """Yields when the rule files have changed; None where nobody watches them."""
        self.rules = rules
        self.store = store
        self.hostname = hostname
        self.sinks = sinks
        self.recorder = recorder
        self.runtime = runtime
        self.gauge = gauge
        """Measures what containers use; None in a replay."""
        self.world = World()
        self.world.containers.host.hostname = hostname
        self.zooms = Zooms(self.world)
        self.shells = Shells(self.world)
        self.vitals = Vitals(hostname)
        self._drops = Drops(self.world, hostname)
        self.hits = Hits()
        self.failure: TiercelError | None = None
        """Why a source ended before its time."""
        self.rules_generation = 0
        self.on_pulse: Callable[[Pulse], None] = lambda _pulse: None
        self.on_phase: Callable[[SourceState], None] = lambda _state: None
        self.on_runtime: Callable[[RuntimeState], None] = lambda _state: None
        """Told when a container runtime is reached, or no longer."""
        self.on_switched: Callable[[Rule], None] = lambda _rule: None
        """Told when a rule was switched by hand."""
        self.on_rules: Callable[[RuleSet], None] = lambda _rules: None
        """Told of the rules of a reload before they judge."""
        self.on_look: Callable[[], None] = lambda: None
        """Told when a front end asks for the recent events of all: also for those that no rule asks for."""
        self.on_reload: Callable[[Reload], None] = lambda _reload: None
        """Told how a reload went."""
        self.exceptions: LocalRules | None = None
        """Where exceptions from alerts are written; None where nothing is judged but once."""
        self._first_match = first_match
        self._switched: dict[str, bool] = {}
        """Rules switched by hand."""
        self._reloading = asyncio.Lock()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Run until every source has ended, or forever; cancel to stop. Sinks are flushed either way."""
        self._select()
        self.hits.begin(await self.store.hits())
        helpers = [asyncio.create_task(helper) for helper in (self._tick(), self._pulse(), self._prepare())]
        try:
            async with asyncio.TaskGroup() as group:
                for source in self.sources:
                    group.create_task(self._run(source))
        finally:
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            self._publish(self._judge(self.world.release(), []))
            self.on_pulse(self.pulse(health=self.health()))
            if self.sinks is not None:
                await self.sinks.close()

    async def _run(self, source: Source) -> None:
        try:
            await source.run(self.feed)
        except TiercelError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - a bug in one source leaves the others watching
            self.vitals.stumble(error)
            self._fail(SourceError(f"{source.name} has ended by an internal error: {error!r}", hint="please report it"))

    def _fail(self, error: TiercelError) -> None:
        self.failure = error
        self.vitals.report(error.message, error.hint)
        self.feed([SourceState(time=0, phase=Phase.FAILED, detail=f"{error.message}. {error.hint}".strip())])

    # ── the path of an event ────────────────────────────────────────────────────────────────────────────────────────

    def feed(self, inputs: Sequence[Input]) -> None:
        """Take a batch of inputs through state, rules, store and sinks."""
        if self.recorder is not None:
            self.recorder.write(inputs)
        alerts: list[Alert] = []
        for item in inputs:
            if events := self._apply(item):
                self._judge(events, alerts)
        self._publish(alerts)
        self.vitals.age(inputs[-1] if inputs else None)
        if inputs:
            self._changed.set()

    def _apply(self, item: Input) -> list[Event]:
        try:
            events = self.world.apply(item)
            if type(item) is not KernelEvent:  # most are, and there is nothing to note of them
                self._note(item)
            elif self.shells.waiting:
                self.shells.note(item)
        except Exception as error:  # noqa: BLE001 - a bug costs this input, not the watch; it is counted and told
            self.vitals.stumble(error)
            return []
        return events

    def _judge(self, events: Sequence[Event], alerts: list[Alert]) -> list[Alert]:
        """The alerts with those of ``events`` behind them."""
        match, first = self.rules.match, self._first_match
        self.vitals.events += len(events)
        for event in events:
            try:
                if found := match(event, first=first):
                    alerts += [alert_of(rule, event, self.hostname) for rule in found]
            except Exception as error:  # noqa: BLE001 - as above
                self.vitals.stumble(error, event.kernel.container_id)
        return alerts

    def _publish(self, alerts: list[Alert]) -> None:
        """Written before it is published: what a front end or a sink has seen is in the store."""
        if not alerts:
            return
        self.vitals.alerts += len(alerts)
        for alert in alerts:
            self.shells.mark(alert)
        stored = self.store.add(alerts)
        for alert in stored:
            self.hits.note(alert)
            self.world.note_alert(alert)
        for request in self.shells.settle(stored):
            self._begin(self.store.set_state(request))
        self.zooms.note(alerts)
        if self.recorder is not None:
            self.recorder.write_alerts(alerts)
        if self.sinks is not None:
            self.sinks.put(alerts)
        self._changed.set()

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Let it be done beside the events; what goes wrong is told."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.vitals.report(str(error))

    def _note(self, item: Input) -> None:
        match item:
            case Loss():
                self.vitals.lose(item)
                if alert := self._drops.note(item):
                    self._publish([alert])
            case RuntimeState():
                before, self.vitals.runtime = self.vitals.runtime, item
                if before is None or before.connected != item.connected:
                    self.on_runtime(item)
            case SourceState():
                self.vitals.enter(item)
                self.on_phase(item)
            case _:
                pass

    # ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def set_rule(self, name: str, enabled: bool) -> Rule:
        """Switch a rule, until the end or until it is switched again. Raises TiercelError for a name that is none."""
        return self.set_rules([name], enabled)[0]

    def set_rules(self, names: Sequence[str], enabled: bool) -> list[Rule]:
        """Switch rules at one moment, as :meth:`set_rule` does; with a name that is none, none of them."""
        for name in names:
            if name not in self.rules:
                raise TiercelError(f"there is no rule {name!r}", hint="the rule files may have been reloaded since")
        rules = [self.rules.set_enabled(name, enabled) for name in names]
        self._switched.update(dict.fromkeys(names, enabled))
        self._select(narrows=not enabled)
        self.rules_generation += 1
        self._changed.set()
        for rule in rules:
            self.on_switched(rule)
        return rules

    async def reload(self) -> Reload:
        """Read the rule files again, beside the watch, and say what has changed; switches set by hand are kept.

        Raises TiercelError when something is wrong with them: the running rules go on, and Health tells what it is
        until they are read without an error.
        """
        async with self._reloading:
            try:
                fresh = await beside(self._load_ready)
            except TiercelError as error:
                self._tell(refusal(error, self.rules))
                raise
            except Exception as error:  # a bug that new rules find: those of before go on
                fault = _own_fault(error)
                self._tell(refusal(fault, self.rules))
                raise fault from error
            self._switch(fresh)
            reload = difference(self.rules, fresh, self._switched)
            self._use(fresh)
            self._tell(reload)
            return reload

    def _load_ready(self) -> RuleSet:
        """The rules with everything made that judging them needs."""
        rules = self.load_rules()
        self._switch(rules)
        for _event_type in rules.prepare():
            pass
        return rules

    def _switch(self, rules: RuleSet) -> None:
        """Switch them as was done by hand."""
        for name, enabled in self._switched.copy().items():
            if name in rules:
                rules.set_enabled(name, enabled)

    def _use(self, rules: RuleSet) -> None:
        """From the next event on these rules judge."""
        self.rules = rules
        forget_rules()
        self.on_rules(rules)
        self._select()
        self.rules_generation += 1

    def _tell(self, reload: Reload) -> None:
        self.vitals.rule_problems = reload.problems
        self.on_reload(reload)
        self.on_pulse(self.pulse(health=self.health(), reload=reload))

    def _select(self, *, narrows: bool = False) -> None:
        self.rules.on_failure = self._stumble
        for source in self.sources:
            source.select(self.rules.event_types, narrows=narrows)

    async def _prepare(self) -> None:
        """Make what judges, while the sources begin; an event that comes before its turn does not wait for it."""
        for _event_type in self.rules.prepare():
            await asyncio.sleep(0)

    def _stumble(self, error: Exception, event: Event) -> None:
        self.vitals.stumble(error, event.kernel.container_id)

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            try:
                await self._look_after()
            except Exception as error:  # noqa: BLE001 - as in feed: what waits must not wait for ever
                self.vitals.stumble(error)

    async def _look_after(self) -> None:
        """What is done once a second."""
        self.vitals.tick()
        self.zooms.expire()
        self._publish(self._judge(self.world.expire(), []))
        await self.store.maintain()
        self.on_pulse(self.pulse(health=self.health()))

    async def _pulse(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            self.on_pulse(self.pulse())
            await asyncio.sleep(PULSE)

    def pulse(self, health: Health | None = None, reload: Reload | None = None) -> Pulse:
        """What changed, as of now."""
        return Pulse(
            health=health,
            reload=reload,
            alerts=self.store.newest,
            containers=self.world.containers_generation,
            processes=self.world.processes_generation,
            rules=self.rules_generation,
        )

    def health(self) -> Health:
        """How the sensor is, as of now."""
        return health_of(
            self.vitals, self.sources, self.world, self.rules.rules, alerts=self.store.newest, zooms=self.zooms
        )


def _own_fault(error: Exception) -> TiercelError:
    """A bug of ours that rule files have found."""
    return TiercelError(f"internal error while the rules were read: {error!r}", hint="please report it")

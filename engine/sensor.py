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
from collections.abc import AsyncIterable, Callable, Coroutine, Sequence
from typing import ParamSpec, Protocol, TypeVar

from engine.alerts import Alert
from engine.contracts import Gauge, Runtime, Source
from engine.drops import Drops
from engine.earlier import EarlierAlerts
from engine.errors import SourceError, TiercelError
from engine.events import Input, KernelEvent, Loss, Phase, RuntimeState, SourceState
from engine.flight.recorder import FlightRecorder
from engine.health import Vitals, health_of
from engine.history import History
from engine.judging.judge import alert_of
from engine.naming import Naming
from engine.protocol import Health, Pulse, Reload
from engine.response.doing import Responding
from engine.rules.ruleset import RuleSet
from engine.ruling.hits import Hits
from engine.ruling.in_force import Ruling
from engine.shells import Shells
from engine.sinks.fanout import Fanout
from engine.state.event import Event
from engine.state.world import World
from engine.store import AlertStore
from engine.zoom import Zooms

P = ParamSpec("P")
R = TypeVar("R")

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


class Sensor(Ruling):
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
        super().__init__(rules, load_rules, rule_changes)
        self.sources = tuple(sources)
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
        self.earlier = EarlierAlerts(self.world, store)
        self.flight = FlightRecorder(self.world, store.surround, prepare=self.earlier.count)
        self.shells = Shells(self.world)
        self.vitals = Vitals(hostname)
        self.history = History()
        self._drops = Drops(self.world, hostname)
        self.hits = Hits()
        self.naming = Naming(self.world, store)
        self.failure: TiercelError | None = None
        """Why a source ended before its time."""
        self.on_pulse: Callable[[Pulse], None] = lambda _pulse: None
        self.on_phase: Callable[[SourceState], None] = lambda _state: None
        self.on_runtime: Callable[[RuntimeState], None] = lambda _state: None
        """Told when a container runtime is reached, or no longer."""
        self.on_look: Callable[[], None] = lambda: None
        """Told when a front end asks for the recent events of all: also for those that no rule asks for."""
        self.responding: Responding | None = None
        """What responds; None where nobody may (``--respond``)."""
        self.headless = False
        """No front end can ask: nothing is measured for their plots."""
        self._first_match = first_match
        self._changed = asyncio.Event()
        self._has_chores = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Run until every source has ended, or forever; cancel to stop. Sinks are flushed either way."""
        self._select()
        self.hits.begin(await self.store.hits())
        work = (self._tick(), self._pulse(), self._prepare(), self._do_chores())
        helpers = [asyncio.create_task(one) for one in work]
        try:
            async with asyncio.TaskGroup() as group:
                for source in self.sources:
                    group.create_task(self._run(source))
        finally:
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            self._finish()
            if self.sinks is not None:
                await self.sinks.close()

    def _finish(self) -> None:
        """Each on its own: whatever goes wrong, the sinks are still to be flushed."""
        while self._goes_on():
            pass
        self._publish(self._judge(self._guarded(self.world.release) or []))
        self._guarded(self.flight.finish)
        self._guarded(self._tell_health)

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
            self._guarded(self.recorder.write, inputs)
        alerts = self._taken(inputs)
        self.world.tick()
        self._publish(alerts)
        if self.zooms.behind:
            self._guarded(self.zooms.catch_up)
        self.vitals.age(inputs[-1] if inputs else None)
        if inputs:
            self._changed.set()

    def _taken(self, inputs: Sequence[Input]) -> list[Alert]:
        """The alerts that these inputs lead to. Every event passes here: a call costs as much as a test of a rule."""
        alerts: list[Alert] = []
        happen, judges, judged = self.world.happen, self.rules.judges, 0
        shells = self.shells if self.shells.waiting else None
        for item in inputs:
            try:
                if type(item) is KernelEvent:  # most are
                    events = happen(item)
                    if shells is not None:
                        self._guarded(shells.note, item)
                else:
                    events = self.world.apply(item)
                    self._guarded(self._note, item)
            except Exception as error:  # noqa: BLE001 - a bug costs this input, not the watch; it is counted and told
                self.vitals.stumble(error)
                continue
            for event in events:
                judged += 1
                try:
                    if not judges[event.kernel.type](event):
                        continue
                except Exception:  # noqa: BLE001, S110 - told by who is asked for the rules
                    pass
                self._alarm(event, alerts)
        self.vitals.events += judged
        return alerts

    def _judge(self, events: Sequence[Event]) -> list[Alert]:
        """The alerts of ``events``."""
        alerts: list[Alert] = []
        self.vitals.events += len(events)
        for event in events:
            self._alarm(event, alerts)
        return alerts

    def _alarm(self, event: Event, alerts: list[Alert]) -> None:
        """Add the alerts of an event."""
        try:
            found = self.rules.match(event, first=self._first_match)
            alerts += [alert_of(rule, event, self.hostname) for rule in found]
        except Exception as error:  # noqa: BLE001 - as above
            self.vitals.stumble(error, event.kernel.container_id)

    def _publish(self, alerts: list[Alert]) -> None:
        """Written before it is published: what a front end or a sink has seen is in the store.

        What follows has to do with an alert and is not the alert: a bug there costs neither alerts nor the source.
        """
        if not alerts:
            return
        self.vitals.alerts += len(alerts)
        self._guarded(self._mark, alerts)
        stored = self._stored(alerts)
        if self.sinks is not None:
            self._guarded(self.sinks.put, alerts)
        if self.recorder is not None:
            self._guarded(self.recorder.write_alerts, alerts)
        for alert in stored:
            self._guarded(self.hits.note, alert)
            self._guarded(self.world.note_alert, alert)
        self._guarded(self.flight.note, alerts)
        self._guarded(self._settle, stored)
        self._guarded(self.zooms.note, alerts)
        self._changed.set()

    def _guarded(self, step: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """What a step says; None where a bug ends it, which is counted and told."""
        try:
            return step(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it was: the watch goes on
            self.vitals.stumble(error)
            return None

    def _stored(self, alerts: list[Alert]) -> list[Alert]:
        """The alerts with their ids; one with which the store cannot do anything costs no other."""
        try:
            return self.store.add(alerts)
        except Exception as error:  # noqa: BLE001 - as above
            if len(alerts) == 1:
                self.vitals.stumble(error)
                return alerts
        for alert in alerts:
            alert.id = 0  # it is numbered anew
        return [stored for alert in alerts for stored in self._stored([alert])]

    def _mark(self, alerts: list[Alert]) -> None:
        for alert in alerts:
            self.shells.mark(alert)

    def _settle(self, alerts: list[Alert]) -> None:
        for request in self.shells.settle(alerts):
            self._begin(self.store.set_state(request))

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
        self.begin_chores()
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

    # ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────────

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
        try:
            for _event_type in self.rules.prepare():
                await asyncio.sleep(0)
        except Exception as error:  # noqa: BLE001 - as in feed: what is not ready is made when it is needed
            self.vitals.stumble(error)

    def _stumble(self, error: Exception, event: Event) -> None:
        self.vitals.stumble(error, event.kernel.container_id)

    def _soon(self) -> None:
        self._changed.set()

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            await self._attempted(self._look_after)

    async def _attempted(self, step: Callable[[], Coroutine[None, None, None]]) -> None:
        try:
            await step()
        except Exception as error:  # noqa: BLE001 - as in feed: what waits must not wait for ever
            self.vitals.stumble(error)

    async def _look_after(self) -> None:
        """What is done once a second."""
        for step in (self.vitals.tick, self.zooms.expire, self.shells.expire):
            self._guarded(step)
        self._publish(self._judge(self._guarded(self.world.expire) or []))
        self.begin_chores()
        await self._attempted(self.naming.look)
        await self._attempted(self.store.maintain)
        if not self.headless:
            self._guarded(self._tell_health)
        await self._attempted(self.flight.collect)

    def _tell_health(self) -> None:
        health = self.health()
        self.history.note(health)
        self.on_pulse(self.pulse(health=health))

    def begin_chores(self) -> None:
        """If there are any."""
        if self.world.chores:
            self._has_chores.set()

    async def _do_chores(self) -> None:
        """What takes a look at all of the state, with events between the slices."""
        while True:
            await self._has_chores.wait()
            self._has_chores.clear()
            while self._goes_on():
                await asyncio.sleep(0)

    def _goes_on(self) -> bool:
        try:
            return self.world.chores.work()
        except Exception as error:  # noqa: BLE001 - as in feed; the chore is given up
            self.vitals.stumble(error)
            return True

    async def _pulse(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._guarded(lambda: self.on_pulse(self.pulse()))
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
            named=self.naming.count,
        )

    def health(self) -> Health:
        """How the sensor is, as of now."""
        health = health_of(
            self.vitals,
            self.sources,
            self.world,
            self.rules.rules,
            store=self.store,
            zooms=self.zooms,
            kept_back=self.history.kept_back,
            flight=self.flight,
        )
        health.responses = self.responding.log.place if self.responding is not None else ""
        return health

"""A sensor in memory: answers the protocol's requests from plain data, and pushes pulses when told to.

It keeps the promises of the real one: stacks newest first, ``before`` as a look at the past, filters as
:mod:`engine.filters.alert_filter` reads them, refusals as TiercelError, an end that every waiting request hears of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from engine import protocol as p
from engine.alerts import Alert
from engine.errors import TiercelError
from engine.events import Phase
from engine.service.client import SensorGone
from engine.service.recorded import LIVE_ONLY
from tests.helpers.memory import NOW, World, healthy
from tests.helpers.memory_alerts import AlertsAnswers
from tests.helpers.memory_inside import InsideAnswers
from tests.helpers.memory_rules import RulesAnswers

__all__ = ["NOW", "MemorySensor", "World", "healthy"]


class MemorySensor(AlertsAnswers, InsideAnswers, RulesAnswers):
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

    def _zoom(self, request: p.Zoom) -> p.Done:
        if self.world.health.phase in (Phase.REPLAYING, Phase.ENDED):
            raise TiercelError("nobody can be watched in full here: a replay has what was recorded", hint=LIVE_ONLY)
        health, wanted = self.world.health, (request.container_id or "", request.pid, request.start)
        others = [row for row in health.zooms if (row.container_id, row.pid, row.start) != wanted]
        container_id, pid, start = wanted
        health.zooms = [*others, *[p.ZoomRow("it", 60.0, container_id, pid, start, asked=True)] * request.on]
        return p.Done(detail="watched in full for 60 s" if request.on else "no longer watched in full")

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

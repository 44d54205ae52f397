"""Responses, done: offered, checked, written down, done, written down again.

Nothing is done before the line that says so is on the disk, nor to anybody whom :mod:`engine.response.possible`
protects, nor without the word that names the target. To one target one thing is done at a time, and to its end, also
when the screen that asked has gone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakValueDictionary

import msgspec

from engine import protocol as p
from engine.alerts import Alert
from engine.container_id import whole_id
from engine.errors import TiercelError
from engine.events import HOST
from engine.response.audit import Log, Record, Target, Who, begin, go_on, left_networks
from engine.response.offer import Offer, living, nearest_living
from engine.response.possible import (
    BY_ID,
    PREPARATIONS,
    Network,
    Own,
    Response,
    Standing,
    command_lines,
    evidence_image,
    hinders,
    hinders_tree,
    leaves,
    protects_container,
    protects_tree,
    word_for,
)
from engine.state.processes import Process, ProcessKey
from engine.state.world import World
from engine.store import AlertStore

Seeds = Callable[[], Collection[ProcessKey]]
"""The processes of a tree that live, as far as events have told by now."""


class Outcome(msgspec.Struct):
    """What was done."""

    detail: str
    pids: list[int] = []
    """The processes of the tree that it was done to."""
    evidence: dict[str, str] = {}


class Hands(Protocol):
    """What touches the world. Everything raises TiercelError with the reason when it cannot be done."""

    async def own(self, asking: int) -> Own:
        """Whom to leave alone; ``asking`` is the process of the screen that asks, 0 if it is not known."""

    async def standing(self, container_id: str) -> Standing:
        """A container as it is now."""

    async def container(self, response: str, standing: Standing, networks: Sequence[Network], image: str) -> Outcome:
        """Do it. ``networks`` are those to leave or to come back to, ``image`` is what to commit to."""

    async def stopped(self, keys: Sequence[ProcessKey]) -> frozenset[int]:
        """Those of these processes, by pid, that a signal has stopped."""

    async def tree(self, response: str, seeds: Seeds, own: Own) -> Outcome:
        """Do it to these processes and all that descends from them."""


@dataclass(frozen=True, slots=True)
class _Deed:
    """A response that nothing speaks against: the line before it, and what does it."""

    record: Record
    do: Callable[[], Awaitable[Outcome]]


class Responding:
    """What a sensor has that was started with ``--respond``. ``report`` takes problems, for Health."""

    def __init__(
        self, hands: Hands, log: Log, world: World, store: AlertStore, report: Callable[[str, str], None]
    ) -> None:
        self._hands = hands
        self.log = log
        self._world = world
        self._store = store
        self._report = report
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[str]] = set()

    # ── what there is ───────────────────────────────────────────────────────────────────────────────────────────────

    async def offer(self, request: p.ListResponses, who: Who) -> list[p.TargetRow]:
        """To whom something can be done. Raises TiercelError when there is nobody."""
        alert = await self._store.alert(request.alert_id) if request.alert_id else None
        offer = Offer(self._world, await self._hands.own(who.pid))
        container_id, process = self._meant(request, alert)
        targets = []
        if container_id:
            targets.append(await self._container_row(offer, container_id))
        if process is not None:
            targets.append(offer.tree(process, await self._stopped(process)))
        if not targets:
            raise TiercelError("nothing of it lives any more", hint="what it began may: look in Processes (3)")
        return targets

    async def _stopped(self, top: Process) -> frozenset[int]:
        return await self._hands.stopped([process.key for process in living(top)])

    def _meant(self, request: p.ListResponses, alert: Alert | None) -> tuple[str, Process | None]:
        if alert is not None:
            return alert.container.id if alert.container else HOST, nearest_living(self._world, alert)
        process = self._world.processes.get(request.pid, request.start)
        return request.container_id or (process.container_id if process else HOST), process

    async def _container_row(self, offer: Offer, container_id: str) -> p.TargetRow:
        try:
            standing = await self._standing(container_id)
        except TiercelError as error:
            return offer.unreachable(container_id, error.message)
        return offer.container(standing, await self._left(container_id))

    async def _standing(self, container_id: str) -> Standing:
        """Only by the whole id: a name, or a part of an id, may be another's in the next moment."""
        return await self._hands.standing(whole_id(container_id, "nothing was done"))

    async def _left(self, container_id: str) -> list[Network]:
        with suppress(OSError):  # a log that cannot be read is no reason against the others
            return await asyncio.to_thread(lambda: left_networks(self.log.read(), container_id))
        return []

    # ── what is done ────────────────────────────────────────────────────────────────────────────────────────────────

    async def respond(self, request: p.Respond, who: Who) -> str:
        """Do it, and say what was done and what takes it back. Raises TiercelError with the reason why not."""
        task = asyncio.create_task(self._respond(request, who))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[str]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # it is in the log; who asked may have gone

    async def _respond(self, request: p.Respond, who: Who) -> str:
        target = Target("process tree" if request.pid else "container", "", request.container_id)
        target.pid, target.start = request.pid, request.start
        record = begin(request.response, who, target, alert=request.alert_id)
        turn = self._turns.setdefault(_turn_of(request), asyncio.Lock())
        async with turn:
            try:
                deed = await self._deed(request, record)
            except TiercelError as error:
                self._note(go_on(record, "refused", error=error.message))
                raise
            return await self._perform(deed)

    async def _deed(self, request: p.Respond, record: Record) -> _Deed:
        response = BY_ID.get(request.response)
        if response is None or response.kind != record.target.kind:
            raise TiercelError(f"there is no such response to a {record.target.kind}: {request.response}")
        if request.alert_id:
            with suppress(TiercelError):  # it may be too old to be kept
                record.rule = (await self._store.alert(request.alert_id)).rule
        own = await self._hands.own(record.who.pid)
        if response.kind == "container":
            return await self._to_container(response, request, record, own)
        return await self._to_tree(response, request, record, own)

    async def _to_container(self, response: Response, request: p.Respond, record: Record, own: Own) -> _Deed:
        _refuse(protects_container(request.container_id, own))
        standing = await self._standing(request.container_id)
        record.target = Target("container", standing.name, standing.id, standing.image)
        _refuse(protects_container(standing.id, own))
        left = await self._left(standing.id)
        _refuse(hinders(response, standing, left))
        if not response.evidence:
            _confirm(request.confirm, word_for(standing.name, standing.id[:12]))
        networks = _networks(response, standing, left)
        image = evidence_image(standing.name, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
        record.networks = networks
        record.command = command_lines(
            response, name=standing.name, image=image, targets=[network.name for network in networks]
        )
        return _Deed(record, lambda: self._hands.container(response.id, standing, networks, image))

    async def _to_tree(self, response: Response, request: p.Respond, record: Record, own: Own) -> _Deed:
        top = self._world.processes.get(request.pid, request.start)
        if top is None:
            raise TiercelError("that process is no longer known", hint="its number may belong to another one by now")
        pids = sorted(process.pid for process in living(top))
        record.target = Target("process tree", top.name, top.container_id, "", top.pid, top.start, pids)
        _refuse(protects_tree([top.pid, *pids], own))
        _refuse("" if pids else "nothing of it lives any more")
        _refuse(hinders_tree(response, pids, await self._stopped(top)))
        _confirm(request.confirm, word_for(top.name, str(top.pid)))
        record.command = command_lines(response, targets=list(map(str, pids)))
        return _Deed(record, lambda: self._hands.tree(response.id, lambda: {each.key for each in living(top)}, own))

    async def _perform(self, deed: _Deed) -> str:
        record = deed.record
        try:
            await asyncio.to_thread(self.log.write, record)
        except OSError as error:
            raise TiercelError(
                f"nothing was done: the audit log cannot be written: {error.strerror or error}", hint=self.log.place
            ) from error
        try:
            outcome = await deed.do()
        except BaseException as error:
            self._note(go_on(record, "failed", error=_words(error)))
            raise
        self._note(_result(record, outcome))
        return _told(record, outcome)

    def _note(self, record: Record) -> None:
        """A line that stops nothing any more."""
        try:
            self.log.write(record)
        except OSError as error:
            self._report(f"the audit log cannot be written: {error.strerror or error}", self.log.place)


def _turn_of(request: p.Respond) -> str:
    """Who waits for whom: to keep evidence takes long, and nobody waits for it who wants to act."""
    if request.response in PREPARATIONS:
        return f"{request.response} {request.container_id}"
    return "processes" if request.pid else request.container_id


def _refuse(reason: str) -> None:
    if reason:
        raise TiercelError(reason, hint="nothing was done")


def _confirm(typed: str, word: str) -> None:
    if typed != word:
        raise TiercelError(f"this was not confirmed: the word is {word}", hint="nothing was done")


def _networks(response: Response, standing: Standing, left: Sequence[Network]) -> list[Network]:
    """Those to leave, or to come back to."""
    if response.id == "disconnect":
        return leaves(standing)
    if response.id == "reconnect":
        connected = {network.id for network in standing.networks}
        return [network for network in left if network.id not in connected]
    return []


def _result(record: Record, outcome: Outcome) -> Record:
    target = record.target
    if outcome.pids:
        target = msgspec.structs.replace(target, pids=outcome.pids)
    return go_on(record, "done", target=target, detail=outcome.detail, evidence=outcome.evidence)


def _told(record: Record, outcome: Outcome) -> str:
    response = BY_ID[record.response]
    undo = f"{BY_ID[response.undo].label} takes it back" if response.undo else response.final
    return f"{outcome.detail}; {undo}" if undo else outcome.detail


def _words(error: BaseException) -> str:
    if isinstance(error, TiercelError):
        return error.message
    return "interrupted: the sensor ended" if isinstance(error, asyncio.CancelledError) else repr(error)

"""The kernel as a source of events: loads the probes, drains the ring, tells what was lost."""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from enum import Enum

from engine.contracts import Emit
from engine.events import Input, Loss, Phase, Snapshot, SourceState
from engine.protocol import ProbeRow
from engine.pushdown.filter import RENAMES, Filter
from engine.schema import BY_NAME
from engine.zoom import Target
from probes.kernel.bpf_map import BpfMap, PerCpuMap
from probes.kernel.cgroup_news import CgroupNews
from probes.kernel.counters import probe_rows, total
from probes.kernel.decode import Decoder
from probes.kernel.doorbell import Doorbell
from probes.kernel.due import Due
from probes.kernel.filters import Filters
from probes.kernel.loader import RING_PAGES, Loaded, Loading
from probes.kernel.losses import Losses
from probes.kernel.pace import Pace
from probes.kernel.perf import PerfReader
from probes.kernel.portable import portable
from probes.kernel.programs import AUTO
from probes.kernel.ring import RingReader
from probes.kernel.spec import SPEC, spec_rows
from probes.kernel.upkeep import Upkeep
from probes.kernel.wire import COUNTER, HEAD_AT, LOSS, LOSS_KEY, Kind
from probes.kernel.zooms import KernelZooms
from probes.machine.cgroups import Cgroups
from probes.machine.clocks import boot_offset
from probes.machine.snapshots import Snapshots, in_parts
from probes.machine.users import UsersOnce, read_host_users

PERIOD = 0.010
"""Seconds between two looks at the ring while events come. A wakeup for each would cost the traced program 5 µs."""
IDLE_PERIOD = 0.25
"""Seconds between two looks while none come and nobody wakes us: losses are looked at, too."""
SLICE = 1000
"""Records dealt with before the loop may do something else, …"""
SLICE_SECONDS = 0.004
"""… and the time after which it may, at the latest."""
BATCH = 128
"""Records emitted at once."""
REST_SECONDS = 0.5
"""Time at most for what is in the ring at the end."""
TOO_MUCH = 4
"""When a quarter of the ring waits, it is too much to look at everything."""
COMPANY_SECONDS = 3.0
"""How long events wait in the ring for those who are to be heard first."""
GARBLED = "record not understood"
"""The cause of a loss: the two sides do not agree on a record."""
_U32 = struct.Struct("=I")
_U64 = struct.Struct("=Q")
_SYSCALL, _KIND_AT = int(Kind.SYSCALL), HEAD_AT
_ROOM, _PERIOD = _U32.pack(3), _U32.pack(5)
"""The option of bpf/maps.h that says how much of the ring anybody may fill."""


class Found(Enum):
    """What a look at the ring has found."""

    NOTHING = 0
    ALL = 1
    """Some records, and those were all."""
    MORE = 2
    """As many as one slice takes; more are waiting."""


async def _nobody() -> None:
    """Nobody is to be heard first."""


class KernelSource:
    """The running kernel.

    ``own_pids`` are processes whose events, and their descendants', are counted and not delivered: by default the one
    this runs in. ``environment`` sends along what programs are started with. ``transport`` is "auto",
    "ring" or "perf", ``clock`` "auto", "boot" or "monotonic". ``loading`` is one that has begun, in place of these.
    """

    name = "kernel"

    def __init__(
        self,
        *,
        own_pids: Iterable[int] | None = None,
        transport: str = AUTO,
        environment: bool = False,
        ring_pages: int = RING_PAGES,
        clock: str = AUTO,
        loading: Loading | None = None,
    ) -> None:
        self._own_pids = [os.getpid()] if own_pids is None else list(own_pids)
        self._transport, self._ring_pages, self._clock, self._loading = transport, ring_pages, clock, loading
        self.report: Callable[[str, str], None] = lambda _what, _hint: None
        """Told of what went wrong and ends nothing."""
        self._selected: set[str] = set(BY_NAME)
        self._cgroups = Cgroups()
        self._decoder = Decoder(self._cgroups.containers, boot_offset())
        self._cgroups.on_change = self._decoder.forget
        self._decode = portable(self._decoder.decode)
        self._snapshots = Snapshots(self._cgroups, lambda: self._decoder.offset, environment=environment)
        self._due = Due(self._snapshots)
        self._upkeep = Upkeep(self._snapshots)
        self._users = UsersOnce()
        self._loaded: Loaded | None = None
        self._reader: RingReader | PerfReader | None = None
        self._maps: dict[str, BpfMap] = {}
        self._pace: Pace | None = None
        """Of a ring; perf buffers have no shares."""
        self._shares = 0, 0
        """What of the ring anybody may fill, and the period of a budget, as the kernel knows."""
        self._zooms: KernelZooms | None = None
        self._news: CgroupNews | None = None
        """Tells of cgroups, while the source runs."""
        self._doorbell: Doorbell | None = None
        """Wakes us; None for a transport that nobody can sleep on."""
        self._counts: PerCpuMap | None = None
        self.wanted_filter: Callable[[], Filter] | None = None
        """Makes the filter that the rules allow now; None lets all events of the selected types out of the kernel."""
        self.company: Callable[[], Coroutine[None, None, object]] = _nobody
        """Events are delivered when this has come, or not in time."""
        self.stay_open = False
        """Somebody looks at all events all the time: the filter is in force only while the reader cannot keep up."""
        self.filters: Filters | None = None
        """What filters in the kernel, while the source runs and a filter is wanted."""

    # ── the source ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self, emit: Emit) -> None:
        """Load, tell what lives, then deliver what happens until cancelled. Everything is detached at the end."""
        emit([SourceState(time=time.time_ns(), phase=Phase.LOADING, detail="loading probes")])
        self._snapshots.report = self._upkeep.report = self.report
        self._loaded = await self._begun().loaded()
        for what, hint in self._loaded.problems:
            self.report(what, hint)
        try:
            self._open_maps(self._loaded)
            await self._tell_who_lives(emit)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.company(), COMPANY_SECONDS)
            emit([SourceState(time=time.time_ns(), phase=Phase.LIVE, detail=self._loaded.how)])
            try:
                await self._deliver_filtered(emit)
            finally:
                self._drain_rest(emit)
        finally:
            self._snapshots.close()
            self.close()

    def select(self, event_types: Collection[str], *, narrows: bool = False) -> None:
        """From now on only these event types are needed (those that keep state always are)."""
        self._selected = set(event_types)
        if self.filters is not None:
            self.filters.changed(narrows=narrows)
        self._write_specs(self._zooms is not None and self._zooms.active)

    def _write_specs(self, zoom: bool) -> None:
        """``zoom``: of calls that no rule asks for, those of who is watched in full leave the kernel, too."""
        selected = self._selected | ({RENAMES} if self.filters is not None else set())
        if specs := self._maps.get("specs"):
            for row, value in spec_rows(selected, zoom=zoom):
                specs.update(_U32.pack(row), value)

    def filter_anew(self) -> None:
        """What rules compare with has changed: everything passes until the filter for it is in force."""
        if self.filters is not None:
            self.filters.changed()

    def show_all(self) -> None:
        """Somebody looks at the events: for a while all of the selected types leave the kernel."""
        if self.filters is not None:
            self.filters.open_for_a_while()

    def statistics(self) -> list[ProbeRow]:
        """A row for each kind of event: how many there were, how many were delivered, how many found no room."""
        counts = self._counts
        return [] if counts is None else self._upkeep.tried("the probes' counters", lambda: probe_rows(counts), [])

    @property
    def own_events(self) -> int:
        """Events of Tiercel's own processes so far."""
        return self._counted("own_events")

    def bounds(self) -> dict[str, int]:
        """What bounds have cost so far, by what it was; only what there is of."""
        counts = {
            "own processes that are watched like others": self._counted("unknown_own"),
            "cgroups that the kernel has no room for": self._news.refused if self._news is not None else 0,
            "looks at the kernel that failed": self._upkeep.failed,
        }
        return {what: count for what, count in counts.items() if count}

    def _counted(self, name: str) -> int:
        counter = self._maps.get(name)
        return self._upkeep.tried(name, lambda: total(counter), 0) if isinstance(counter, PerCpuMap) else 0

    def zoom_counts(self) -> tuple[int, int]:
        """Events that passed only since somebody is watched in full, and those that the limit on them held back."""
        return self._zooms.counts if self._zooms is not None else (0, 0)

    def zoom(self, target: Target, pids: frozenset[int]) -> bool:
        """Watch a container, or a subtree in which these processes live, in full; False before the start."""
        if self._zooms is not None:
            self._zooms.apply(target, pids)
        return self._zooms is not None

    def zoom_more(self, target: Target, pids: frozenset[int]) -> bool:
        """These processes are part of a subtree, too; whether one of them was not watched until now."""
        return self._zooms is not None and self._zooms.extend(target, pids)

    def end_zoom(self, target: Target) -> None:
        """Watch it in full no longer."""
        if self._zooms is not None:
            self._zooms.stop(target)

    def send_environment(self, wanted: bool) -> None:
        """Send along what programs are started with, or no longer."""
        if wanted and not self._snapshots.environment:
            self._snapshots.want()  # for the processes that have started before
        self._snapshots.environment = wanted
        if (options := self._maps.get("options")) is not None:
            options.update(_U32.pack(0), _U32.pack(wanted))

    def close(self) -> None:
        """Detach the probes and give all memory back; may be called again."""
        loaded, self._loaded, self._reader = self._loaded, None, None
        if self._news is not None:
            self._news.close()
        self._maps, self._counts, self.filters, self._zooms, self._news = {}, None, None, None, None
        if loaded:
            loaded.close()

    # ── start ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begun(self) -> Loading:
        return self._loading or Loading(self._transport, self._ring_pages, own_pids=self._own_pids, clock=self._clock)

    def _open_maps(self, loaded: Loaded) -> None:
        fds = loaded.maps
        self._counts = PerCpuMap(fds["counters"], _U32.size, COUNTER.size)
        self._maps = {
            "specs": BpfMap(fds["specs"], _U32.size, SPEC.size),
            "counters": self._counts,
            **{name: PerCpuMap(fds[name], _U32.size, _U64.size) for name in ("own_events", "unknown_own")},
            "lost_by_cgroup": BpfMap(fds["lost_by_cgroup"], LOSS_KEY.size, LOSS.size),
            "options": BpfMap(fds["options"], _U32.size, _U32.size),
        }
        self.send_environment(self._snapshots.environment)
        self._reader = reader = loaded.reader
        if isinstance(reader, RingReader):
            self._pace, self._shares = Pace(reader.size), (0, 0)
            self._tell_shares()
            self._doorbell = Doorbell(fds["events"], self._maps["options"])
        self.filters = self._filters(fds)
        self._zooms = KernelZooms(fds, self._maps["options"], self._cgroups.containers, self._write_specs)
        losses = Losses(self._maps["lost_by_cgroup"], self._counts, self._cgroups.containers)
        self._news = CgroupNews(fds, self._cgroups, self._zooms, losses, self._upkeep)
        self.select(self._selected)

    def _filters(self, fds: Mapping[str, int]) -> Filters | None:
        if self.wanted_filter is None:
            return None
        return Filters(fds, self._maps["options"], self.wanted_filter, stay_open=self.stay_open)

    async def _tell_who_lives(self, emit: Emit) -> None:
        """What lives already. The probes are attached before, so that nothing falls between."""
        snapshot = await self._snapshots.take()
        emit([read_host_users()])
        for part in in_parts(snapshot):
            users = [found for one in part.processes for found in self._users.of(one.pid, one.container_id)]
            emit([*users, part])
            await asyncio.sleep(0)

    # ── delivery ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _deliver_filtered(self, emit: Emit) -> None:
        following = asyncio.create_task(self.filters.run()) if self.filters is not None else None
        if following is not None:
            following.add_done_callback(self._stopped_following)
        try:
            await self._deliver(emit)
        finally:
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    def _stopped_following(self, following: asyncio.Task[None]) -> None:
        """Only a bug of ours ends it: what is in force lets out enough."""
        if not following.cancelled() and (error := following.exception()):
            self.report(f"the kernel follows the rules no longer: {error!r}", "please report it; detection goes on")

    async def _deliver(self, emit: Emit) -> None:
        parts: deque[Snapshot] = deque()
        attempt = self._upkeep.attempt
        while True:
            found = self._drain(emit)
            with attempt("the kernel cannot be told how fast events are read"):
                self._keep_pace(found)
            await self._upkeep.look(self._cgroup_news.losses, emit)
            with attempt("who lives cannot be looked at again"):
                if snapshot := self._due.poll(self._reader, busy=found is Found.MORE):
                    parts.extend(in_parts(snapshot))
                    self._cgroup_news.search()
            if parts:
                emit([parts.popleft()])
            await self._rest(Found.MORE if parts else found)

    def _keep_pace(self, found: Found) -> None:
        """Let the kernel know how much it may let wait."""
        reader = self._reader
        if self._pace is None or not isinstance(reader, RingReader):
            return
        self._pace.note(time.monotonic(), reader.consumed, found is Found.MORE)
        if self.filters is not None and reader.pending > reader.size // TOO_MUCH and self.filters.is_open:
            self.filters.relieve()
        self._tell_shares()

    def _tell_shares(self) -> None:
        if self._pace is not None and (shares := (self._pace.room, self._pace.period)) != self._shares:
            for option, value in zip((_ROOM, _PERIOD), shares, strict=True):
                self._maps["options"].update(option, _U32.pack(value))
            self._shares = shares

    @property
    def _cgroup_news(self) -> CgroupNews:
        assert self._news is not None
        return self._news

    async def _rest(self, found: Found) -> None:
        """Sleep until it is worth looking again."""
        if found is Found.NOTHING and self._doorbell is not None:
            with self._upkeep.attempt("the kernel cannot be asked to wake the reader"):
                await self._doorbell.wait(IDLE_PERIOD)
                return
        await asyncio.sleep(0 if found is Found.MORE else PERIOD)

    def _drain(self, emit: Emit) -> Found:
        """Deal with a slice of records. Raises SourceError when there is no reading them any more."""
        reader, end = self._reader, time.monotonic() + SLICE_SECONDS
        assert reader is not None
        self._decoder.offset = boot_offset(self._decoder.offset)
        found = Found.NOTHING
        for _ in range(0, SLICE, BATCH):
            if (records := self._upkeep.read(reader.drain, BATCH)) is None:
                return Found.ALL  # none were found, but the doorbell would ring at once
            if records and (inputs := self._inputs(records)):
                self._upkeep.deliver(emit, inputs)
            if len(records) < BATCH:
                return Found.ALL if records else found
            found = Found.ALL
            if time.monotonic() > end:
                break
        return Found.MORE

    def _drain_rest(self, emit: Emit) -> None:
        """What happened before we were told to end is still in the ring; a busy machine does not hold the end up."""
        end = time.monotonic() + REST_SECONDS
        rest = self._reader.rest() if self._reader is not None else []
        self._upkeep.deliver_until(end, emit, [rest[n : n + BATCH] for n in range(0, len(rest), BATCH)], self._inputs)
        while self._drain(emit) is Found.MORE and time.monotonic() < end:
            pass

    def _inputs(self, records: list[bytes]) -> Sequence[Input]:
        inputs: list[Input] = []
        decode, kind_at, call = self._decode, _KIND_AT, _SYSCALL
        for record in records:
            try:
                if record[kind_at] == call:  # most are
                    inputs.append(decode(record))
                else:
                    inputs += self._read(record)
            except OSError as error:
                self._upkeep.fail("the kernel cannot be told of a cgroup", error)
            except Exception:  # noqa: BLE001 - whatever stands in a record: it costs this one
                inputs.append(Loss(time=time.time_ns(), count=1, cause=GARBLED))
        return inputs

    def _read(self, record: bytes) -> Sequence[Input]:
        """What a record tells. Raises for one that is garbled, and OSError where it is not told on."""
        kind = record[_KIND_AT]
        if kind >= Kind.CGROUP_MKDIR:
            self._cgroup_news.changed(kind, record)
            return ()
        if kind == Kind.EXEC:
            self._cgroup_news.learn(record)
        event = self._decode(record)
        if kind == Kind.EXEC and event.container_id:
            return [*self._users.of(event.pid, event.container_id), event]
        return (event,)

"""The kernel as a source of events: loads the probes, drains the ring, tells what was lost."""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from engine.contracts import Emit
from engine.events import HOST, Input, Loss, Phase, SourceState
from engine.protocol import ProbeRow
from engine.pushdown.filter import RENAMES, Filter
from engine.schema import EVENT_TYPES
from probes.kernel.bpf_map import BpfMap, PerCpuMap
from probes.kernel.decode import Decoder, cgroup_of, split
from probes.kernel.filters import Filters
from probes.kernel.loader import Loaded, load
from probes.kernel.losses import Losses
from probes.kernel.paths import text
from probes.kernel.perf import PerfReader
from probes.kernel.portable import portable
from probes.kernel.programs import AUTO, PERF
from probes.kernel.ring import RingReader
from probes.kernel.spec import SPEC, spec_rows
from probes.kernel.wire import CGROUP_KEY, COUNTER, Kind, Section
from probes.machine.cgroups import Cgroups, every_cgroup
from probes.machine.snapshots import Snapshots
from probes.machine.users import read_host_users, read_users_in_time

PERIOD = 0.010
"""Seconds between two looks at the ring. A wakeup for each event would cost the traced program 5 µs."""
SLICE = 1000
"""Records dealt with before the loop may do something else, …"""
SLICE_SECONDS = 0.004
"""… and the time after which it may, at the latest."""
BATCH = 128
"""Records emitted at once."""
REST_SECONDS = 0.5
"""Time at most for what is in the ring at the end."""
LOSS_PERIOD = 1.0
CLOCK_PERIOD = 1.0
"""Seconds between two looks at the wall clock, which may have been set."""
GARBLED = "record not understood"
"""The cause of a loss: the two sides do not agree on a record."""
RING_PAGES = 2048
"""4 KiB pages of the ring: 8 MiB, about 30,000 events."""

_U32 = struct.Struct("=I")
_U64 = struct.Struct("=Q")
_SCHEMA_NAMES = [row.name for row in EVENT_TYPES]
_PAGE = 4096


def boot_offset() -> int:
    """Nanoseconds to add to the time since boot for the time since the epoch."""
    return time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class KernelSource:
    """The running kernel.

    ``own_pids`` are processes whose events, and their descendants', are counted and not delivered: by default the one
    this runs in. ``environment`` sends along what programs are started with. ``transport`` is "auto",
    "ring" or "perf".
    """

    name = "kernel"

    def __init__(
        self,
        *,
        own_pids: Iterable[int] | None = None,
        transport: str = AUTO,
        environment: bool = False,
        ring_pages: int = RING_PAGES,
    ) -> None:
        self._own_pids = [os.getpid()] if own_pids is None else list(own_pids)
        self._transport = transport
        self._ring_pages = ring_pages
        self._selected: set[str] = set(_SCHEMA_NAMES)
        self._cgroups = Cgroups()
        self._decoder = Decoder(self._cgroups.containers, boot_offset())
        self._decode = portable(self._decoder.decode)
        self._snapshots = Snapshots(self._cgroups, lambda: self._decoder.offset, environment=environment)
        self._users_known: set[str] = {HOST}
        self._loaded: Loaded | None = None
        self._reader: RingReader | PerfReader | None = None
        self._maps: dict[str, BpfMap] = {}
        self._counts: PerCpuMap | None = None
        self.wanted_filter: Callable[[], Filter] | None = None
        """Makes the filter that the rules allow now; None lets all events of the selected types out of the kernel."""
        self.filters: Filters | None = None
        """What filters in the kernel, while the source runs and a filter is wanted."""

    # ── the source ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self, emit: Emit) -> None:
        """Load, tell what lives, then deliver what happens until cancelled. Everything is detached at the end."""
        emit([SourceState(time=time.time_ns(), phase=Phase.LOADING, detail="loading probes")])
        self._loaded = await load(self._transport, self._ring_pages)
        try:
            self._open_maps(self._loaded)
            emit(await self._snapshot())
            emit([SourceState(time=time.time_ns(), phase=Phase.LIVE, detail=f"loaded in {self._loaded.seconds:.1f} s")])
            try:
                await self._deliver_filtered(emit)
            finally:
                self._drain_rest(emit)
        finally:
            self._snapshots.close()
            self.close()

    def select(self, event_types: Collection[str]) -> None:
        """From now on only these event types are needed (those that keep state always are)."""
        self._selected = set(event_types)
        if self.filters is not None:
            self.filters.changed()
        if specs := self._maps.get("specs"):
            for row, value in spec_rows(self._selected | ({RENAMES} if self.filters is not None else set())):
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
        if self._counts is None:
            return []
        return [_probe_row(name, self._counts.slots(_U32.pack(i))) for i, name in enumerate(_SCHEMA_NAMES)]

    @property
    def own_events(self) -> int:
        """Events of Tiercel's own processes so far."""
        own = self._maps.get("own_events")
        return sum(_U64.unpack(slot)[0] for slot in own.slots(_U32.pack(0))) if isinstance(own, PerCpuMap) else 0

    def send_environment(self, wanted: bool) -> None:
        """Send along what programs are started with, or no longer."""
        if wanted and not self._snapshots.environment:
            self._snapshots.want()  # for the processes that have started before
        self._snapshots.environment = wanted
        if (options := self._maps.get("options")) is not None:
            options.update(_U32.pack(0), _U32.pack(wanted))

    def close(self) -> None:
        """Detach the probes and give all memory back; may be called again."""
        loaded, self._loaded = self._loaded, None
        reader, self._reader = self._reader, None
        self._maps, self._counts, self.filters = {}, None, None
        if reader:
            reader.close()
        if loaded:
            loaded.close()

    # ── start ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _open_maps(self, loaded: Loaded) -> None:
        fds = loaded.maps
        self._counts = PerCpuMap(fds["counters"], _U32.size, COUNTER.size)
        self._maps = {
            "specs": BpfMap(fds["specs"], _U32.size, SPEC.size),
            "counters": self._counts,
            "own": BpfMap(fds["own"], _U32.size, 1),
            "own_events": PerCpuMap(fds["own_events"], _U32.size, _U64.size),
            "lost_by_cgroup": BpfMap(fds["lost_by_cgroup"], CGROUP_KEY.size, _U64.size),
            "options": BpfMap(fds["options"], _U32.size, _U32.size),
        }
        for pid in self._own_pids:
            self._maps["own"].update(_U32.pack(pid), b"\1")
        self.send_environment(self._snapshots.environment)
        self._reader = _reader(loaded, self._ring_pages * _PAGE)
        self.filters = self._filters(fds)
        self.select(self._selected)

    def _filters(self, fds: Mapping[str, int]) -> Filters | None:
        if self.wanted_filter is None:
            return None
        filters = Filters(fds, self._maps["options"], self.wanted_filter)
        for key, container_id in every_cgroup():
            filters.add_cgroup(key, container_id)
        return filters

    async def _snapshot(self) -> list[Input]:
        """What lives already. The probes are attached before, so that nothing falls between."""
        snapshot = await self._snapshots.take()
        users: list[Input] = [read_host_users()]
        for process in snapshot.processes:
            users += self._users_of(process.pid, process.container_id)
        return [*users, snapshot]

    # ── delivery ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _deliver_filtered(self, emit: Emit) -> None:
        following = asyncio.create_task(self.filters.run()) if self.filters is not None else None
        try:
            await self._deliver(emit)
        finally:
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def _deliver(self, emit: Emit) -> None:
        losses = Losses(self._maps["lost_by_cgroup"], self._cgroups.containers)
        next_loss = next_clock = time.monotonic()
        while True:
            more = self._drain(emit)
            now = time.monotonic()
            if now >= next_loss:
                next_loss = now + LOSS_PERIOD
                if found := losses.read(time.time_ns()):
                    emit(found)
                    self._snapshots.want()
            if now >= next_clock:
                next_clock = now + CLOCK_PERIOD
                self._decoder.offset = boot_offset()
            if not more and (snapshot := self._snapshots.poll()):
                emit([snapshot])
            await asyncio.sleep(0 if more else PERIOD)

    def _drain(self, emit: Emit) -> bool:
        """A slice of records; True when more are waiting."""
        reader, end = self._reader, time.monotonic() + SLICE_SECONDS
        assert reader is not None
        for _ in range(0, SLICE, BATCH):
            records = reader.drain(BATCH)
            if records and (inputs := self._inputs(records)):
                emit(inputs)
            if len(records) < BATCH:
                return False
            if time.monotonic() > end:
                break
        return True

    def _drain_rest(self, emit: Emit) -> None:
        """What happened before we were told to end is still in the ring; a busy machine does not hold the end up."""
        end = time.monotonic() + REST_SECONDS
        while self._drain(emit) and time.monotonic() < end:
            pass

    def _inputs(self, records: list[bytes]) -> Sequence[Input]:
        inputs: list[Input] = []
        for record in records:
            try:
                inputs += self._read(record)
            except (ValueError, IndexError, struct.error):
                inputs.append(Loss(time=time.time_ns(), count=1, cause=GARBLED))
        return inputs

    def _read(self, record: bytes) -> Sequence[Input]:
        """What a record tells. Raises ValueError, IndexError or struct.error for one that is garbled."""
        kind = record[0]
        if kind >= Kind.CGROUP_MKDIR:
            self._cgroup_changed(kind, record)
            return ()
        if kind == Kind.EXEC:
            self._learn_container(record)
        event = self._decode(record)
        if kind == Kind.EXEC and event.container_id:
            return [*self._users_of(event.pid, event.container_id), event]
        return (event,)

    def _users_of(self, pid: int, container_id: str) -> list[Input]:
        """The names in a container, once; again as long as its file system is not in place."""
        if container_id in self._users_known:
            return []
        users = read_users_in_time(pid, container_id)
        if not users.users:
            return []
        self._users_known.add(container_id)
        return [users]

    # ── containers ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _cgroup_changed(self, kind: int, record: bytes) -> None:
        (hierarchy, cgroup), lengths = cgroup_of(record)
        if kind == Kind.CGROUP_MKDIR:
            container_id = self._cgroups.add(hierarchy, cgroup, text(split(record, lengths)[Section.NAME0][:-1]))
            if self.filters is not None:
                self.filters.add_cgroup((hierarchy, cgroup), container_id)
        else:
            self._cgroups.remove(hierarchy, cgroup)
            if self.filters is not None:
                self.filters.remove_cgroup((hierarchy, cgroup))

    def _learn_container(self, record: bytes) -> None:
        """An exec names its cgroup: it helps when the creation of the cgroup was lost."""
        key, lengths = cgroup_of(record)
        if key not in self._cgroups.containers:
            sections = split(record, lengths)
            parent, name = sections[Section.CGROUP_PARENT], sections[Section.CGROUP]
            self._cgroups.add(*key, text(parent[:-1] + b"/" + name[:-1]))


def _reader(loaded: Loaded, size: int) -> RingReader | PerfReader:
    events = loaded.maps["events"]
    if loaded.transport == PERF:
        return PerfReader(BpfMap(events, _U32.size, _U32.size), size)
    return RingReader(os.dup(events), size)


def _probe_row(name: str, slots: Iterable[bytes]) -> ProbeRow:
    seen, delivered, lost = (sum(column) for column in zip(*map(COUNTER.unpack, slots), strict=True))
    return ProbeRow(name=name, seen=seen, delivered=delivered, lost=lost)

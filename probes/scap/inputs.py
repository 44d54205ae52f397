"""From a capture to the engine's inputs: what a live kernel and a container runtime would have told.

The lists become a snapshot and the names of users; each event is followed (:mod:`probes.scap.processes`,
:mod:`probes.scap.descriptors`) and, if the engine has its type, told with everything that it is judged by.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec

from engine.events import HOST, ContainerInfo, Fd, Input, KernelEvent, Snapshot, Users
from engine.pushdown.filter import Filter
from engine.schema import BY_NAME, UNKNOWN
from probes.scap import containers, lists, sockets
from probes.scap.arguments import arguments, bases
from probes.scap.blocks import FdType
from probes.scap.descriptors import Descriptors
from probes.scap.event import ScapEvent
from probes.scap.lists import Fds, Interfaces, Listing, Machine, Section, UserNames
from probes.scap.opens import Open
from probes.scap.processes import CLONES, EXECS, Processes
from probes.scap.quick import Follow, quick
from probes.scap.reader import RawEvent
from probes.scap.table import TABLE, EventFlag, Row
from probes.scap.threads import MOST_THREADS, Thread, Threads
from probes.scap.values import MalformedError, address, number, parameters, text

_SOCKETS = {FdType.IPV4, FdType.IPV6, FdType.UNIX}
_SHORT_ID = 12
_LATEST = (1 << 63) - 1
_MESSAGE_KEYS = {
    "USER_ADDED_E", "USER_DELETED_E", "GROUP_ADDED_E", "GROUP_DELETED_E", "ASYNCEVENT_E", "CONTAINER_JSON_E",
    "CONTAINER_JSON_2_E",
}  # fmt: skip
"""Events that are of no thread: what Falco's own parts have found out."""
_MESSAGES = frozenset(row.number for row in TABLE if row.key in _MESSAGE_KEYS)
_ENTRIES = frozenset(row.number for row in TABLE if not row.is_exit and "syscall" in row.categories)
"""Events of the entry into a system call: newer captures have none."""


_NO_ROW = Row(len(TABLE), "UNKNOWN", UNKNOWN, ("unknown",), EventFlag(0), ())
_SHOWN = 512
"""Bytes of an event of an unknown type that are shown."""


class Converter:
    """Takes the items of a reader in their order and gives inputs. One for each pass over a capture."""

    def __init__(self) -> None:
        self.machine = Machine()
        self.time = 0
        """Of the latest event."""
        self._judged: frozenset[str] = frozenset(BY_NAME)
        self._filter: Filter | None = None
        self._begin()

    def _begin(self) -> None:
        self.threads = Threads()
        self._processes = Processes(self.threads)
        self._descriptors = Descriptors(self._is_local)
        self._addresses: set[str] = set()
        self._container_ips: dict[str, str] = {}
        self._names: dict[str, Users] = {}
        self._renamed: set[str] = set()
        self._full_ids: dict[str, str] = {}
        self._entered: dict[int, tuple[str, dict[str, int | bytes]]] = {}
        self._listed_fds: list[Fds] = []
        self._is_listed = False
        self.quick: Mapping[int, Follow] = {}
        """By number of an event type: whether one is followed by that already, and nothing is to be told of it."""
        self._has_learnt = False
        """Processes are known that nobody was told of."""

    def select(self, judged: frozenset[str], filter_: Filter | None) -> None:
        """From now on these types are told; with a filter only those opens on which a rule may fire."""
        self._judged, self._filter = judged, filter_
        if self._is_listed:
            self.quick = quick(self.threads, judged, filter_)

    def wanted(self, judged: frozenset[str]) -> bytes:
        """For each number of an event type, 1 if it is needed: to judge these, or to know who does what."""
        followed = self._processes.changing | self._descriptors.changing
        needed = bytearray(1 << 16)
        for row in TABLE:
            useful = row.params or row.name == "procexit"
            about = row.name in followed or row.name in judged or row.number in _MESSAGES
            needed[row.number] = bool(useful and about)
        needed[len(TABLE) :] = bytes([1]) * (len(needed) - len(TABLE))
        return bytes(needed)

    # ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def learn(self, listing: Listing) -> None:
        """Take in a list; the inputs made of it come with the first event."""
        match listing:
            case Section():
                machine = self.machine
                self._begin()
                self.machine = machine
            case Machine():
                self.machine, self._processes.boot = listing, listing.boot
            case lists.Processes():
                for thread in sorted(listing.threads, key=lambda each: each.tid != each.pid):  # what they share, first
                    self.threads.list(thread)
            case Fds():
                self._listed_fds.append(listing)
            case Interfaces():
                self._addresses |= {address(packed) for _name, packed, _mask in listing.addresses}
            case UserNames():
                self._names[HOST] = Users(HOST, _decoded(listing.users), _decoded(listing.groups))
                self._renamed.add(HOST)

    def lists_alone(self) -> Iterator[Input]:
        """What the lists tell in a capture without events."""
        yield from self._listed(self.machine.boot)
        yield from self._renamings()

    def _listed(self, time: int) -> Iterator[Input]:
        """The lists are complete."""
        self._is_listed = True
        self.threads.link()
        self._open_listed()
        self.quick = quick(self.threads, self._judged, self._filter)
        for thread in self.threads:
            self._know(thread.container_id)
        leaders = [thread for thread in self.threads if thread.is_leader and thread.is_known]
        yield Snapshot(time=time, processes=[self.threads.info(thread) for thread in leaders])

    def _open_listed(self) -> None:
        every = [fd for listing in self._listed_fds for fd in listing.fds]
        served = {fd.numbers[1] for fd in every if fd.listens and len(fd.numbers) > 1}
        for listing in self._listed_fds:
            thread = self.threads.get(listing.tid)
            for entry in listing.fds if thread is not None else ():
                assert thread is not None
                fd = self._listed_fd(entry, thread, served)
                thread.process.fds[entry.number] = Open(fd)
        self._listed_fds = []

    def _listed_fd(self, entry: lists.ListedFd, thread: Thread, served: Collection[object]) -> Fd:
        if entry.type not in _SOCKETS:
            return Fd(num=entry.number, type=str(entry.type or ""), name=text(entry.name), ino=entry.ino)
        return sockets.listed(entry, lambda ip: self._is_local(ip, thread.container_id), served)

    def _is_local(self, ip: str, container_id: str) -> bool:
        """As Falco decides it: in a container the container's addresses count, as far as they are known."""
        if container_id != HOST:
            if known := self._container_ips.get(container_id):
                return ip == known or ip in self._addresses
            return ip in self._container_ips.values()
        return ip in self._addresses

    def _know(self, container_id: str) -> None:
        if container_id != HOST:
            self._full_ids.setdefault(container_id[:_SHORT_ID], container_id)

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def convert(self, raw: RawEvent, told: list[Input]) -> None:
        """Add to ``told`` what an event tells. Raises MalformedError for one whose parameters do not fit into it."""
        if self._has_learnt:
            self._has_learnt = False
            told += self._listed(raw[1])
        self._convert(raw, self._judged, told)

    def _convert(self, raw: RawEvent, judged: Collection[str], told: list[Input]) -> None:
        row_number, time, tid, count, payload = raw
        if time > _LATEST:
            raise MalformedError("its time is beyond all times")
        self.time = time
        tid = tid if tid <= _LATEST else tid - (1 << 64)
        if row_number >= len(TABLE):
            if UNKNOWN in judged:
                self._unknown(raw, tid, told)
            return
        row, values = TABLE[row_number], parameters(row_number, count, payload)
        if row_number in _MESSAGES:
            told += self._message(row, time, values)
            return
        if not self._is_listed:
            told += self._listed(time)
        if row_number in _ENTRIES:
            self._enter(tid, row.name, values)
            return
        if self._entered and (entered := self._entered.pop(tid, None)) and entered[0] == row.name:
            values = entered[1] | {name: value for name, value in values.items() if value != b""}
        thread = self.threads.get(tid) or self._processes.unknown(tid)
        if self._renamed:
            told += self._renamings()
        self._tell(ScapEvent(row, time, thread, values), judged, told)

    def _unknown(self, raw: RawEvent, tid: int, told: list[Input]) -> None:
        """An event of a type that a newer version has added, as its bytes are."""
        number, time, _tid, _count, payload = raw
        if not self._is_listed:
            told += self._listed(time)
        thread = self.threads.get(tid) or self._processes.unknown(tid)
        one = self._plain(ScapEvent(_NO_ROW, time, thread, {}), UNKNOWN, thread)
        one.args = {"type": number, "data": payload[:_SHOWN].hex()}
        told.append(one)

    def _enter(self, tid: int, name: str, values: dict[str, int | bytes]) -> None:
        """Remember what the entry into a call says, for those whose exit says less."""
        if len(self._entered) >= MOST_THREADS:
            self._entered.clear()
        self._entered[tid] = name, values

    def follow(self, raw: RawEvent, told: list[Input]) -> None:
        """Learn from an event that is for the state only: the processes it tells of are listed before the next event.

        Raises MalformedError as :meth:`convert` does.
        """
        learnt: list[Input] = []
        self._convert(raw, frozenset(), learnt)
        for one in learnt:
            if not isinstance(one, KernelEvent):
                told.append(one)
            elif one.type == "clone":
                self._has_learnt = True

    def _tell(self, event: ScapEvent, judged: Collection[str], told: list[Input]) -> None:
        name, thread = event.row.name, event.thread
        if name in CLONES:
            self._clone(event, told)
            return
        if name == "procexit":
            self._exit(event, told)
            return
        fd = self._descriptors.of(event)
        before = thread.container_id
        self._processes.follow(event)
        if thread.container_id != before:
            self._know(thread.container_id)
        if name in judged or (name in EXECS and not event.failed):
            told.append(self._kernel_event(event, name, fd))

    def _clone(self, event: ScapEvent, told: list[Input]) -> None:
        child = self._processes.clone(event)
        if child is None or not child.is_leader:
            return
        self._know(child.container_id)
        creator = self.threads.get(child.ptid) or child
        one = self._plain(event, "clone", creator)
        one.process, one.res = self.threads.info(child), child.pid
        told.append(one)

    def _exit(self, event: ScapEvent, told: list[Input]) -> None:
        if event.thread.process.living <= 1:
            one = self._plain(event, "procexit", event.thread)
            one.args = {"status": event.number("status")}
            told.append(one)
        adoption = self._processes.exit(event)
        if adoption is not None:
            told.append(adoption)

    def _kernel_event(self, event: ScapEvent, name: str, fd: Fd | None) -> KernelEvent:
        told = self._plain(event, name, event.thread)
        told.res, told.fd = event.res, fd
        told.args = arguments(event, name)
        told.bases = bases(event, name, told.args)
        process = event.thread.process
        if process.changed if name not in EXECS else not event.failed:
            told.process = self.threads.info(event.thread)
            process.changed = False
        return told

    def _plain(self, event: ScapEvent, name: str, thread: Thread) -> KernelEvent:
        process = thread.process
        return KernelEvent(
            event.time,
            name,
            process.pid,
            thread.tid,
            process.start,
            self.threads.parent_pid(thread),
            thread.comm,
            thread.uid,
            thread.gid,
            thread.cap_effective,
            thread.cap_permitted,
            thread.container_id,
        )

    # ── what is of no thread ────────────────────────────────────────────────────────────────────────────────────────

    def _message(self, row: Row, time: int, values: dict[str, int | bytes]) -> Iterator[Input]:
        if row.key.startswith(("USER", "GROUP")):
            self._rename(row, values)
            return
        what = text(values.get("name")) if row.key == "ASYNCEVENT_E" else containers.ADDED[0]
        data = values.get("data", values.get("json", b""))
        if what not in (*containers.ADDED, containers.GONE) or not isinstance(data, bytes):
            return
        info = containers.parse(data, time, removed=what == containers.GONE)
        if info is not None:
            yield self._container(info)

    def _container(self, info: ContainerInfo) -> ContainerInfo:
        full = self._full_ids.get(info.id[:_SHORT_ID], info.id)
        if len(full) > len(info.id):
            info = msgspec.structs.replace(info, id=full)
        self._know(info.id)
        if info.ip:
            self._container_ips[info.id] = info.ip
        return info

    def _rename(self, row: Row, values: dict[str, int | bytes]) -> None:
        short = text(values.get("container_id"))
        container_id = self._full_ids.get(short, short)
        users = self._names.setdefault(container_id, Users(container_id, {}, {}))
        is_user = row.key.startswith("USER")
        names, number_ = (
            (users.users, number(values.get("uid"))) if is_user else (users.groups, number(values.get("gid")))
        )
        if row.key.endswith("DELETED_E"):
            names.pop(number_, None)
        else:
            names[number_] = text(values.get("name"))
        self._renamed.add(container_id)

    def _renamings(self) -> Iterator[Input]:
        for container_id in sorted(self._renamed):
            users = self._names[container_id]
            full = self._full_ids.get(container_id[:_SHORT_ID], container_id)
            yield Users(full, dict(users.users), dict(users.groups))
        self._renamed.clear()


def _decoded(names: dict[int, bytes]) -> dict[int, str]:
    return {number_: name.decode(errors="backslashreplace") for number_, name in names.items()}

"""Writing a capture that Falco and sysdig read: the lists first, then the events.

A capture holds less than our inputs do. What it cannot hold is counted by kind in :attr:`Writer.left_out`.
"""

from __future__ import annotations

import gzip
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec

from engine.errors import RecordingError
from engine.events import (
    HOST,
    Adoption,
    ContainerAction,
    ContainerInfo,
    ContainerUnknown,
    Fd,
    HostNames,
    Input,
    KernelEvent,
    Loss,
    ProcessInfo,
    RuntimeState,
    Snapshot,
    SourceState,
    Users,
)
from probes.scap import write_blocks as blocks
from probes.scap.table import BY_KEY, Row
from probes.scap.write_blocks import Interface, Machine
from probes.scap.write_containers import container_json, short
from probes.scap.write_events import LONGEST_TEXTS, ROWS, Values, child, entry_of, packed, values_of
from probes.scap.write_state import Known


class Lists(msgspec.Struct):
    """What stands in front of the events."""

    machine: Machine = Machine()
    interfaces: list[Interface] = []
    users: Users = msgspec.field(default_factory=lambda: Users(HOST))
    processes: list[ProcessInfo] = []
    fds: dict[int, list[Fd]] = {}
    """By pid, of processes in the list."""


class Writer:
    """Makes the bytes of a capture and gives them to ``write``. One that is made says its lists at once."""

    def __init__(self, lists: Lists, write: Callable[[bytes], Any]) -> None:
        self.left_out: Counter[str] = Counter()
        """What the format cannot hold, by kind."""
        self.events = 0
        self._write = write
        self._writes: dict[type, Callable[[Any], None]] = {
            KernelEvent: self._event,
            ContainerInfo: self._container,
            Users: self._users,
            Snapshot: self._snapshot,
        }
        self._ended: KernelEvent | None = None
        """The end of a process: what follows may say who takes its children."""
        self._last = 0
        """Time of the event written last: none is before."""
        self._known = Known(self._tell)
        self._known.begin(lists.processes, lists.fds)
        for block in _front(lists):
            write(block)

    def add(self, inputs: Iterable[Input]) -> None:
        """Write them in their order; the end of a process is written with what follows it."""
        for one in inputs:
            ended, self._ended = self._ended, None
            if ended is not None:
                self._end(ended, one if isinstance(one, Adoption) else None)
            if isinstance(one, KernelEvent) and one.type == "procexit":
                self._ended = one
            elif ended is None or not isinstance(one, Adoption):
                self._writes.get(type(one), self._leave_out)(one)

    def finish(self) -> None:
        """Write what waits for what follows it."""
        if self._ended is not None:
            self._end(self._ended, None)
            self._ended = None

    def _leave_out(self, one: Input) -> None:
        self.left_out[_NOT_HELD.get(type(one), type(one).__name__)] += 1

    def _event(self, event: KernelEvent) -> None:
        if event.type not in ROWS:
            self.left_out[f"events of type {event.type}"] += 1
            return
        self._note_what_is_lost(event)
        process = self._known.prepare(event)
        row = ROWS[event.type]
        self._call(row, event.time, event.pid, values_of(event, process))
        self.events += 1
        made = self._known.learn(event)
        if made is not None:
            self._put(row, event.time, made.pid, child(made))

    def _end(self, event: KernelEvent, adoption: Adoption | None) -> None:
        """A process ended, and its children may have another parent now."""
        process = self._known.prepare(event)
        values = values_of(event, process)
        if adoption is not None and adoption.parent is not None:
            values["reaper_tid"] = adoption.parent[0]
        self._put(ROWS[event.type], event.time, event.pid, values)
        self.events += 1
        self._known.end(event.pid, adoption)
        if self._known.orphaned:
            self.left_out[_ORPHANS] = self._known.orphaned

    def _container(self, info: ContainerInfo) -> None:
        self._put(BY_KEY["CONTAINER_JSON_2_E"], max(info.time, self._last), 0, {"json": container_json(info)})

    def _users(self, users: Users) -> None:
        """Of containers: those of the host are a list in front."""
        if users.container_id == HOST:
            return
        owner = short(users.container_id)
        for uid, name in users.users.items():
            self._put(BY_KEY["USER_ADDED_E"], self._last, 0, {"uid": uid, "name": name, "container_id": owner})
        for gid, name in users.groups.items():
            self._put(BY_KEY["GROUP_ADDED_E"], self._last, 0, {"gid": gid, "name": name, "container_id": owner})

    def _snapshot(self, snapshot: Snapshot) -> None:
        for info in snapshot.processes:
            self._known.meet(info, self._last)

    def _tell(self, row: Row, time: int, tid: int, values: Values) -> None:
        self._call(row, time, tid, values, state_only=True)

    def _call(self, row: Row, time: int, tid: int, values: Values, *, state_only: bool = False) -> None:
        """The event, and before it the entry into the call where there is one."""
        if (entry := entry_of(row)) is not None:
            self._put(entry, time, tid, values, state_only=state_only)
        self._put(row, time, tid, values, state_only=state_only)

    def _put(self, row: Row, time: int, tid: int, values: Values, *, state_only: bool = False) -> None:
        self._last = max(self._last, time)
        params = packed(row, values)
        self._write(blocks.event(row.number, time, tid, params, large=row.is_large, state_only=state_only))

    def _note_what_is_lost(self, event: KernelEvent) -> None:
        for kind, is_so in _LOST.items():
            if is_so(event):
                self.left_out[kind] += 1


def _front(lists: Lists) -> Iterator[bytes]:
    yield blocks.section()
    yield blocks.machine(lists.machine)
    yield blocks.interfaces(lists.interfaces)
    yield blocks.users(lists.users.users, lists.users.groups)
    yield blocks.processes(lists.processes)
    for pid, fds in lists.fds.items():
        yield blocks.descriptors(pid, fds)


_NOT_HELD: dict[type, str] = {
    Adoption: "adoptions by other threads",
    ContainerAction: "actions of Docker's API (exec, start, stop, …)",
    ContainerUnknown: "notes that no runtime knows a container",
    HostNames: "addresses of host names",
    RuntimeState: "states of the runtime",
    Loss: "notes of lost events",
    SourceState: "states of sources",
}
"""Inputs that a capture has no event for."""

_ORPHANS = "parents that ended before their children, for which readers take another process"

_LOST: dict[str, Callable[[KernelEvent], bool]] = {
    "threads of events, which have their process instead": lambda event: event.tid != event.pid,
    "marks of 32-bit system calls": lambda event: event.compat,
    "marks of requests to io_uring, which are system calls there": lambda event: event.io_uring,
    "names of Unix sockets, which Falco begins with their kernel addresses": lambda event: (
        event.fd is not None and event.fd.type == "unix" and bool(event.fd.name)
    ),
    "paths behind symbolic links": lambda event: event.fd is not None and event.fd.path not in ("", event.fd.name),
    "arguments and environments beyond 16 KiB": lambda event: (
        event.process is not None and max(_size(event.process.args), _size(event.process.env)) > LONGEST_TEXTS
    ),
}
"""What an event has and its row has not."""


def _size(texts: Sequence[str]) -> int:
    return sum(len(text) + 1 for text in texts)


def created(path: Path) -> BinaryIO:
    """A new file, its owner's alone; compressed if its name ends in ``.gz``. Raises RecordingError."""
    try:
        file = os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb")
    except FileExistsError:
        raise RecordingError(f"{path} exists", hint="a capture is never overwritten: name another file") from None
    except OSError as error:
        raise RecordingError(f"cannot write {path}: {error.strerror}") from error
    if not path.name.endswith(".gz"):
        return file
    return cast("BinaryIO", _Compressed(file))


class _Compressed(gzip.GzipFile):
    """Closes the file that it writes to, too."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(fileobj=file, mode="wb", filename="", compresslevel=_LEVEL)
        self._file = file

    def close(self) -> None:
        """Write the rest."""
        super().close()
        self._file.close()


_LEVEL = 3
"""zlib's level: a third of the time of its usual one, for a tenth more bytes."""

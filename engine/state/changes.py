"""Which event changed which file in a container: what explains the lines of ``docker diff``."""

from __future__ import annotations

import os
import posixpath
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

import msgspec

from engine.alerts import Alert
from engine.protocol import Change
from engine.state.event import Event
from engine.state.lineage import entry

MAX_PATHS = 20_000
"""Changed paths remembered; those changed longest ago are forgotten first."""
MAX_ANCESTORS = 6
"""Ancestors named in an explanation."""
AT_FDCWD = -100
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_EXECS = frozenset({"execve", "execveat"})
Touched = tuple[str, bool]
"""A path that was changed, and whether it was made by this event."""


@dataclass(slots=True)
class Trace:
    """The event that changed a path."""

    time: int
    process: str
    made: bool
    event_num: int
    alert_id: int = 0
    pid: int = 0
    start: int = 0
    executed: int = 0
    """When the file was last run since."""


class ChangeLog:
    """A bounded memory of changed paths: who made or last changed each."""

    def __init__(self, *, maximum: int = MAX_PATHS) -> None:
        self._maximum = maximum
        self._traces: OrderedDict[tuple[str, str], Trace] = OrderedDict()

    def __len__(self) -> int:
        return len(self._traces)

    def add(self, event: Event) -> None:
        """Remember the paths that ``event`` changed, if it did."""
        kernel = event.kernel
        if kernel.type in _EXECS:
            self._run(event)
            return
        touches = _TOUCHES.get(kernel.type)
        if touches is None or kernel.res is None or kernel.res < 0:
            return
        for path, made in touches(event):
            trace = Trace(kernel.time, _who(event), made, event.num, pid=kernel.pid, start=kernel.start)
            self._put((kernel.container_id, path), trace)

    def _run(self, event: Event) -> None:
        """A file that was changed is run."""
        trace = self._traces.get((event.kernel.container_id, event.process.exepath))
        if trace is not None and event.kernel.res == 0:
            trace.executed = event.kernel.time

    def note_alert(self, alert: Alert) -> None:
        """Tie the change that raised ``alert`` to it."""
        if alert.container is None:
            return
        trace = self._traces.get((alert.container.id, alert.target))
        if trace is not None and trace.event_num == alert.event_num:
            trace.alert_id = alert.id

    def explain(self, container_id: str, changes: list[Change]) -> list[Change]:
        """The changes with who and when. A directory changed because of what lies below it has that explanation."""
        explained = [_explained(change, self._traces.get((container_id, change.path))) for change in changes]
        latest: dict[str, Change] = {}
        for change in explained:
            for folder in _above(change.path) if change.time else ():
                latest[folder] = max(latest.get(folder, change), change, key=lambda one: one.time)
        return [_like(change, latest.get(change.path)) for change in explained]

    def _put(self, key: tuple[str, str], trace: Trace) -> None:
        old = self._traces.get(key)
        if old is not None and old.made and not trace.made:
            return  # who made it says more than who wrote to it later
        self._traces[key] = trace
        self._traces.move_to_end(key)
        if len(self._traces) > self._maximum:
            self._traces.popitem(last=False)


def _explained(change: Change, trace: Trace | None) -> Change:
    if trace is None:
        return change
    return msgspec.structs.replace(
        change,
        time=trace.time,
        process=trace.process,
        alert_id=trace.alert_id,
        pid=trace.pid,
        start=trace.start,
        executed=trace.executed,
    )


def _like(change: Change, below: Change | None) -> Change:
    if change.time or change.kind != "C" or below is None:
        return change
    return msgspec.structs.replace(change, time=below.time, process=below.process, pid=below.pid, start=below.start)


def _above(path: str) -> Iterator[str]:
    while len(path) > 1:
        path = posixpath.dirname(path)
        yield path


def _who(event: Event) -> str:
    """``touch (4711) ← sh ← docker exec``."""
    process = event.process
    inside = takewhile(lambda one: one.container_id == process.container_id, process.ancestors())
    names = [one.name for one in islice(inside, MAX_ANCESTORS)]
    return " ← ".join([f"{process.name} ({process.pid})", *names, entry(process)])


# ── which paths an event changed ────────────────────────────────────────────────────────────────────────────────────


def _opened(event: Event) -> Sequence[Touched]:
    fd, flags = event.kernel.fd, event.kernel.args.get("flags", 0)
    if fd is not None and (fd.created or (isinstance(flags, int) and flags & WRITING)):
        return ((fd.path or fd.name, fd.created),)
    return ()


def _created(event: Event) -> Iterator[Touched]:
    if event.kernel.fd is not None:
        yield event.kernel.fd.path or event.kernel.fd.name, event.kernel.fd.created


def _at(name: str, dirfd: str = "", *, made: bool) -> Callable[[Event], Iterator[Touched]]:
    """The path in parameter ``name``, relative to the working directory or the descriptor ``dirfd``."""

    def touched(event: Event) -> Iterator[Touched]:
        kernel = event.kernel
        at_cwd = kernel.args.get(dirfd, AT_FDCWD) == AT_FDCWD
        base = kernel.bases.get(name) or (event.process.cwd if at_cwd else "")
        if path := _absolute(base, str(kernel.args.get(name, ""))):
            yield path, made

    return touched


def _both(*parts: Callable[[Event], Iterator[Touched]]) -> Callable[[Event], Iterator[Touched]]:
    def touched(event: Event) -> Iterator[Touched]:
        for part in parts:
            yield from part(event)

    return touched


def _absolute(base: str, path: str) -> str:
    """ "" for a path relative to a directory that is not known."""
    if not path or not (path.startswith("/") or base):
        return ""
    return posixpath.normpath(posixpath.join(base, path))


_TOUCHES: dict[str, Callable[[Event], Iterable[Touched]]] = {
    "open": _opened,
    "openat": _opened,
    "openat2": _opened,
    "creat": _created,
    "mkdir": _at("path", made=True),
    "mkdirat": _at("path", "dirfd", made=True),
    "symlink": _at("linkpath", made=True),
    "symlinkat": _at("linkpath", "linkdirfd", made=True),
    "link": _at("newpath", made=True),
    "linkat": _at("newpath", "newdir", made=True),
    "rename": _both(_at("oldpath", made=True), _at("newpath", made=True)),
    "renameat": _both(_at("oldpath", "olddirfd", made=True), _at("newpath", "newdirfd", made=True)),
    "renameat2": _both(_at("oldpath", "olddirfd", made=True), _at("newpath", "newdirfd", made=True)),
    "unlink": _at("path", made=True),
    "unlinkat": _at("name", "dirfd", made=True),
    "rmdir": _at("path", made=True),
    "chmod": _at("filename", made=False),
    "fchmodat": _at("filename", "dirfd", made=False),
    "fchmod": _created,
}

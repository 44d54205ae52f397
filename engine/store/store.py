"""The store as the sensor uses it: writing in its loop, queries in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import msgspec

from engine.alerts import Alert, ContainerRef, Priority
from engine.errors import TiercelError, UsageError
from engine.invocation import command
from engine.locks import HeldError, locked
from engine.protocol import (
    Alerts,
    DroppedRow,
    Grouping,
    KeptRow,
    ListAlerts,
    ListStacks,
    Located,
    Moments,
    SetState,
    Stacks,
)
from engine.reports import Report, log_report
from engine.scrub import scrub
from engine.sliced import gently
from engine.store import grouping, looking, moments, of_processes, reader, surroundings
from engine.store.retention import Retention
from engine.store.rows import Hits, Stored, Tally, Triage
from engine.store.schema import move_aside, open_reader, open_writer
from engine.store.surroundings import Surrounding
from engine.store.writer import Writer

_TEMPORARY = Path(":memory:")

P = ParamSpec("P")
R = TypeVar("R")
Q = TypeVar("Q", ListStacks, ListAlerts)

_READERS: dict[Grouping, Callable[[sqlite3.Connection, list[Stored], ListStacks, int], Stacks]] = {
    "stack": reader.read_stacks,
    "rule": grouping.read_groups,
    "container": grouping.read_groups,
    "none": grouping.read_singles,
}
MEMORY = 10_000
"""Alerts kept in memory while the disk takes nothing."""
PAGE = 10_000
"""Rows of the longest page."""


class AlertStore:
    """Keeps alerts in a SQLite file, or in a private temporary one for no path and for ``:memory:``.

    ``report`` is told what goes wrong, once for each change for the worse or the better; the store itself goes on,
    with a bounded number of alerts in memory while the disk takes none. Raises UsageError when the file cannot be used;
    a damaged store is moved aside, reported, and begun anew. ``socket`` is where front ends reach the sensor: another
    one that wants the same file is told. ``boot`` names that of the machine whose alerts come, "" for a recording's.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        retention: Retention | None = None,
        report: Report = log_report,
        memory: int = MEMORY,
        socket: str = "",
        boot: str = "",
    ) -> None:
        self.report = report
        self._retention = retention or Retention()
        self._failing = ""
        self._maintained = -1
        """What the writer had changed when everything was maintained last."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="alert-store")
        with contextlib.ExitStack() as stack:
            if path is None or path == _TEMPORARY:
                path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tiercel-"))) / "alerts.db"
            stack.enter_context(_claimed(path, socket))
            self._writer = self._open(path, memory, boot)
            stack.callback(self._writer.close)
            self._connection = open_reader(path)
            stack.callback(self._connection.close)
            stack.callback(self._thread.shutdown)
            self._cleanup = stack.pop_all()
        self.path = path
        self.earlier = self._writer.earlier
        """The ids of the alerts that were there when it was opened and are of the same boot."""

    @property
    def newest(self) -> int:
        """The id of the latest alert."""
        return self._writer.newest

    @property
    def identity(self) -> str:
        """What tells it from all others: ids of alerts and stacks mean nothing in another."""
        return self._writer.identity

    @property
    def total(self) -> int:
        """Alerts kept."""
        return self._writer.total + len(self._writer.waiting)

    @property
    def dropped(self) -> int:
        """Alerts that could not be kept."""
        return self._writer.dropped

    @property
    def let_go(self) -> list[DroppedRow]:
        """Alerts that were kept once and are no longer, by stack, most first."""
        return self._writer.let_go

    @property
    def kept(self) -> list[KeptRow]:
        """What lies on the disk with the alerts, and how much of it there may be."""
        return [KeptRow("what surrounds alerts", self._writer.surroundings, self._retention.surroundings)]

    @property
    def bounds(self) -> dict[str, int]:
        """What the bounds have cost so far, by what it was; only what there is of."""
        gone = self._writer.surroundings_dropped
        return {"parts of what surrounds alerts that made room": gone} if gone else {}

    def add(self, alerts: Sequence[Alert]) -> list[Alert]:
        """Write the alerts and return them with their ids and stacks; only then may anybody be told of them."""
        stored = self._writer.number(alerts)
        self._write(stored)
        return [alert for alert, _ in stored]

    def surround(self, one: Surrounding) -> None:
        """Keep what surrounds alerts, as long as they are kept; what the disk does not take is not kept."""
        try:
            self._writer.surround(one)
        except (sqlite3.Error, OverflowError) as error:  # the latter for a number that no column holds
            self._note(str(error))

    async def surroundings(self, place: str, since: int, until: int) -> list[bytes]:
        """What is kept of a place at this time, the oldest first."""
        return await self._ask(surroundings.read, place, since, until)

    async def marks(self) -> dict[str, int]:
        """What of the surroundings is not there, as in :func:`engine.store.surroundings.marks`."""
        return await self._ask(surroundings.marks)

    def flush(self) -> bool:
        """Try now to write what waits in memory; whether nothing waits any more."""
        self._write([], now=True)
        return not self._writer.waiting

    async def stacks(self, query: ListStacks) -> Stacks:
        """A page of alerts, put together as asked. Raises UsageError for a filter that cannot be understood."""
        return await self._ask(_READERS[query.group], _bounded(query), self.newest)

    async def alerts(self, query: ListAlerts) -> Alerts:
        """A page of single alerts. Raises UsageError for a filter that cannot be understood."""
        return await self._ask(looking.read_matching, _bounded(query))

    async def alert(self, alert_id: int) -> Alert:
        """One alert. Raises TiercelError if there is none."""
        alert = await self._ask(reader.read_alert, alert_id)
        if alert is None:
            raise TiercelError(f"there is no alert {alert_id}", hint="old alerts go when the store is full")
        return alert

    async def locate(self, at: int, step: int) -> Located:
        """The alert at a time, or the one after or before it."""
        return await self._ask(moments.read_located, at, step)

    async def moments(self, begin: int, end: int, buckets: int) -> Moments:
        """How many alerts there were when."""
        return await self._ask(moments.read_moments, begin, end, buckets)

    async def hits(self) -> dict[str, Hits]:
        """The alerts kept of each rule that has any."""
        return await self._ask(reader.read_hits)

    async def tallies(self, before: int = 0) -> dict[str, Tally]:
        """The alerts kept of each container that has any; those of the host under "". With ``before`` those up to this
        id, negative for none."""
        return await self._ask(reader.read_tallies, ListStacks(before=before), self.newest)

    async def of_processes(
        self, keys: Sequence[tuple[int, int]], ids: range
    ) -> dict[tuple[int, int], dict[Priority, int]]:
        """The alerts kept of each of these processes that has any, of those with these ids; pages go between."""
        counting = of_processes.Counting(keys, ids)
        while not counting.is_done:
            await self._ask(counting.step)
        return counting.found

    async def acknowledge(self, stack: int, acknowledged: bool = True) -> None:
        """Mark a stack as seen, or not; it stays so. Raises TiercelError if it is not there or cannot be written."""
        await self.set_state(SetState([stack], "acknowledged" if acknowledged else "new"))

    async def set_state(self, request: SetState) -> None:
        """Give stacks a state; later alerts of the same stacks share it.

        Raises TiercelError if one is not there or cannot be written, and UsageError for a mute without an end.
        """
        triage = _triage(request)
        self.flush()
        try:
            missing = self._writer.triage(request.stacks, triage)
        except sqlite3.Error as error:
            raise TiercelError(f"the alert store cannot be written: {error}", hint=_HINT) from error
        except OverflowError as error:
            raise UsageError(_TOO_LARGE) from error
        if missing:
            raise TiercelError(f"there is no stack {missing}", hint="old alerts go when the store is full")

    @property
    def nameless(self) -> list[str]:
        """Containers of which there are alerts without their name."""
        return list(self._writer.nameless)

    async def name(self, container: ContainerRef) -> bool:
        """Name a container in the alerts that came before its name was known; whether that could be done."""
        if not self.flush():
            return False  # what waits in memory has no name, either
        changes = self._writer.changes
        try:
            await gently(lambda: self._writer.name(container))
        except sqlite3.Error as error:
            self._note(str(error))
            return False
        finally:
            self._connection.remembered = {}
        if self._writer.changes > changes and not self._writer.waiting:
            self._note("")
        return True

    async def maintain(self) -> None:
        """To be called every few seconds: what was muted for a time is new again when that is over, the retention is
        enforced in small steps, and the log moved into the file. When nothing was written since, and nothing is left to
        tidy, all that is done."""
        try:
            self._writer.unmute(time.time_ns())
            changes = self._writer.changes
            if changes == self._maintained and self._writer.is_tidy:
                return
            await gently(lambda: self._writer.tidy(self._retention))
            await gently(lambda: self._writer.trim(self._retention))
            await gently(self._writer.shrink)
            await asyncio.to_thread(_checkpoint, self.path)
            self._maintained = changes  # of before: what is dropped here, or comes meanwhile, is for the next time
        except sqlite3.Error as error:
            self._note(str(error))

    def close(self) -> None:
        """Release everything; a temporary store is deleted."""
        self._write([], now=True)
        self._cleanup.close()

    def _open(self, path: Path, memory: int, boot: str) -> Writer:
        try:
            return Writer(open_writer(path), memory, boot)
        except sqlite3.DatabaseError as error:
            aside = move_aside(path)
            self.report(f"the alert store {path} is damaged ({error})", f"it is now {aside}; a new one was begun")
            return Writer(open_writer(path), memory, boot)

    def _write(self, stored: list[Stored], *, now: bool = False) -> None:
        if not stored and not self._writer.waiting:
            return  # the disk is not tried, and nothing is known of it
        try:
            self._writer.write(stored, now=now)
        except sqlite3.Error as error:
            self._note(str(error))
        else:
            if not self._writer.waiting:
                self._note("")

    def _note(self, failing: str) -> None:
        """Tell of a change: the disk began to refuse, for another reason, or takes alerts again."""
        if failing == self._failing:
            return
        self._failing = failing
        if failing:
            self.report(f"the alert store cannot be written: {failing}", _HINT)
        else:
            self.report("the alert store can be written again", f"{self.dropped} alerts were not kept")

    async def _ask(
        self,
        query: Callable[Concatenate[sqlite3.Connection, list[Stored], P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run a query in the thread, on the alerts as they are now.

        Raises TiercelError; UsageError for a number that no column holds.
        """
        waiting = list(self._writer.waiting)

        def run() -> R:
            with reader.moment(self._connection):
                return query(self._connection, reader.not_on_disk(self._connection, waiting), *args, **kwargs)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, run)
        except sqlite3.Error as error:
            raise TiercelError(f"the alert store cannot be read: {error}") from error
        except OverflowError as error:
            raise UsageError(_TOO_LARGE) from error


_TOO_LARGE = "a number is larger than any in the alert store"
_HINT = f"free some space on its disk; up to {MEMORY} alerts wait in memory, and the sinks get them as ever"


LONGEST_NOTE = 4_000
"""Characters of a note or a name."""


def _triage(request: SetState) -> Triage:
    if (request.state == "muted") is not (0 < request.until < 1 << 63):
        raise UsageError("a mute, and nothing else, has an end", hint="set until to nanoseconds since the epoch")
    note, who = (scrub(text[:LONGEST_NOTE]) for text in (request.note, request.who))
    return Triage(request.state != "new", request.state, request.until, note, who)


def _bounded(query: Q) -> Q:
    """The query with a page that makes sense: SQLite takes a negative limit for none."""
    limit = min(max(query.limit, 0), PAGE)
    return msgspec.structs.replace(query, offset=max(query.offset, 0), limit=limit)


@contextlib.contextmanager
def _claimed(path: Path, socket: str) -> Iterator[None]:
    """The file as this sensor's alone; its folder is made if need be."""
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            stack.enter_context(locked(path, socket))
        except HeldError as held:
            seen = f"{command(f'attach {held.note}')} shows it" if held.note else "it shows on its own terminal only"
            hint = f"{seen}; name another --store to run a second one"
            raise UsageError(f"another sensor writes to {path}", hint=hint) from None
        except OSError as error:
            raise UsageError(f"cannot keep alerts in {path}: {error.strerror}", hint="name another file") from error
        yield


def _checkpoint(path: Path) -> None:
    """Move what is in the write-ahead log into the file. Neither the loop nor a query waits for its fsync."""
    existing = f"{path.absolute().as_uri()}?mode=rw"
    with contextlib.closing(sqlite3.connect(existing, uri=True, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

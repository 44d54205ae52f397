"""Writing: alerts get their ids and stacks, and go to the disk, or wait in memory while it takes nothing."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator, Sequence

import msgspec

from engine.alerts import Alert, ContainerRef
from engine.protocol import DroppedRow
from engine.scrub import scrub_struct
from engine.store import boots, naming
from engine.store.dropping import drop_for_room, drop_old, dropped_rows
from engine.store.retention import AT_ONCE, STEP, Retention, to_pay, too_many, too_old
from engine.store.room import give_back
from engine.store.rows import (
    INSERT,
    UPSERT,
    StackKey,
    Stored,
    Triage,
    alert_parameters,
    deltas,
    stack_key,
    stack_parameters,
)
from engine.store.schema import identity
from engine.store.surroundings import Surrounding, drop_oldest, drop_orphans, insert, size

KNOWN_STACKS = 100_000
"""Stacks whose ids are held in memory; beyond, all are forgotten and looked up again."""

RETRY = 1.0
"""Seconds between two attempts to write what waits in memory."""

_TRIAGE = "UPDATE stacks SET acknowledged = ?, state = ?, muted_until = ?, note = ?, who = ? WHERE id = ?"
_UNMUTE = (
    "UPDATE stacks SET acknowledged = 0, state = 'new', muted_until = 0 WHERE state = 'muted' AND muted_until <= ?"
)

_ENCODER = msgspec.msgpack.Encoder()


class Writer:
    """The only one who writes to the store. ``waiting`` holds, oldest first, what the disk has not taken yet."""

    def __init__(self, connection: sqlite3.Connection, memory: int, boot: str = "") -> None:
        self._connection = connection
        self._memory = memory
        self._stacks: dict[StackKey, int] = {}
        self._retry_at = 0.0
        self.waiting: list[Stored] = []
        self.dropped = 0
        """Alerts that could not be kept: the disk took nothing and the memory set aside for them was full."""
        self.newest = self._highest("SELECT max(last_id) FROM stacks", "SELECT max(id) FROM alerts")
        """The id of the latest alert."""
        self.earlier = boots.since_boot(connection, boot, self.newest)
        """The ids of those that were there and are of this boot of the machine."""
        self.total = self._number("SELECT count(*) FROM alerts")
        """Alerts on the disk."""
        self.let_go: list[DroppedRow] = dropped_rows(connection)
        """What was dropped since the store was begun."""
        self.surroundings = size(connection)
        """Bytes of what surrounds alerts."""
        self.surroundings_dropped = 0
        """Parts of it that made room so far."""
        self._incidents: list[int] | None = None
        """Stacks that are incidents; None when that is to be looked up."""
        self._orphans_after: int | None = 0
        """From here on what surrounds alerts is looked through for what has lost them; None for not now."""
        self._looks_again = False
        """Alerts have gone since that began: what it is past may have lost them, too."""
        self._choosing: tuple[int, Generator[None, None, tuple[dict[int, int], bool]]] | None = None
        """How many alerts have to go, and the steps by which it is found out whose."""
        self.nameless = naming.nameless(connection)
        """Containers whose alerts have no name, each with an id before the first of these."""
        self.identity = identity(connection)
        self._newest_stack = self._highest("SELECT max(id) FROM stacks", "SELECT max(stack) FROM dropped")

    @property
    def changes(self) -> int:
        """Rows that were written, changed or deleted so far."""
        return self._connection.total_changes

    @property
    def is_tidy(self) -> bool:
        """Whether all that surrounds alerts has been looked through for what has lost them."""
        return self._orphans_after is None

    def number(self, alerts: Sequence[Alert]) -> list[Stored]:
        """Give the alerts their ids and stacks."""
        return [self._numbered(alert) for alert in alerts]

    def write(self, stored: list[Stored], *, now: bool = False) -> None:
        """Write these, after those that wait. While the disk takes nothing it is tried once a second, unless ``now``.

        Raises sqlite3.Error when it was tried in vain; the alerts wait then.
        """
        was_waiting = bool(self.waiting)
        self.waiting.extend(stored)
        if was_waiting and not now and time.monotonic() < self._retry_at:
            self._bound()
            return
        try:
            self._commit()
        except sqlite3.Error:
            self._retry_at = time.monotonic() + RETRY
            self._bound()
            raise
        except Exception as error:  # one alert has what no column takes: it must not hold up all others
            self._commit_singly()
            raise sqlite3.DataError(f"an alert is not one that can be kept: {error!r}") from error

    def triage(self, stacks: Sequence[int], triage: Triage) -> int:
        """Give stacks a state, all or none of them; the first that is not there, 0 if all are."""
        run = self._connection
        run.execute("BEGIN IMMEDIATE")
        try:
            for stack in stacks:
                if not run.execute(_TRIAGE, (*triage, stack)).rowcount:
                    run.rollback()
                    return stack
            run.execute("COMMIT")
            self._incidents = None
        except BaseException:
            run.rollback()
            raise
        return 0

    def unmute(self, now: int) -> None:
        """Make stacks new again whose time of being muted is over."""
        self._connection.execute(_UNMUTE, (now,))

    def trim(self, retention: Retention) -> bool:
        """Let some alerts go that are too many or too old; whether a full step was not enough, or it is still being
        found out whose turn it is. The few that come while others go are for the next time: a step costs about the same
        for ten as for a thousand."""
        gone, more = self._drop_old(retention)
        if not more:
            for_room, more = self._drop_for_room(retention, self.total - gone)
            gone += for_room
        if gone:
            self.total -= gone
            self.let_go = dropped_rows(self._connection)
            self._looks_again = self._orphans_after is not None
            self._orphans_after = self._orphans_after or 0
        return more

    def _drop_old(self, retention: Retention) -> tuple[int, bool]:
        stacks, limit = too_old(self._connection, retention.age)
        if not stacks:
            return 0, False
        gone = drop_old(self._connection, stacks, limit)
        return gone, gone >= STEP or (gone > 0 and len(stacks) >= AT_ONCE)

    def _drop_for_room(self, retention: Retention, total: int) -> tuple[int, bool]:
        if not (need := too_many(self._connection, retention, total)):
            self._choosing = None
            return 0, False
        if self._choosing is None or self._choosing[0] > need:  # less has to go by now
            self._choosing = need, to_pay(self._connection, need)
        need, steps = self._choosing
        self._choosing = None  # one that fails is begun anew
        try:
            next(steps)
        except StopIteration as chosen:
            plan, whole = chosen.value
            gone = drop_for_room(self._connection, plan, whole=whole)
            return gone, gone > 0 and (need >= STEP or gone < need)
        self._choosing = need, steps
        return 0, True

    def surround(self, one: Surrounding) -> None:
        """Write what surrounds alerts, after these alerts; they may have gone already."""
        written = insert(self._connection, one)
        self.surroundings += len(one.body)
        if self._orphans_after is None:
            self._orphans_after = written - 1

    def tidy(self, retention: Retention) -> bool:
        """Let some of what surrounds alerts go: what is too much, or has lost them; whether there may be more to go."""
        if retention.surroundings and self.surroundings > retention.surroundings:
            gone, size = drop_oldest(self._connection, self._of_incidents())
            self.surroundings_dropped += gone
            self.surroundings -= size
            return True
        if self._orphans_after is not None and not self.waiting:  # what is not on the disk yet is not gone
            gone, last = drop_orphans(self._connection, self._orphans_after)
            self.surroundings -= gone
            self._orphans_after = last or (0 if self._looks_again else None)
            self._looks_again = self._looks_again and bool(last)
        return False

    def _of_incidents(self) -> list[int]:
        if self._incidents is None:
            rows = self._connection.execute("SELECT id FROM stacks WHERE state = 'incident'").fetchall()
            self._incidents = [stack for (stack,) in rows]
        return self._incidents

    def name(self, container: ContainerRef) -> bool:
        """Name a container in some of the alerts on the disk that lack it; whether there may be more."""
        last = naming.fill(self._connection, naming.storable(container), self.nameless.get(container.id, 0))
        if last:
            self.nameless[container.id] = last
        else:
            self.nameless.pop(container.id, None)
        return last > 0

    def shrink(self) -> bool:
        """Give some of the room of what was dropped back to the disk; whether there may be more to give."""
        return give_back(self._connection)

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def _number(self, query: str) -> int:
        return self._connection.execute(query).fetchone()[0] or 0

    def _highest(self, *queries: str) -> int:
        """Of all; SQLite's ``max`` of several is NULL where one is, as of a table that is empty."""
        return max(map(self._number, queries))

    def _numbered(self, alert: Alert) -> Stored:
        if alert.id:  # stored before: a second match is a second alert
            alert = msgspec.structs.replace(alert)
        self.newest += 1
        alert.id = self.newest
        try:
            alert.stack = self._stack_of(alert)
            naming.note(self.nameless, alert)
            return Stored(alert, _ENCODER.encode(alert))
        except UnicodeEncodeError:  # a lone surrogate, as JSON from Docker can hold one
            clean = scrub_struct(alert)
            alert.stack = clean.stack = self._stack_of(clean)
            return Stored(clean, _ENCODER.encode(clean))

    def _stack_of(self, alert: Alert) -> int:
        key = stack_key(alert)
        stack = self._stacks.get(key)
        if stack is None:
            if len(self._stacks) >= KNOWN_STACKS and not self.waiting:
                self._stacks.clear()
            stack = self._stacks[key] = self._find_stack(key) or self._new_stack()
        return stack

    def _find_stack(self, key: StackKey) -> int | None:
        query = "SELECT id FROM stacks WHERE rule = ? AND container_id = ? AND program = ? AND parent = ?"
        try:
            row = self._connection.execute(query, key).fetchone()
        except sqlite3.Error:  # writing will fail too, and is what gets reported
            return None
        return row[0] if row else None

    def _new_stack(self) -> int:
        self._newest_stack += 1
        return self._newest_stack

    def _commit(self) -> None:
        if not self.waiting:
            return
        run = self._connection
        run.execute("BEGIN IMMEDIATE")
        try:
            run.executemany(UPSERT, map(stack_parameters, deltas(self.waiting).values()))
            run.executemany(INSERT, map(alert_parameters, self.waiting))
            run.execute("COMMIT")
        except BaseException:
            run.rollback()
            raise
        self.total += len(self.waiting)
        self.waiting = []

    def _commit_singly(self) -> None:
        """Write what can be written of what waits, and count the rest as dropped."""
        alone, self.waiting = self.waiting, []
        for number, one in enumerate(alone):
            self.waiting = [one]
            try:
                self._commit()
            except sqlite3.Error:
                self.waiting = alone[number:]
                raise
            except Exception:  # noqa: BLE001 - as above
                self.waiting = []
                self.dropped += 1

    def _bound(self) -> None:
        excess_alerts = len(self.waiting) - self._memory
        if excess_alerts > 0:
            del self.waiting[:excess_alerts]
            self.dropped += excess_alerts

"""A store of very many alerts, written in bulk: what a sensor would have written, in a tenth of its time."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import struct
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.alerts import Alert
from engine.store import AlertStore, beats

APART = 3_000_000
"""Nanoseconds between two alerts."""
_ID, _TIME = 0xFEEDBEEF, 0xFEEDBEEFFEEDBEEF
"""Stand for the id and the time in the body of an alert."""
_NUMBER, _MOMENT = struct.Struct(">BI"), struct.Struct(">BQ")
"""Unsigned numbers of 32 and 64 bits in msgpack, and what comes before them."""
_UINT32, _UINT64 = 0xCE, 0xCF

Row = tuple[int, int, int, str, int, int, bytes]


class _Stack(NamedTuple):
    """What the alerts of a stack have in common, and the pieces of their bodies."""

    id: int
    container_id: str
    process: tuple[int, int]
    pieces: tuple[bytes, bytes, bytes]

    def row(self, number: int, moment: int) -> Row:
        """One of its alerts."""
        before, between, after = self.pieces
        body = b"".join((before, _MOMENT.pack(_UINT64, moment), between, _NUMBER.pack(_UINT32, number), after))
        return number, self.id, moment, self.container_id, *self.process, body


def fill(path: Path, stacks: Iterable[tuple[int, Alert]]) -> None:
    """Alerts of the last hour, of all stacks in turn: so many of each as are given with one of them.

    All stacks must have the same number.
    """
    counts, latest = zip(*stacks, strict=True)
    with contextlib.closing(AlertStore(path)) as store:
        known = [_stack(alert) for alert in store.add(latest)]
    begun = time.time_ns() - 3600 * 10**9
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection, _unindexed(connection):
        _write(connection, known, counts[0], begun)


def _stack(alert: Alert) -> _Stack:
    body = msgspec.msgpack.encode(msgspec.structs.replace(alert, id=_ID, time=_TIME))
    before, rest = body.split(_MOMENT.pack(_UINT64, _TIME))
    between, after = rest.split(_NUMBER.pack(_UINT32, _ID))
    process = (alert.process.pid, alert.process.start) if alert.process else (0, 0)
    return _Stack(alert.stack, alert.container.id if alert.container else "", process, (before, between, after))


def _write(connection: sqlite3.Connection, stacks: list[_Stack], each: int, begun: int) -> None:
    numbers = zip(range(1, each * len(stacks) + 1), itertools.cycle(stacks))
    rows = (stack.row(number, begun + number * APART) for number, stack in numbers)
    connection.execute("DELETE FROM alerts")
    connection.executemany("INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    for place, stack in enumerate(stacks, 1):
        ids = range(place, each * len(stacks) + 1, len(stacks))
        first, last = begun + ids[0] * APART, begun + ids[-1] * APART
        told = beats.of(begun + number * APART for number in ids)
        values = (each, first, last, ids[0], ids[-1], told, stack.id)
        connection.execute(
            "UPDATE stacks SET count = ?, first = ?, last = ?, first_id = ?, last_id = ?, beats = ? WHERE id = ?",
            values,
        )


@contextlib.contextmanager
def _unindexed(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction; the indexes of alerts are made when all are there."""
    kept = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'alerts'")
    indexes = [(name, sql) for name, sql in kept if sql]
    for pragma in ("synchronous = OFF", "journal_mode = DELETE", "journal_mode = OFF", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, sql in indexes:
        connection.execute(sql)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")

"""The store's file: its tables, and how it is opened, recognised and kept private."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.filters.alert_columns import fits
from engine.filters.alert_filter import fold
from engine.store.beats import merged
from engine.store.held import Reading

APPLICATION_ID = 0x54524345
"""Marks the file as ours: bytes 68 to 71 of SQLite's header ("TRCE")."""
_TABLES = f"""
CREATE TABLE stacks (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL, container_id TEXT NOT NULL, program TEXT NOT NULL, parent TEXT NOT NULL,
    count INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    first_id INTEGER NOT NULL, last_id INTEGER NOT NULL,
    priority INTEGER NOT NULL, container TEXT NOT NULL, image TEXT NOT NULL, process TEXT NOT NULL,
    cmdline TEXT NOT NULL, target TEXT NOT NULL, user TEXT NOT NULL, tty INTEGER NOT NULL, entry TEXT NOT NULL,
    tags TEXT NOT NULL, search TEXT NOT NULL,
    acknowledged INTEGER NOT NULL DEFAULT 0,
    UNIQUE (rule, container_id, program, parent)
);
CREATE INDEX stacks_newest ON stacks (last_id, count);
CREATE INDEX stacks_of_container ON stacks (container_id, last_id, count);
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    stack INTEGER NOT NULL, time INTEGER NOT NULL, container_id TEXT NOT NULL,
    pid INTEGER NOT NULL, start INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX alerts_of_stack ON alerts (stack, id);
CREATE INDEX alerts_of_process ON alerts (pid, start);
CREATE INDEX alerts_of_container ON alerts (container_id, id);
PRAGMA application_id = {APPLICATION_ID};
"""

_STATES = """
ALTER TABLE stacks ADD COLUMN state TEXT NOT NULL DEFAULT 'new';
ALTER TABLE stacks ADD COLUMN muted_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stacks ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE stacks ADD COLUMN who TEXT NOT NULL DEFAULT '';
UPDATE stacks SET state = 'acknowledged' WHERE acknowledged;
CREATE INDEX stacks_muted ON stacks (muted_until) WHERE state = 'muted';
"""

_DROPPED = """
CREATE TABLE dropped (
    stack INTEGER NOT NULL, reason TEXT NOT NULL,
    rule TEXT NOT NULL, container TEXT NOT NULL, program TEXT NOT NULL,
    alerts INTEGER NOT NULL, since INTEGER NOT NULL, latest INTEGER NOT NULL,
    PRIMARY KEY (stack, reason)
);
CREATE INDEX stacks_by_size ON stacks (count);
CREATE INDEX stacks_by_age ON stacks (first);
"""

_SURROUNDINGS = """
CREATE TABLE surroundings (
    id INTEGER PRIMARY KEY,
    place TEXT NOT NULL, container_id TEXT NOT NULL, first_alert INTEGER NOT NULL,
    since INTEGER NOT NULL, until INTEGER NOT NULL, size INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX surroundings_of_place ON surroundings (place, until);
CREATE TABLE marks (what TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT INTO marks SELECT 'alerts before', coalesce(max(id), 0) FROM alerts;
"""

_BEATS = "ALTER TABLE stacks ADD COLUMN beats TEXT NOT NULL DEFAULT '';"
"""When alerts came (:mod:`engine.store.beats`). Of those that are there already nothing is told."""

_ORDER = "CREATE INDEX alerts_in_order ON alerts (id, stack);"
"""The alerts in their order without their bodies: to pass over half a million of them takes 15 ms, not 200."""

_IDENTITY = "INSERT INTO marks VALUES ('store', random() & 0x7fffffffffffffff);"
"""Another store has other alerts by the same numbers: front ends tell them apart by this."""

_STEPS = (_TABLES, _STATES, _DROPPED, _SURROUNDINGS, _BEATS, _ORDER, _IDENTITY)
"""From each version to the next; a new store takes them all."""
SCHEMA_VERSION = len(_STEPS)
"""SQLite's ``user_version``."""

LOG_SIZE = 64 << 20
"""Bytes of the write-ahead log that stay on the disk while it is empty."""
LOG_PAGES = 65_536
"""Pages of the log (256 MB) from which on the one who writes has to move them into the file, and waits for the disk.
:meth:`AlertStore.maintain` does it before, in a thread; only in a flood that goes on does the log not get empty."""
_OPTIONS: Any = {"timeout": 1.0, "isolation_level": None, "check_same_thread": False}
_HEADER_SIZE = 100
_MAGIC = b"SQLite format 3\0"


def open_writer(path: Path) -> sqlite3.Connection:
    """Open the store for writing, created if need be, readable by its owner only.

    Raises UsageError for a file that is not an alert store or of a newer version, and sqlite3.DatabaseError for a
    damaged one.
    """
    _check_header(path)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise UsageError(f"cannot keep alerts in {path}: {error.strerror}", hint="name another file") from error
    connection = _connect(path)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    connection.create_function("merge_beats", 2, merged, deterministic=True)
    return connection


def open_reader(path: Path) -> Reading:
    """A connection for queries, to be used by one thread at a time."""
    connection = sqlite3.connect(path, factory=Reading, **_OPTIONS)
    connection.remembered = {}
    connection.execute("PRAGMA query_only = 1")
    connection.create_function("fold", 1, fold, deterministic=True)
    connection.create_function("fits", 3, fits, deterministic=True)
    return connection


def identity(connection: sqlite3.Connection) -> str:
    """What tells a store from all others, in hexadecimal digits."""
    (value,) = connection.execute("SELECT value FROM marks WHERE what = 'store'").fetchone()
    return f"{value:016x}"


def move_aside(path: Path) -> Path:
    """Give a damaged store another name, with what belongs to it, and return that name."""
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}")
    for suffix in ("", "-wal", "-shm"):
        part = Path(f"{path}{suffix}")
        if part.exists():
            part.rename(f"{aside}{suffix}")
    return aside


def _connect(path: Path) -> sqlite3.Connection:
    connection: sqlite3.Connection = sqlite3.connect(path, **_OPTIONS)
    return connection


def _check_header(path: Path) -> None:
    """Refuse another program's file before SQLite touches it. An empty or absent file is fine."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_SIZE)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="name another file") from error
    is_ours = header.startswith(_MAGIC) and header[68:72] == APPLICATION_ID.to_bytes(4, "big")
    if header and not is_ours:
        raise UsageError(f"{path} is not an alert store of Tiercel", hint="it was left as it is; name another file")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if not version:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only possible before the first table
    if version > SCHEMA_VERSION:
        raise UsageError(f"{path} was written by a newer Tiercel", hint="update Tiercel, or name another file")
    for number, step in enumerate(_STEPS[version:], version + 1):
        # before WAL, so that the header in the file itself names us from the first commit on
        connection.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {LOG_SIZE}")
    connection.execute("SELECT max(first_id), max(last_id) FROM stacks").fetchone()  # damage shows here, not later

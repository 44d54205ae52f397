"""Where a private sensor keeps its alerts: one file a session, and not for ever.

They are evidence, so a session outlives its screen; but a few floods must not fill a disk with what nobody will read.
One in which somebody has found an incident stays until that is another state, or its file is removed.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from engine.locks import HeldError, locked
from engine.store import Retention

KEPT = 10
"""Sessions that are kept, the newest, …"""
ROOM = 1 << 30
"""… and the bytes of all of them together."""
RETENTION = Retention(alerts=200_000, bytes=256 << 20)
"""Of one session: a screen of one's own is looked at, a sensor of a machine is asked months later."""


def new_session(folder: Path) -> Path:
    """The file of a session that begins now; old ones make room."""
    folder.mkdir(mode=0o700, exist_ok=True)
    tidy(folder)
    return folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.db"


def tidy(folder: Path, *, kept: int = KEPT, room: int = ROOM) -> None:
    """Remove the oldest sessions, so that one more has its place; those of a sensor that runs stay."""
    for session in sorted(folder.glob("*.db"), reverse=True):
        kept, room = kept - 1, room - _size(session)
        if kept < 0 or room < 0:
            _remove(session)


def _size(session: Path) -> int:
    return sum(part.stat().st_size for part in _parts(session) if part.exists())


def _parts(session: Path) -> list[Path]:
    """SQLite's log lies beside it."""
    return [session.with_name(f"{session.name}{suffix}") for suffix in ("", "-wal", "-shm")]


def _has_incident(session: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{session.absolute().as_uri()}?mode=ro", uri=True)) as store:
            return store.execute("SELECT 1 FROM stacks WHERE state = 'incident' LIMIT 1").fetchone() is not None
    except sqlite3.Error:  # it is damaged, or of a version that knew no states
        return False


def _remove(session: Path) -> None:
    try:
        with locked(session):
            if _has_incident(session):
                return
            for part in _parts(session):
                part.unlink(missing_ok=True)
    except HeldError:
        return

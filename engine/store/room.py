"""The file gets smaller when there is less in it."""

from __future__ import annotations

import sqlite3

PAGES = 250
"""Pages given back at once: some milliseconds."""
SLACK = 8
"""A part of the file (1/8) may be free: what comes next has room without the file growing again."""
LEAST = 1_000
"""Free pages that are never worth it."""


def give_back(connection: sqlite3.Connection) -> bool:
    """Give some free pages at the end of the file back to the disk; whether there are more than enough still."""
    pages, free = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
    if free <= max(pages // SLACK, LEAST) or not _can(connection):
        return False
    connection.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
    return True


def _can(connection: sqlite3.Connection) -> bool:
    """Not so with a store that an older version has begun: its file stays as large as it was, within its limit."""
    return bool(connection.execute("PRAGMA auto_vacuum").fetchone()[0])

"""Which of the alerts that are there an earlier sensor has kept since the machine was started.

A pid and a start time are a process only within one boot. The times of alerts do not tell which that was: they are the
wall clock's, which may have been set since. So the store has a mark for the boot in which it is used, with the first id
that an alert of it can have.
"""

from __future__ import annotations

import sqlite3

_KNOWN = "SELECT value FROM marks WHERE what = ?"
_FORGET = "DELETE FROM marks WHERE what LIKE 'boot %'"
_BEGIN = "INSERT INTO marks VALUES (?, ?)"


def since_boot(connection: sqlite3.Connection, boot: str, newest: int) -> range:
    """The ids of those that are of this boot, up to the newest, for a sensor that opens the store; it is marked.

    None are where it was opened for another boot or a recording ("") last: whose they are is not known then, nor where
    the disk takes no mark.
    """
    mark = f"boot {boot}"
    known = connection.execute(_KNOWN, (mark,)).fetchone() if boot else None
    if known is not None:
        return range(known[0], newest + 1)
    try:
        _begin(connection, mark if boot else "", newest + 1)
    except sqlite3.OperationalError:  # full, or for reading only: what follows from that is told with the first alert
        connection.rollback()
    return range(newest + 1, newest + 1)


def _begin(connection: sqlite3.Connection, mark: str, first: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_FORGET)
    if mark:
        connection.execute(_BEGIN, (mark, first))
    connection.execute("COMMIT")

"""Alerts that came before their container's name was known get it later: in the store, not where they were printed.

What their rule has printed (message and fields) stays as it was.
"""

from __future__ import annotations

import sqlite3

import msgspec

from engine.alerts import Alert, ContainerRef
from engine.store.dropping import transaction
from engine.store.rows import subject

MOST = 1_000
"""Containers whose alerts have no name that are remembered: those of the latest."""
STEP = 200
"""Alerts looked at in one step."""
_ALERTS = msgspec.msgpack.Decoder(Alert)
_ENCODER = msgspec.msgpack.Encoder()

_NAMELESS = """
SELECT container_id, min(first_id) - 1 FROM stacks WHERE container = '' AND container_id <> ''
GROUP BY container_id ORDER BY max(last_id) DESC LIMIT ?
"""
_BODIES = "SELECT id, body FROM alerts WHERE container_id = ? AND id > ? ORDER BY id LIMIT ?"
_STACKS = """
SELECT stacks.id, body FROM stacks JOIN alerts ON alerts.id = last_id
WHERE stacks.container_id = ? AND container = ''
"""


def nameless(connection: sqlite3.Connection) -> dict[str, int]:
    """Containers whose alerts have no name, each with an id before the first of these."""
    return dict(connection.execute(_NAMELESS, (MOST,)).fetchall()[::-1])


def note(known: dict[str, int], alert: Alert) -> None:
    """Remember the container of an alert, if it has no name."""
    if alert.container is not None and not alert.container.name:
        known.setdefault(alert.container.id, alert.id - 1)
        if len(known) > MOST:
            del known[next(iter(known))]


def fill(connection: sqlite3.Connection, container: ContainerRef, after: int) -> int:
    """Name the container in some of its alerts after this id; the last that was looked at, 0 when all are done."""
    rows = connection.execute(_BODIES, (container.id, after, STEP)).fetchall()
    with transaction(connection):
        for alert_id, body in rows:
            alert = _decoded(body)
            if alert is not None and alert.container is not None and not alert.container.name:
                named = _ENCODER.encode(msgspec.structs.replace(alert, container=container))
                connection.execute("UPDATE alerts SET body = ? WHERE id = ?", (named, alert_id))
        if len(rows) < STEP:
            _fill_stacks(connection, container)
    return rows[-1][0] if len(rows) == STEP else 0


def _fill_stacks(connection: sqlite3.Connection, container: ContainerRef) -> None:
    """Their latest alerts have the name by now."""
    for stack, body in connection.execute(_STACKS, (container.id,)).fetchall():
        if (alert := _decoded(body)) is not None:
            view = subject(alert)
            connection.execute(
                "UPDATE stacks SET container = ?, image = ?, search = ? WHERE id = ?",
                (view.container, view.image, view.search, stack),
            )


def _decoded(body: bytes) -> Alert | None:
    """None for one that was damaged: it costs no other its name."""
    try:
        return _ALERTS.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None

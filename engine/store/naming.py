"""Alerts that came before their container's name was known get it later: in the store, not where they were printed.

What their rule has printed (message and fields) stays as it was.
"""

from __future__ import annotations

import sqlite3

import msgspec

from engine.alerts import Alert, ContainerRef
from engine.scrub import scrub_struct
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
_BODIES = "SELECT id, stack, body FROM alerts WHERE container_id = ? AND id > ? ORDER BY id LIMIT ?"
_STACK = "UPDATE stacks SET container = ?, image = ?, search = ? WHERE id = ? AND last_id = ? AND container = ''"


def nameless(connection: sqlite3.Connection) -> dict[str, int]:
    """Containers whose alerts have no name, each with an id before the first of these."""
    return dict(connection.execute(_NAMELESS, (MOST,)).fetchall()[::-1])


def note(known: dict[str, int], alert: Alert) -> None:
    """Remember the container of an alert, if it has no name."""
    if alert.container is not None and not alert.container.name:
        known.setdefault(alert.container.id, alert.id - 1)
        if len(known) > MOST:
            del known[next(iter(known))]


def storable(container: ContainerRef) -> ContainerRef:
    """As it can be written: a daemon's JSON can hold a lone surrogate, which is no Unicode text."""
    try:
        _ENCODER.encode(container)
    except UnicodeEncodeError:
        return scrub_struct(container)
    return container


def fill(connection: sqlite3.Connection, container: ContainerRef, after: int) -> int:
    """Name the container in some of its alerts after this id, and in the stacks of which these are the latest; the last
    that was looked at, 0 when all are done."""
    rows = connection.execute(_BODIES, (container.id, after, STEP)).fetchall()
    with transaction(connection):
        for alert_id, stack, body in rows:
            alert = _decoded(body)
            if alert is not None and alert.container is not None:
                if not alert.container.name:
                    alert = msgspec.structs.replace(alert, container=container)
                    connection.execute("UPDATE alerts SET body = ? WHERE id = ?", (_ENCODER.encode(alert), alert_id))
                view = subject(alert)
                connection.execute(_STACK, (view.container, view.image, view.search, stack, alert_id))
    return rows[-1][0] if len(rows) == STEP else 0


def _decoded(body: bytes) -> Alert | None:
    """None for one that was damaged: it costs no other its name."""
    try:
        return _ALERTS.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None

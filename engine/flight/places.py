"""Whose time it is that surrounds an alert."""

from __future__ import annotations

from engine.alerts import Alert
from engine.state.processes import ProcessKey

MINUTE = 60 * 10**9
"""Nanoseconds."""
INIT = 1
AROUND = MINUTE
"""What surrounds an alert: so much before and after it."""


def tree_of(alert: Alert) -> ProcessKey | None:
    """On the host: the process below which it happened, the parent of the one that did it; None in a container.

    Below init is everything: what it has begun is the top of its own tree.
    """
    if alert.container is not None or not alert.lineage:
        return None
    top, *above = alert.lineage[:2]
    if above and above[0].pid > INIT:
        top = above[0]
    return (top.pid, top.start)


def place_of(alert: Alert) -> str:
    """The container's id, or the tree's top as ``PID:START``; "" for an alert of nobody."""
    if alert.container is not None:
        return alert.container.id
    top = tree_of(alert)
    return f"{top[0]}:{top[1]}" if top is not None else ""

"""How somebody came to be where an alert was: by whom the container was entered, or begun."""

from __future__ import annotations

from engine.alerts import Alert, Ancestor
from engine.events import HOST
from engine.flight.around import kept_with
from engine.protocol import Entry
from engine.state.lineage import CONTAINER_START
from engine.state.world import World
from engine.store import AlertStore


async def entry_of(world: World, store: AlertStore, alert: Alert) -> Entry:
    """What is known of it now, or was when it was kept with the alert; nothing on the host."""
    first = entered_by(alert)
    if alert.container is None or first is None:
        return Entry()
    container_id, kept = alert.container.id, await kept_with(store, alert)
    if alert.entry == CONTAINER_START:
        container = world.container_row(container_id) or kept.container
        return Entry(container=container, asker=world.execs.starter(container_id) or kept.starter)
    key = (first.pid, first.start)
    known = (row for row in kept.execs if (row.pid, row.start) == key)
    return Entry(row=world.execs.get(key) or next(known, None))


def entered_by(alert: Alert) -> Ancestor | None:
    """The process by which its tree came into the container: the topmost in it."""
    return next((step for step in reversed(alert.lineage) if step.container_id != HOST), None)

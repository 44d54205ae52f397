"""How somebody came to be where an alert was: by whom the container was entered, or begun."""

from __future__ import annotations

from engine.alerts import Alert, Ancestor
from engine.events import HOST
from engine.flight.around import kept_with
from engine.protocol import Entry
from engine.state.lineage import CONTAINER_START
from engine.state.world import World
from engine.store import AlertStore
from engine.views.views import Views


async def entry_of(world: World, store: AlertStore, alert: Alert) -> Entry:
    """What is known of it now, or was when it was kept with the alert; nothing on the host."""
    first = entered_by(alert)
    if alert.container is None or first is None:
        return Entry()
    if alert.entry == CONTAINER_START:
        return await _started(world, store, alert, alert.container.id)
    key = (first.pid, first.start)
    if (row := world.execs.get(key)) is not None:
        return Entry(row=row)
    kept = await kept_with(store, alert)
    return Entry(row=next((row for row in kept.execs if (row.pid, row.start) == key), None))


async def _started(world: World, store: AlertStore, alert: Alert, container_id: str) -> Entry:
    container, asker = Views(world).container_row(container_id), world.execs.starter(container_id)
    if container is None or asker is None:
        kept = await kept_with(store, alert)
        container, asker = container or kept.container, asker or kept.starter
    return Entry(container=container, asker=asker)


def entered_by(alert: Alert) -> Ancestor | None:
    """The process by which its tree came into the container: the topmost in it."""
    return next((step for step in reversed(alert.lineage) if step.container_id != HOST), None)

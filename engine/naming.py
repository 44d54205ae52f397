"""Containers whose name was not known when an alert came: it is told to the store as soon as it is."""

from __future__ import annotations

from engine.judging.judge import container_ref
from engine.state.world import World
from engine.store import AlertStore


class Naming:
    """Looks for names that the store lacks."""

    def __init__(self, world: World, store: AlertStore) -> None:
        self._world = world
        self._store = store
        self.count = 0
        """Grows when alerts have got a name."""

    async def look(self) -> None:
        """To be called every second."""
        for container_id in self._store.nameless:
            container = container_ref(self._world.containers.get(container_id))
            if container is not None and container.name:
                if not await self._store.name(container):
                    return  # nor would it take any other
                self.count += 1

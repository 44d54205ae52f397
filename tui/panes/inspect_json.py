"""``docker inspect`` of a container, whole: asked for when somebody looks, and kept nowhere."""

from __future__ import annotations

from engine.protocol import GetInspection, Inspection
from tui.front import Front
from tui.panes.text import TextPane
from tui.theme import content


class InspectJsonPane(TextPane):
    """The JSON as Docker prints it."""

    follows = ("containers",)
    pace = 2.0

    def __init__(self, front: Front, container_id: str, id: str) -> None:
        super().__init__(front, id)
        self._container_id = container_id

    async def load(self) -> None:
        """As it is now."""
        lines = (await self.front.ask(GetInspection(self._container_id), Inspection)).lines
        self.details.show(content(("\n".join(lines), "")))

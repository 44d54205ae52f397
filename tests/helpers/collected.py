"""A sink in memory."""

from __future__ import annotations

from collections.abc import Sequence

from engine.alerts import Alert


class Collected:
    """A sink that keeps what it is given."""

    name = "collected"

    def __init__(self) -> None:
        self.alerts: list[Alert] = []

    async def write(self, alerts: Sequence[Alert]) -> None:
        self.alerts += alerts

    async def close(self) -> None:
        return

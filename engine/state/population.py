"""How many processes live, and where: counted as they come and go, so that nobody has to look at all of them."""

from __future__ import annotations


class Population(dict[str, int]):
    """Living processes by container id ("" is the host); only where somebody lives."""

    total = 0

    def count(self, container_id: str, change: int) -> None:
        """One comes (1) or goes (-1)."""
        self.total += change
        if left := self.get(container_id, 0) + change:
            self[container_id] = left
        else:
            del self[container_id]

"""The containers: what Docker says of each, and the users in it."""

from __future__ import annotations

from engine.events import ContainerInfo


class Container:
    """A container as far as it is known: always its id, its metadata once Docker has told.

    ``info`` is None until then, and stays so for a container that no runtime knows (``unknown`` is then True).
    """

    __slots__ = ("entry_caps", "first_seen", "gone", "groups", "id", "info", "last_seen", "unknown", "users")

    def __init__(self, container_id: str, time: int) -> None:
        self.id = container_id
        self.first_seen = time
        self.last_seen = time
        self.info: ContainerInfo | None = None
        self.unknown = False
        self.gone = 0
        """When it was removed, 0 while it is there."""
        self.users: dict[int, str] = {}
        self.groups: dict[int, str] = {}
        self.entry_caps: int | None = None
        """Permitted capabilities of its first process (vpid 1), None until seen."""

    @property
    def short_id(self) -> str:
        """Falco's ``container.id``: 12 digits."""
        return self.id[:12]

    @property
    def name(self) -> str:
        """Its name, or its short id while that is all we know."""
        return self.info.name if self.info and self.info.name else self.short_id

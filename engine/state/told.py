"""What the runtime told of a container, and when: so that one can look at how it was."""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from engine.events import ContainerInfo

KEPT = 10
"""Versions of what is told of one container. The first stays, as it says how it began; of the others the oldest
goes."""
_FIELDS = [field.name for field in msgspec.structs.fields(ContainerInfo) if field.name != "time"]


class Told:
    """A bounded memory of one container's metadata, the oldest first; only what differs is kept."""

    __slots__ = ("_versions",)

    def __init__(self) -> None:
        self._versions: list[ContainerInfo] = []

    def __len__(self) -> int:
        return len(self._versions)

    def note(self, info: ContainerInfo) -> ContainerInfo:
        """Remember it, if it says anything new; it is given back with what is the same shared. What comes late is not
        taken for news."""
        if not self._versions:
            self._versions.append(info)
            return info
        last = self._versions[-1]
        news = {name: value for name in _FIELDS if (value := getattr(info, name)) != getattr(last, name)}
        shared = msgspec.structs.replace(last, time=info.time, **news)
        if news and info.time >= last.time:
            self._versions.append(shared)
        if len(self._versions) > KEPT:
            del self._versions[1]
        return shared

    def at(self, time: int) -> ContainerInfo | None:
        """As it was known at a time, or, of a time before anything was told, first; None where nothing is known."""
        if not self._versions:
            return None
        place = bisect_right(self._versions, time, key=lambda info: info.time)
        return self._versions[max(0, place - 1)]

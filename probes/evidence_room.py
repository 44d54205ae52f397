"""The folder in which responses keep evidence does not fill the disk: the oldest makes room, but for incidents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from engine.errors import TiercelError
from engine.keeping import Piece, Room, pieces, remove, too_much
from engine.protocol import KeptRow, ListStacks
from engine.response.audit import Log, Record, Target, Who, begin, go_on
from engine.store import AlertStore

ROOM = Room()
FILES = frozenset({"logs.txt", "diff.txt"})
"""What :mod:`probes.docker.evidence` writes."""
_MOST = 10_000


class EvidenceRoom:
    """Has a look at ``folder`` whenever something was kept. ``log`` says to which alert each piece belongs."""

    def __init__(
        self, folder: Path, log: Log, store: AlertStore, report: Callable[[str, str], None], room: Room = ROOM
    ) -> None:
        self._folder, self._log, self._store, self._report, self._room = folder, log, store, report, room
        self._size = sum(piece.size for piece in self._pieces())
        self._gone = 0

    @property
    def kept(self) -> list[KeptRow]:
        """What there is, for Health."""
        return [KeptRow("evidence of responses", self._size, self._room.bytes)]

    @property
    def bounds(self) -> dict[str, int]:
        """What made room so far."""
        return {"pieces of evidence that made room": self._gone} if self._gone else {}

    async def tidy(self) -> None:
        """Remove what is too much or too old, with a line in the log; a problem for Health if that fails."""
        try:
            await self._tidy()
        except (OSError, TiercelError) as error:
            self._report(f"old evidence cannot make room: {error}", f"look at {self._folder}")

    async def _tidy(self) -> None:
        found = await asyncio.to_thread(self._pieces)
        spared = await self._of_incidents() if len(found) > 1 else set()
        gone = too_much(found, self._room, lambda piece: piece.folder.name in spared)
        if gone:
            await asyncio.to_thread(self._note, gone)
        self._gone += await asyncio.to_thread(remove, gone)
        self._size = sum(piece.size for piece in found) - sum(piece.size for piece in gone)
        if self._size > self._room.bytes:
            self._report(
                f"evidence takes more than {self._room.bytes >> 20} MB: what is left is of incidents, or the latest",
                f"move what is not needed out of {self._folder}",
            )

    def _pieces(self) -> list[Piece]:
        return pieces(self._folder, lambda folder: {path.name for path in folder.iterdir()} <= FILES)

    async def _of_incidents(self) -> set[str]:
        """The names of the folders whose alert is of an incident now, as far as this store has the alert."""
        incidents = {row.stack for row in (await self._store.stacks(_INCIDENTS)).rows}
        records = await asyncio.to_thread(self._kept) if incidents else []
        return {name for record in records if await self._is_of(record, incidents) for name in _folders(record)}

    def _kept(self) -> list[Record]:
        try:
            return [record for record in self._log.read() if record.evidence and record.alert]
        except OSError:
            return []

    async def _is_of(self, record: Record, incidents: set[int]) -> bool:
        try:
            alert = await self._store.alert(record.alert)
        except TiercelError:
            return False
        container_id = alert.container.id if alert.container is not None else ""
        return alert.stack in incidents and container_id == record.target.container_id

    def _note(self, gone: list[Piece]) -> None:
        """It was written down what was kept; so is that it is there no longer."""
        record = begin("make room", Who(-1, says="the sensor"), Target("evidence"))
        names = {str(piece.folder): f"{piece.size} bytes" for piece in gone}
        try:
            self._log.write(go_on(record, "done", detail="the oldest evidence was removed", evidence=names))
        except OSError as error:
            self._report(f"the audit log cannot be written: {error.strerror or error}", self._log.place)


_INCIDENTS = ListStacks(filter="state=incident", limit=_MOST)


def _folders(record: Record) -> set[str]:
    return {Path(path).parent.name for path in record.evidence}

"""The hands of a sensor that may respond: Docker for containers, signals for processes, a folder for evidence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from engine.errors import TiercelError
from engine.response.doing import Outcome, Responding, Seeds
from engine.response.possible import Network, Own, Standing
from engine.scrub import scrub
from engine.sensor import Sensor
from engine.state.processes import ProcessKey
from probes.docker import evidence, responses
from probes.evidence_room import EvidenceRoom
from probes.machine.audit_log import NAME, AuditLog
from probes.machine.ownership import own
from probes.machine.process_trees import Tree, stopped

EVIDENCE = "evidence"
"""The folder beside the audit log."""


class MachineHands:
    """Docker's (``url`` as for ``find_daemon``, "none" for no Docker) and the machine's.

    ``folder`` is for evidence, which ``room`` bounds.
    """

    def __init__(self, docker: str, folder: Path, room: EvidenceRoom | None = None) -> None:
        self._docker = docker
        self._folder = folder
        self._room = room

    async def own(self, asking: int) -> Own:
        """The sensor with what it has begun, the screen that asks, and their containers."""
        return await asyncio.to_thread(own, asking)

    async def standing(self, container_id: str) -> Standing:
        """A container as Docker has it now. Raises TiercelError."""
        return await responses.standing(self._url, container_id)

    async def container(self, response: str, standing: Standing, networks: Sequence[Network], image: str) -> Outcome:
        """Do it by Docker. Raises TiercelError with its reason."""
        if response == "commit":
            return _kept(standing, await evidence.commit(self._url, standing, image))
        if keep := _FILES.get(response):
            moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            folder = self._folder / evidence.folder_name(standing, f"{moment}-{time.time_ns() % 10**9:09}")
            kept = _kept(standing, await keep(self._url, standing, folder))
            if self._room is not None:
                await self._room.tidy()
            return kept
        return Outcome(await responses.act(self._url, response, standing, networks))

    async def stopped(self, keys: Sequence[ProcessKey]) -> frozenset[int]:
        """As the kernel has them now."""
        return await asyncio.to_thread(stopped, keys)

    async def tree(self, response: str, seeds: Seeds, own: Own) -> Outcome:
        """Do it by signals. Raises TiercelError."""
        with Tree(seeds, own) as tree:
            complete = await _TREES[response](tree)
            if not tree.pids:
                raise TiercelError("nothing of it lives any more", hint="nothing was done")
            what = f"{len(tree.pids)} process{'es' * (len(tree.pids) != 1)} {_DONE[response]}"
            return Outcome(what if complete else f"{what}, but new ones kept coming: do it again", tree.pids)

    @property
    def _url(self) -> str | None:
        if self._docker == "none":
            raise TiercelError("this sensor does without Docker", hint="start it without --docker none")
        return self._docker or None


async def _thaw(tree: Tree) -> bool:
    await tree.thaw()
    return True


_TREES: dict[str, Callable[[Tree], Awaitable[bool]]] = {"freeze": Tree.freeze, "kill-tree": Tree.kill, "thaw": _thaw}
_DONE = {"freeze": "frozen", "kill-tree": "killed", "thaw": "let go on"}
_FILES: dict[str, Callable[[str | None, Standing, Path], Awaitable[dict[str, str]]]] = {
    "logs": evidence.keep_logs,
    "diff": evidence.keep_changes,
}
HANDS = frozenset({*responses.ACTS, *_FILES, *_TREES, "commit"})
"""The responses that can be done here."""


def _kept(standing: Standing, found: dict[str, str]) -> Outcome:
    return Outcome(f"kept of {scrub(standing.name)}: {', '.join(found)}", evidence=found)


def responding(sensor: Sensor, docker: str, folder: Path) -> Responding:
    """What lets a sensor respond; the audit log and the evidence lie in ``folder``.

    Raises UsageError when the audit log cannot be written.
    """
    log = AuditLog(folder / NAME)
    log.check()
    room = EvidenceRoom(folder / EVIDENCE, log, sensor.store, sensor.vitals.report)
    sensor.vitals.evidence = lambda: room.kept
    sensor.vitals.more_bounds.append(lambda: room.bounds)
    hands = MachineHands(docker, folder / EVIDENCE, room)
    return Responding(hands, log, sensor.world, sensor.store, sensor.vitals.report)

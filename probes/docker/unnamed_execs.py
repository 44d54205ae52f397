"""Execs of a runtime that tells of them without their ids, as Podman does: which of those that there are is meant.

At an exec the container is asked which it has; one that was not there before is the one. At an end those that are gone
or do not run any more have ended. An exec that is over before we can ask stays without an id, and is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.events import ContainerAction
from probes.docker.api import Json
from probes.docker.failures import failures

if TYPE_CHECKING:
    from aiodocker import Docker

START = "exec_start"
END = "exec_die"
MAX_WAITING = 1000
"""Actions that wait until the container has been asked; more are told without an id."""
TIMEOUT = 5.0
"""Seconds for one answer."""

Tell = Callable[[ContainerAction], None]


@dataclass(frozen=True, slots=True)
class _Gone:
    exec_id: str
    exit_code: int | None


class UnnamedExecs:
    """Gives actions their ids, one after the other in their order; ``tell`` gets them."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._known: dict[str, dict[str, bool]] = {}
        """By container, the execs that it has, and whether each runs."""
        self._waiting: asyncio.Queue[ContainerAction] = asyncio.Queue(MAX_WAITING)
        self._task: asyncio.Task[None] | None = None

    def begin(self, docker: Docker) -> None:
        """Ask this daemon from now on."""
        self._task = asyncio.create_task(self._work(docker))

    async def stop(self) -> None:
        """Ask no more: the execs of another connection are found anew."""
        self._known.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        while not self._waiting.empty():
            self._tell(self._waiting.get_nowait())

    def seen(self, container: Json) -> None:
        """An answer about a container: the execs that it had when we first asked began before."""
        self._known.setdefault(container["Id"], dict.fromkeys(container.get("ExecIDs") or (), True))

    def forget(self, container_id: str) -> None:
        """It was removed."""
        self._known.pop(container_id, None)

    def take(self, action: ContainerAction) -> None:
        """An exec has begun or ended."""
        try:
            self._waiting.put_nowait(action)
        except asyncio.QueueFull:
            self._tell(action)

    async def _work(self, docker: Docker) -> None:
        while True:
            action = await self._waiting.get()
            try:
                async with asyncio.timeout(TIMEOUT):
                    named = await _NAMING[action.action](self, docker, action)
            except asyncio.CancelledError:
                self._tell(action)
                raise
            except failures():
                named = [action]
            for one in named:
                self._tell(one)

    async def _begun(self, docker: Docker, action: ContainerAction) -> list[ContainerAction]:
        known = self._known.setdefault(action.id, {})
        new = next((one for one in await _execs(docker, action.id) if one not in known), None)
        if new is None:
            return [action]
        known[new] = True
        return [_with(action, execID=new)]

    async def _ended(self, docker: Docker, action: ContainerAction) -> list[ContainerAction]:
        known = self._known.get(action.id) or {}
        running = [exec_id for exec_id, runs in known.items() if runs]
        there = set(await _execs(docker, action.id)) if running else set()
        gone = [one for exec_id in running if (one := await _gone(docker, exec_id, exec_id in there)) is not None]
        for one in gone:  # what has ended may be listed for some minutes
            known[one.exec_id] = False
        if running:
            self._known[action.id] = {exec_id: runs for exec_id, runs in known.items() if exec_id in there}
        code = action.attributes.get("exitCode") if len(gone) == 1 else None
        return [_end(action, one, code) for one in gone] or [action]


async def _execs(docker: Docker, container_id: str) -> list[str]:
    answer = await docker._query_json(f"containers/{container_id}/json")
    return answer.get("ExecIDs") or []


async def _gone(docker: Docker, exec_id: str, is_listed: bool) -> _Gone | None:
    """What has become of an exec; None while it runs."""
    if not is_listed:
        return _Gone(exec_id, None)
    answer = await docker._query_json(f"exec/{exec_id}/json")
    return None if answer.get("Running") else _Gone(exec_id, answer.get("ExitCode"))


def _end(action: ContainerAction, gone: _Gone, code: str | None) -> ContainerAction:
    own = str(gone.exit_code) if gone.exit_code is not None else code
    rest = {name: text for name, text in action.attributes.items() if name != "exitCode"}
    told = ContainerAction(id=action.id, time=action.time, action=action.action, attributes=rest)
    return _with(told, execID=gone.exec_id, **({"exitCode": own} if own is not None else {}))


def _with(action: ContainerAction, **attributes: str) -> ContainerAction:
    more = {**action.attributes, **attributes}
    return ContainerAction(id=action.id, time=action.time, action=action.action, attributes=more)


_NAMING = {START: UnnamedExecs._begun, END: UnnamedExecs._ended}

"""What Docker knows of an exec: its process, its user, whether it is privileged and has a terminal.

Docker tells that an exec starts before its process is there, so it is asked a few times. Health checks are execs, too:
only so many are asked about at a time, and no more of the others; what is not known then is not told.
"""

from __future__ import annotations

import asyncio
import shlex
import time as clock
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.events import ContainerAction
from engine.state.execs import INSPECT
from probes.docker.api import Json
from probes.docker.failures import failures

if TYPE_CHECKING:
    from aiodocker import Docker

MAX_ASKING = 20
"""Execs that are asked about at the same time."""
DELAYS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds before each question, until the process is there."""
TIMEOUT = 5.0


class ExecQuestions:
    """Asks about execs, one task for each; ``tell`` gets the answers."""

    def __init__(self, tell: Callable[[ContainerAction], None]) -> None:
        self._tell = tell
        self._asking: dict[str, asyncio.Task[None]] = {}

    def ask(self, docker: Docker, container_id: str, exec_id: str) -> None:
        """An exec is about to start."""
        if exec_id not in self._asking and len(self._asking) < MAX_ASKING:
            task = self._asking[exec_id] = asyncio.create_task(self._follow(docker, container_id, exec_id))
            task.add_done_callback(lambda _task: self._asking.pop(exec_id, None))

    async def stop(self) -> None:
        """Ask no more."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, docker: Docker, container_id: str, exec_id: str) -> None:
        for delay in DELAYS:
            await asyncio.sleep(delay)
            try:
                async with asyncio.timeout(TIMEOUT):
                    answer = await docker._query_json(f"exec/{exec_id}/json")
            except failures():
                return  # it is gone, or Docker is: the events say so
            if answer.get("Pid") or answer.get("ExitCode") is not None:
                self._tell(_told(container_id, exec_id, answer))
                return


def _told(container_id: str, exec_id: str, answer: Json) -> ContainerAction:
    config = answer.get("ProcessConfig") or {}
    command = [config.get("entrypoint") or "", *(config.get("arguments") or [])]
    attributes = {
        "execID": exec_id,
        "pid": str(answer.get("Pid") or 0),
        "command": shlex.join(command),
        "user": str(config.get("user") or ""),
        "tty": _word(config.get("tty")),
        "privileged": _word(config.get("privileged")),
    }
    return ContainerAction(id=container_id, time=clock.time_ns(), action=INSPECT, attributes=attributes)


def _word(value: object) -> str:
    return "true" if value else "false"

"""``tiercel sensor`` on a socket of its own, asked through its protocol."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.events import Phase
from engine.protocol import GetHealth, Health
from engine.service.client import Client, SensorGone
from scripts.measure.figure import UnmeasurableError
from scripts.measure.processes import cpu_of
from scripts.measure.watching import OPTIONS, PATIENCE, TIERCEL, environment_in

RulesIn = Callable[[Path], Sequence[Path]]
"""Writes rules into a folder, if need be; all the rule files in their order."""


@dataclass
class Shared:
    """A running sensor, and a connection to it."""

    process: asyncio.subprocess.Process
    client: Client
    folder: Path

    async def health(self) -> Health:
        """How it is now."""
        return (await self.client.ask(GetHealth())).health

    def cpu(self) -> float:
        """Seconds of CPU so far."""
        return cpu_of(self.process.pid)


@contextlib.asynccontextmanager
async def shared(rules_in: RulesIn, options: Sequence[str] = ()) -> AsyncIterator[Shared]:
    """A sensor that sees already, ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="tiercel-bench-") as name:
        folder = Path(name)
        rules = [f"--rules={path}" for path in rules_in(folder)]
        process = await asyncio.create_subprocess_exec(
            *TIERCEL,
            *("sensor", f"--socket={folder / 'socket'}", *OPTIONS, *options, *rules),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment_in(folder),
        )
        try:
            client = await _connected(process, folder / "socket")
            try:
                yield Shared(process, client, folder)
            finally:
                await client.close()
        finally:
            await _end(process)


async def _connected(process: asyncio.subprocess.Process, path: Path) -> Client:
    try:
        async with asyncio.timeout(PATIENCE):
            client = await _client(process, path)
            while (await client.ask(GetHealth())).health.phase is not Phase.LIVE:
                await asyncio.sleep(0.05)
            return client
    except TimeoutError:
        raise UnmeasurableError("the shared sensor does not see within a minute") from None


async def _client(process: asyncio.subprocess.Process, path: Path) -> Client:
    while process.returncode is None:
        with contextlib.suppress(SensorGone):
            return await Client.connect(path)
        await asyncio.sleep(0.05)
    raise UnmeasurableError(f"tiercel sensor ended with {process.returncode}")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(20):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()

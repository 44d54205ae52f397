"""Writes a screenshot of every view: the real application, on a real sensor that replays a recording.

What differs from run to run and from machine to machine (CPU, memory, the age of the replay) is held still, so that a
picture changes only when the screen does.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from engine.errors import TiercelError
from engine.events import Phase
from engine.protocol import GetHealth, Health, HealthReply, ListStacks, Pulse
from engine.service.client import Client
from tui.app import TiercelApp

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "probes" / "recordings" / "demo.tiercel"
FOLDER = ROOT / "screenshots"
SIZE = (140, 40)
NARROW = (80, 24)
PATIENCE = 30.0

SHOTS: dict[str, tuple[str, ...]] = {
    "alerts": (),
    "alerts-narrow": (),
    "alert": ("end", "up", "up", "up", "enter"),
    "why": ("end", "up", "up", "up", "enter", "tab"),
    "ancestry": ("end", "up", "up", "up", "enter", "tab", "tab"),
    "timeline": ("end", "up", "up", "up", "e"),
    "filter": ("slash", *"container.name=web and fd.name startswith /etc", "enter"),
    "state": ("end", "up", "up", "up", "s"),
    "exception": ("end", "up", "up", "up", "x"),
    "containers": ("2",),
    "container": ("2", "end", "enter"),
    "processes": ("3",),
    "events": ("5", "4"),
    "rules": ("5",),
    "health": ("6",),
    "keys": ("question_mark",),
    "files": ("end", "up", "up", "up", "e", "tab"),
    "groups": ("o",),
    "time": ("T", "comma", "comma", "comma"),
    "several": ("5", "O"),
    "export": ("m", "down", "m", "w"),
    "palette": ("ctrl+p",),
}
"""Name of the picture → keys pressed from the start."""


class SteadyClient:
    """A connection to the sensor whose health never changes with the machine."""

    def __init__(self, client: Client, moment: int) -> None:
        self._client = client
        self._moment = moment
        self.on_pulse: Callable[[Pulse], None] | None = None
        self.welcome = client.welcome
        client.on_pulse = self._pulse

    async def ask(self, request: Any, /) -> Any:
        """The sensor's reply, its health held still."""
        reply = await self._client.ask(request)
        return msgspec.structs.replace(reply, health=self._steady(reply.health)) if _has_health(reply) else reply

    async def wait_closed(self) -> TiercelError:
        """As the connection."""
        return await self._client.wait_closed()

    async def close(self) -> None:
        """As the connection."""
        await self._client.close()

    def _pulse(self, pulse: Pulse) -> None:
        if self.on_pulse is not None:
            health = self._steady(pulse.health) if pulse.health else None
            self.on_pulse(msgspec.structs.replace(pulse, health=health))

    def _steady(self, health: Health) -> Health:
        return msgspec.structs.replace(
            health,
            time=self._moment,
            hostname="prod-7",
            uptime=60.0,
            events_per_second=0.0,
            lag_ms=0.0,
            cpu=0.4,
            memory=48 << 20,
        )


def _has_health(reply: object) -> bool:
    return isinstance(reply, HealthReply)


async def replayed(recording: Path, rules: Sequence[str] = ()) -> tuple[SteadyClient, subprocess.Popen[bytes]]:
    """A connection to a private sensor that has replayed the recording to its end."""
    ours, theirs = socket.socketpair()
    options = json.dumps({"replay": os.path.relpath(recording, ROOT), "store": ":memory:", "rules": list(rules)})
    child = subprocess.Popen(
        [sys.executable, "-m", "tiercel", "private-sensor", str(theirs.fileno()), options],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
    )
    theirs.close()
    client = await Client.over(ours)
    return SteadyClient(client, await _ended(client)), child


async def _ended(client: Client) -> int:
    """Wait for the end of the replay; the time of the last alert, and a second."""
    async with asyncio.timeout(PATIENCE):
        while (health := (await client.ask(GetHealth())).health).phase not in (Phase.ENDED, Phase.FAILED):
            await asyncio.sleep(0.05)
    if health.phase is Phase.FAILED:
        raise TiercelError(health.detail)
    rows = (await client.ask(ListStacks(limit=1))).rows
    return (rows[0].last if rows else health.time) + 1_200_000_000


async def shoot(recording: Path, name: str, keys: tuple[str, ...]) -> None:
    """One picture, of an application of its own."""
    client, child = await replayed(recording, sys.argv[2:])

    async def connect() -> SteadyClient:
        return client

    app = TiercelApp(connect, title="Tiercel")
    async with app.run_test(size=NARROW if name.endswith("-narrow") else SIZE) as pilot:
        await _settled(pilot)
        for key in keys:
            await pilot.press(key)
            await _settled(pilot)
        FOLDER.mkdir(exist_ok=True)
        picture = app.export_screenshot(title="Tiercel").replace("<svg ", '<svg xml:space="preserve" ', 1)
        (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")
    await client.close()
    await asyncio.to_thread(child.wait, 10)


async def _settled(pilot: Pilot[None]) -> None:
    """Wait until the screen has been the same for a while: what was asked for has come."""
    until, last, since = time.monotonic() + PATIENCE, "", time.monotonic()
    while time.monotonic() - since < 0.5:
        await pilot.pause(0.05)
        shown = pilot.app.export_screenshot()
        if shown != last:
            last, since = shown, time.monotonic()
        if time.monotonic() > until:
            raise TiercelError("the screen does not come to rest")


async def main() -> None:
    """Every picture, from the recording given or the one that ships."""
    recording = Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO
    if not recording.is_file():
        raise SystemExit(f"screenshots: there is no recording {recording}")
    for name, keys in SHOTS.items():
        print(f"· screenshots/{name}.svg", file=sys.stderr)
        await shoot(recording, name, keys)


if __name__ == "__main__":
    asyncio.run(main())

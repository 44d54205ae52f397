"""A container makes as many alerting events as it can: the others' alerts still come, and it is said who floods."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine.alerts import DROP_RULE
from engine.drops import CAUSES
from tests.helpers.containers import Cgroup
from tests.helpers.patience import PATIENCE
from tests.helpers.program import TIERCEL, status

pytestmark = [pytest.mark.live, pytest.mark.asyncio]

RULES = """
- rule: Marker opened
  desc: The test opened its marker.
  condition: evt.type in (open, openat) and fd.name startswith {marker}
  output: opened %fd.name
  priority: Notice
"""
FLOOD = """
import os, sys
open(sys.argv[1], "w").write("0")
while True:
    try:
        os.open(sys.argv[2] + "flood", os.O_RDONLY)
    except OSError:
        pass
"""
MEMORY = 200 << 20
"""Bytes that the sensor may come to need: its 80 MB, and bounded queues."""


class Reader:
    """Reads the alerts; keeps those that are not the flood's."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self.flooding = 0
        self.others: list[dict[str, Any]] = []
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._read(stream))

    async def _read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            if b"markerflood" in line:
                self.flooding += 1
            else:
                self.others.append(json.loads(line))
                self._changed.set()

    async def until(self, text: str) -> dict[str, Any]:
        """Wait for an alert with this text."""
        async with asyncio.timeout(PATIENCE):
            while not (found := [alert for alert in self.others if text in alert["output"]]):
                self._changed.clear()
                await self._changed.wait()
        return found[0]


@contextlib.asynccontextmanager
async def watch(marker: Path, folder: Path) -> AsyncIterator[tuple[Reader, int]]:
    rules = folder / "rules.yaml"
    rules.write_text(RULES.format(marker=marker))
    options = ["--docker", "none", "-r", str(rules), "--store", str(folder / "alerts.db")]
    process = await asyncio.create_subprocess_exec(
        *(*TIERCEL, "watch", "--json", *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, limit=1 << 20
    )
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        while b"live" not in await process.stderr.readline():
            pass
    draining = asyncio.create_task(process.stderr.read())
    try:
        yield Reader(process.stdout), process.pid
    finally:
        process.terminate()
        await asyncio.gather(process.wait(), draining)
    assert process.returncode == 0


@contextlib.asynccontextmanager
async def flood(container: Cgroup, marker: Path) -> AsyncIterator[None]:
    flooding = [
        await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", FLOOD, container.procs, str(marker))
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for process in flooding:
            process.kill()
            await process.wait()


async def test_the_alerts_of_others_come_while_a_container_floods(
    container: Cgroup, another: Cgroup, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    async with watch(marker, tmp_path) as (reader, pid), flood(container, marker):
        drop = await reader.until("were lost")
        for number in range(5):
            await asyncio.to_thread(another.run, "/bin/cat", f"{marker}-of-another-{number}")
            await reader.until(f"-of-another-{number}")
        memory = int(status(pid)["VmRSS"][0]) << 10
        assert reader.flooding > 0
    fields = drop["output_fields"]
    assert (fields["container.id"], fields["cause"]) == (container.id[:12], CAUSES[1])
    assert fields["proc.name"].startswith("python")
    assert drop["tiercel"]["container"]["id"] == container.id
    losers = {alert["output_fields"]["container.id"] for alert in reader.others if alert["rule"] == DROP_RULE}
    assert another.id[:12] not in losers
    assert memory < MEMORY

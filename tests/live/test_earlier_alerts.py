"""A sensor that is started again counts the alerts that the one before it has kept of processes that live on."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.protocol import GetHealth, ListProcesses
from engine.service.client import Client
from tests.helpers.program import running, until

pytestmark = pytest.mark.live
RULE = """
- rule: Reads it
  desc: The test's file was read.
  condition: evt.type in (open, openat) and fd.name = {file}
  output: Read by %proc.pid
  priority: Notice
"""


@pytest.fixture
async def reader() -> AsyncIterator[Process]:
    """A shell that does what it is told."""
    shell = await asyncio.create_subprocess_exec("/bin/sh", stdin=PIPE)
    yield shell
    assert shell.stdin is not None
    shell.stdin.close()
    await shell.wait()


async def test_alerts_of_before_the_start_are_those_of_who_lives_on(reader: Process, tmp_path: Path) -> None:
    file, rules, socket = tmp_path / "file", tmp_path / "rules.yaml", tmp_path / "s"
    file.touch()
    rules.write_text(RULE.format(file=file))
    given = ["--docker", "none", "-r", str(rules), "--store", str(tmp_path / "alerts.db")]
    assert reader.stdin is not None
    async with running("watch", "--json", *given) as watch:
        await watch.said("live")
        reader.stdin.write(f": <{file}\n".encode() * 2)
        await until(lambda: len(watch.alerts) == 2, "both are told")
        await watch.ended(signal.SIGTERM)
    async with running("sensor", "--socket", str(socket), *given) as sensor:
        await sensor.said("look at it")
        client = await Client.connect(socket)
        async with asyncio.timeout(60):
            while not (found := [row for row in (await client.ask(ListProcesses())).rows if row.alerts]):
                await client.ask(GetHealth())
        await client.close()
    assert [(row.pid, row.severities) for row in found] == [(reader.pid, {"Notice": 2})]

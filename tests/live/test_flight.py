"""What surrounds an alert on a real kernel is there for another sensor, after the first has ended."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from engine.events import KernelEvent
from engine.protocol import Around, ListAround
from engine.rules.load import load
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.store import AlertStore
from tests.helpers.containers import Cgroup
from tests.helpers.kernel import watching

pytestmark = [pytest.mark.live, pytest.mark.asyncio]

RULES = """
- rule: Secret read
  desc: A file was read.
  condition: evt.type = openat and fd.name endswith /secret
  output: Read
  priority: Warning
"""
DO = """
import os, socket, subprocess, sys
folder = sys.argv[1]
open(folder + "/secret").close()
open(folder + "/loot", "w").close()
with socket.socket() as one:
    one.connect_ex(("127.0.0.1", 9))
subprocess.run(["/bin/true"])
"""


@contextmanager
def sensor(folder: Path) -> Iterator[Sensor]:
    rules = folder / "rules.yaml"
    rules.write_text(RULES)
    with closing(AlertStore(folder / "alerts.db")) as store:
        yield Sensor([], load([rules]), store, load_rules=lambda: load([rules]), hostname="lab")


async def test_what_a_container_did_around_an_alert_outlives_the_sensor(container: Cgroup, tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    async with watching() as watched:
        watched.source.select({"openat", "connect"})
        pid = container.run(sys.executable, "-S", "-c", DO, str(tmp_path))
        await watched.until(KernelEvent, type="procexit", pid=pid)
        with sensor(tmp_path) as first:
            first.feed(watched.inputs)
            first.flight.finish()
            assert first.store.total == 1
    with sensor(tmp_path) as second:
        found = await Desk(second).answer(ListAround(1))
    assert isinstance(found, Around)
    assert found.origin == "the store"
    did = {(row.kind, row.target) for row in found.rows}
    assert {("read", f"{tmp_path}/secret"), ("written", f"{tmp_path}/loot")} <= did
    assert any(kind == "network" and "127.0.0.1:9" in target for kind, target in did)
    assert any(kind == "program" and target.endswith("/true") for kind, target in did)
    tree = {row.name: row for row in found.processes}
    assert tree["true"].depth > next(row for row in found.processes if row.pid == pid).depth
    assert all(row.exit_time for row in found.processes if row.container_id == container.id)

"""The alerts of processes at another time: as many as they had by then, and as the list of their alerts has."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from engine.alerts import Alert, Priority
from engine.protocol import ListAlerts, ListProcesses, Locate, Processes, ProcessRow
from engine.rules.load import load
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.sinks.fanout import Fanout
from engine.store import AlertStore
from scripts.shoot import DEMO, replayed
from tests.helpers.disks import damage
from tests.helpers.sample_alerts import SECOND, alert
from tests.helpers.world import T0, process_info, snapshot

PIDS = (4711, 4712, 4713, 4714)
EARLIER = 40
"""Alerts that a sensor of before has kept of them, of two seconds each."""
BEGAN = T0 - 100 * SECOND


def random_alerts(seed: int) -> list[Alert]:
    """Some of each process but the last, in their order."""
    random = Random(seed)
    shown = [Priority.CRITICAL, Priority.WARNING, Priority.NOTICE]
    times = sorted(T0 + random.randrange(60) * SECOND for _ in range(EARLIER * 2))
    return [_alert(random.choice(PIDS[:-1]), time, random.choice(shown)) for time in times]


def _alert(pid: int, time: int, priority: Priority) -> Alert:
    return alert(f"of {priority.label}", pid=pid, time=time, priority=priority)


ALERTS = random_alerts(7)


@pytest.fixture
def sensor(tmp_path: Path) -> Iterator[Sensor]:
    """One that was started again between its alerts, and has seen who lives."""
    path = tmp_path / "rules.yaml"
    path.write_text("- {rule: a, desc: d, condition: evt.type = execve, output: o, priority: NOTICE}\n")
    for boot, alerts in (("before", [_alert(4711, T0, Priority.WARNING)]), ("now", ALERTS[:EARLIER])):
        with closing(AlertStore(tmp_path / "alerts.db", boot=boot)) as store:
            store.add(alerts)
    with closing(AlertStore(tmp_path / "alerts.db", boot="now")) as store:
        made = Sensor([], load([path]), store, load_rules=lambda: load([path]), hostname="lab", sinks=Fanout([]))
        made.feed([snapshot(*(process_info(pid, pid * SECOND, started=BEGAN) for pid in PIDS))])
        for one in ALERTS[EARLIER:]:
            store.add([one])
            made.world.note_alert(one)
        yield made


async def rows(desk: Desk, at: int, pid: int = 0) -> dict[int, ProcessRow]:
    reply = await desk.answer(ListProcesses(at=at, pid=pid, start=pid * SECOND))
    assert isinstance(reply, Processes)
    return {row.pid: row for row in reply.rows}


def by_then(at: int, pid: int) -> dict[str, int]:
    """One by one."""
    return dict(Counter(one.priority.label for one in ALERTS if one.lineage[0].pid == pid and one.time <= at))


@pytest.mark.parametrize("second", [-1, 0, 7, 30, 31, 59, 1000])
async def test_each_has_those_of_by_then(sensor: Sensor, second: int) -> None:
    at = T0 + second * SECOND
    desk = Desk(sensor)
    found = await rows(desk, at)
    assert {pid: row.severities for pid, row in found.items()} == {pid: by_then(at, pid) for pid in PIDS}
    for pid, row in found.items():
        assert row.alerts == sum(row.severities.values())
        assert row.worst == min((one for one in Priority if one.label in row.severities), default=None)
        assert (await rows(desk, at, pid))[pid] == row, "the process by itself"


async def test_now_it_has_all(sensor: Sensor) -> None:
    desk = Desk(sensor)
    await rows(desk, T0)
    found = await rows(desk, 0)
    assert {pid: row.severities for pid, row in found.items()} == {pid: by_then(T0 * 2, pid) for pid in PIDS}


async def test_what_the_store_cannot_tell_is_not_shown_as_of_now(sensor: Sensor, tmp_path: Path) -> None:
    desk, at = Desk(sensor), T0 + 30 * SECOND
    assert any(row.alerts for row in (await rows(desk, at)).values())
    with closing(AlertStore(tmp_path / "damaged.db", boot="now")) as store:
        store.add(ALERTS)
    with closing(AlertStore(tmp_path / "damaged.db", boot="now")) as sensor.store:
        damage(tmp_path / "damaged.db")
        found = await rows(desk, at)
    assert [(row.alerts, row.worst, row.severities) for row in found.values()] == [(0, None, {})] * len(PIDS)


async def test_in_a_replay_each_has_those_that_its_list_has() -> None:
    client, child = await replayed(DEMO)
    alerts = (await client.ask(ListAlerts())).rows
    for at in [one.time for one in alerts[:: len(alerts) // 6]]:
        last = (await client.ask(Locate(at))).alert_id
        for row in (await client.ask(ListProcesses(at=at))).rows:
            listed = await client.ask(ListAlerts(pid=row.pid, start=row.start, before=last))
            assert row.severities == dict(Counter(one.priority.label for one in listed.rows))
    await client.close()
    assert await asyncio.to_thread(child.wait, 10) == 0

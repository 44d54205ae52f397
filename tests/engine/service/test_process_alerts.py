"""The alerts of processes in their tree: also those that an earlier sensor has kept of who lives still."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from engine.alerts import Alert, Priority
from engine.flight.around import kept_with
from engine.protocol import Alerts, ListAlerts, ListProcesses, Processes
from engine.rules.load import load
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.sinks.fanout import Fanout
from engine.state.processes import ProcessKey
from engine.store import AlertStore
from engine.store.of_processes import COUNTED
from tests.helpers.disks import damage
from tests.helpers.flights import opens
from tests.helpers.sample_alerts import SECOND, WEB, alert
from tests.helpers.world import T0, process_info, snapshot

OLD, BUSY, YOUNG = (4711, 4711 * SECOND), (4712, 4712 * SECOND), (4713, 4713 * SECOND)
BOOT = T0 - 10_000 * SECOND


def of(key: ProcessKey, rule: str = "Read", ago: int = 60, priority: Priority = Priority.WARNING) -> Alert:
    return alert(rule, pid=key[0], time=T0 - ago * SECOND, priority=priority)


BEFORE = [of(BUSY), of(OLD, ago=20_000)]
"""Of those with the same pids and starts, before the machine was started again; the clock was behind then, or ahead."""
EARLIER = [
    of(OLD, "Shell", priority=Priority.NOTICE),
    of(BUSY),
    of(BUSY, "Shell", priority=Priority.NOTICE),
    of(BUSY, ago=20_000),  # the clock was set since
    of((4711, 1)),
]
EARLIER[-1].lineage[0].start = 1


@pytest.fixture
def sensor(tmp_path: Path) -> Iterator[Sensor]:
    """One that was started again on a store with alerts; it has not seen yet who lives."""
    path = tmp_path / "rules.yaml"
    path.write_text("- {rule: a, desc: d, condition: evt.type = execve, output: o, priority: NOTICE}\n")
    keep(tmp_path / "alerts.db", "before", BEFORE)
    keep(tmp_path / "alerts.db", "now", EARLIER)
    with closing(AlertStore(tmp_path / "alerts.db", boot="now")) as store:
        yield Sensor([], load([path]), store, load_rules=lambda: load([path]), hostname="lab", sinks=Fanout([]))


def keep(path: Path, boot: str, alerts: list[Alert]) -> None:
    """As a sensor of that boot does it."""
    with closing(AlertStore(path, boot=boot)) as store:
        store.add(alerts)


def lives(sensor: Sensor) -> None:
    keys = (OLD, BUSY, YOUNG)
    sensor.feed([snapshot(*(process_info(*key, started=BOOT + key[1]) for key in keys))])


def comes(sensor: Sensor, made: Alert) -> None:
    """As the sensor does it with a new one."""
    sensor.store.add([made])
    sensor.world.note_alert(made)


async def counted(desk: Desk) -> dict[int, dict[str, int]]:
    reply = await desk.answer(ListProcesses())
    assert isinstance(reply, Processes)
    return {row.pid: row.severities for row in reply.rows if row.alerts}


async def test_alerts_of_before_the_start_count_and_so_do_those_that_come(sensor: Sensor) -> None:
    desk = Desk(sensor)
    assert await counted(desk) == {}, "nobody is known yet"
    lives(sensor)
    comes(sensor, of(OLD, ago=0))
    found = {4711: {"Warning": 1, "Notice": 1}, 4712: {"Warning": 2, "Notice": 1}}
    assert await counted(desk) == found
    comes(sensor, of(YOUNG, ago=0))
    assert await counted(desk) == found | {4713: {"Warning": 1}}, "once"
    assert [one.severities for one in sensor.world.processes if one.key == YOUNG] == [{Priority.WARNING: 1}]


async def test_they_are_as_many_as_the_list_of_its_alerts_has_of_this_boot(sensor: Sensor) -> None:
    lives(sensor)
    desk = Desk(sensor)
    counts = await counted(desk)
    for pid, start in (OLD, BUSY, YOUNG):
        page = await desk.answer(ListAlerts(pid=pid, start=start))
        assert isinstance(page, Alerts)
        assert sum(counts.get(pid, {}).values()) == len([one for one in page.rows if one.id > len(BEFORE)])


async def test_two_who_look_at_once_count_once(sensor: Sensor) -> None:
    lives(sensor)
    desk = Desk(sensor)
    first, second = await asyncio.gather(counted(desk), counted(desk))
    assert first == second == {4711: {"Notice": 1}, 4712: {"Warning": 2, "Notice": 1}}


async def test_what_the_store_cannot_tell_now_is_asked_for_the_next_time(sensor: Sensor, tmp_path: Path) -> None:
    lives(sensor)
    desk, whole = Desk(sensor), sensor.store
    keep(tmp_path / "damaged.db", "now", EARLIER)
    with closing(AlertStore(tmp_path / "damaged.db", boot="now")) as sensor.earlier.store:
        damage(tmp_path / "damaged.db")
        assert await counted(desk) == {}
    sensor.earlier.store = whole
    assert set(await counted(desk)) == {4711, 4712}


async def test_who_looks_while_the_processes_are_still_listed_gets_them_all_behind_that(sensor: Sensor) -> None:
    desk = Desk(sensor)
    whole = snapshot(*(process_info(*key, started=BOOT + key[1]) for key in (OLD, BUSY)))
    first, second = whole.processes
    sensor.feed([msgspec.structs.replace(whole, processes=[first], more=True)])
    assert await counted(desk) == {}, "half of the snapshot"
    sensor.feed([msgspec.structs.replace(whole, processes=[second])])
    assert await counted(desk) == {4711: {"Notice": 1}, 4712: {"Warning": 2, "Notice": 1}}


async def test_screens_are_told_that_there_is_something_new(sensor: Sensor) -> None:
    lives(sensor)
    before = sensor.world.processes_generation
    await sensor.earlier.count()
    found = sensor.world.processes_generation
    assert found > before
    await sensor.earlier.count()
    assert sensor.world.processes_generation == found


async def test_what_is_kept_of_a_process_is_the_same_whoever_looks(sensor: Sensor) -> None:
    """With an alert its process is kept, and how many alerts that has caused."""
    lives(sensor)
    sensor.feed([opens("/etc/shadow", BUSY[0], start=BUSY[1], container_id=WEB.id)])
    made = of(BUSY, ago=0)
    comes(sensor, made)
    sensor.flight.note([made])
    await sensor.flight.collect()
    sensor.flight.finish()
    kept = await kept_with(sensor.store, made)
    assert [row.severities for row in kept.processes if row.pid == BUSY[0]] == [{"Warning": 3, "Notice": 1}]


def test_no_alert_is_read_for_it(sensor: Sensor) -> None:
    """The bodies of a flood are gigabytes."""
    plan = sensor.store._connection.execute(f"EXPLAIN QUERY PLAN {COUNTED}", (1, 1, 1, 1, 1)).fetchall()
    assert sum("COVERING INDEX" in row[-1] for row in plan) == 2, plan

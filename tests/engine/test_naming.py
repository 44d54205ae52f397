"""An alert that came before its container's name was known gets it: in the list and in the store, not where it was
printed."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from engine.alerts import ContainerRef
from engine.protocol import ListAlerts, ListStacks
from engine.rules.load import load
from engine.sensor import Sensor
from engine.sinks.falco_json import to_falco
from engine.sinks.fanout import Fanout
from engine.store import AlertStore
from engine.store.naming import MOST, STEP
from tests.helpers.collected import Collected
from tests.helpers.disks import no_space
from tests.helpers.sample_alerts import alert
from tests.helpers.world import DB, SECOND, WEB, docker, docker_connected, execve

RULES = """
- rule: Shell
  desc: A shell was started.
  condition: evt.type = execve and proc.name = sh
  output: in %container.name
  priority: NOTICE
"""
LATE = 9 * SECOND
"""Nobody waits for a name for so long."""


@pytest.fixture
def printed() -> Collected:
    """It prints as late as it can: only in the end."""
    return Collected()


@pytest.fixture
async def sensor(tmp_path: Path, printed: Collected) -> AsyncIterator[Sensor]:
    """One that has waited in vain for the names of two containers."""
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        sensor = Sensor(
            [], load([path]), store, load_rules=lambda: load([path]), hostname="lab", sinks=Fanout([printed])
        )
        sensor.feed([docker_connected()])
        sensor.feed([execve(40, "/bin/sh", container_id=WEB), execve(41, "/bin/sh", container_id=DB, at=1)])
        sensor.feed([execve(42, "/bin/ls", at=LATE)])
        yield sensor


async def names(sensor: Sensor) -> dict[str, list[str]]:
    """Of each container, the name as the list has it, then as its single alerts have it, the newest first."""
    rows = (await sensor.store.stacks(ListStacks())).rows
    return {
        row.container_id: [
            row.container,
            *(one.container.name for one in (await sensor.store.alerts(ListAlerts(row.stack))).rows if one.container),
        ]
        for row in rows
    }


async def test_it_is_named_when_docker_has_told_and_only_then(sensor: Sensor) -> None:
    await sensor.naming.look()
    assert await names(sensor) == {WEB: ["", ""], DB: ["", ""]}
    assert sensor.pulse().named == 0
    sensor.feed([docker(WEB, at=LATE, name="web", image="shop:1", complete=True, privileged=True)])
    await sensor.naming.look()
    assert await names(sensor) == {WEB: ["web", "web"], DB: ["", ""]}
    assert sensor.pulse().named == 1, "screens that show it are told"
    (found,) = (await sensor.store.stacks(ListStacks(filter="container.name=web and container.image=shop:1"))).rows
    assert found.container_id == WEB
    assert [row.container_id for row in (await sensor.store.stacks(ListStacks(filter="shop"))).rows] == [WEB]
    assert (await sensor.store.alert(1)).container == ContainerRef(WEB, "web", "shop:1", privileged=True)
    await sensor.naming.look()
    assert sensor.pulse().named == 1


async def test_what_was_printed_stays_and_what_is_printed_late_is_as_it_was(sensor: Sensor, printed: Collected) -> None:
    sensor.feed([docker(WEB, at=LATE, name="web")])
    await sensor.naming.look()
    await sensor.run()  # only now do the sinks come to it
    late = next(one for one in printed.alerts if one.container and one.container.id == WEB)
    assert late.container == ContainerRef(WEB)
    kept = await sensor.store.alert(late.id)
    assert (kept.output, kept.output_fields) == (late.output, late.output_fields)
    assert msgspec.structs.replace(kept, container=ContainerRef(WEB)) == late
    assert to_falco(late)["output_fields"] == to_falco(kept)["output_fields"]


async def test_alerts_that_follow_have_the_name_themselves(sensor: Sensor) -> None:
    sensor.feed([docker(WEB, at=LATE, name="web"), execve(40, "/bin/sh", container_id=WEB, at=LATE + 1)])
    assert await names(sensor) == {WEB: ["web", "web", ""], DB: ["", ""]}
    await sensor.naming.look()
    assert (await names(sensor))[WEB] == ["web", "web", "web"]


async def test_a_paused_list_has_it_too(sensor: Sensor) -> None:
    sensor.feed([docker(DB, at=LATE, name="db"), execve(41, "/bin/sh", container_id=DB, at=LATE + 1)])

    async def then() -> list[str]:
        return [row.container for row in (await sensor.store.stacks(ListStacks(before=2))).rows]

    assert await then() == ["", ""]
    await sensor.naming.look()
    assert await then() == ["db", ""]


async def test_a_sensor_that_is_started_again_names_those_of_before(sensor: Sensor, tmp_path: Path) -> None:
    sensor.store.close()
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        assert set(store.nameless) == {WEB, DB}
        assert await store.name(ContainerRef(WEB, "web"))
        assert (await store.alert(1)).container == ContainerRef(WEB, "web")
        assert store.nameless == [DB]


async def test_while_the_disk_is_full_it_waits(sensor: Sensor) -> None:
    sensor.feed([docker(WEB, at=LATE, name="web")])
    with no_space():
        sensor.store.add([alert(container=ContainerRef(WEB))])
        await sensor.naming.look()
        assert sensor.pulse().named == 0
    await sensor.naming.look()
    assert all(name == "web" for name in (await names(sensor))[WEB])
    assert (await sensor.store.alert(3)).container == ContainerRef(WEB, "web", "shop:1", privileged=False)


async def test_as_long_as_alerts_wait_for_the_disk_their_container_is_not_done(tmp_path: Path) -> None:
    """What is there could be named; what waits would then stay without."""
    with closing(AlertStore(tmp_path / "alerts.db")) as store, closing(sqlite3.connect(tmp_path / "alerts.db")) as disk:
        store.add([alert(container=ContainerRef(WEB))])
        disk.execute("CREATE TRIGGER full BEFORE INSERT ON alerts BEGIN SELECT RAISE(ABORT, 'no room'); END")
        store.add([alert(container=ContainerRef(WEB))])
        assert not await store.name(ContainerRef(WEB, "web"))
        assert store.nameless == [WEB]
        disk.execute("DROP TRIGGER full")
        assert await store.name(ContainerRef(WEB, "web"))
        assert (await store.alert(2)).container == ContainerRef(WEB, "web")


async def test_a_store_that_refuses_is_told_once_and_once_when_it_takes_the_name(tmp_path: Path) -> None:
    told: list[str] = []
    with closing(AlertStore(tmp_path / "alerts.db", report=lambda what, _hint: told.append(what))) as store:
        store.add([alert(container=ContainerRef(WEB))])
        with no_space():
            for _ in range(3):
                assert not await store.name(ContainerRef(WEB, "web"))
        assert ["cannot be written" in what for what in told] == [True]
        assert await store.name(ContainerRef(WEB, "web"))
        assert told[1:] == ["the alert store can be written again"]


async def test_thousands_are_named_in_steps_and_no_other_is_touched(tmp_path: Path) -> None:
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        for number in range(3 * STEP):
            store.add(
                [alert(f"Rule {number % 3}", container=ContainerRef(WEB)), alert(container=ContainerRef(DB, "x"))]
            )
        assert await store.name(ContainerRef(WEB, "web"))
        rows = (await store.alerts(ListAlerts(limit=6 * STEP))).rows
        assert {one.container.name for one in rows if one.container and one.container.id == WEB} == {"web"}
        assert {one.container.name for one in rows if one.container and one.container.id == DB} == {"x"}
        assert store.nameless == []


async def test_an_alert_that_was_damaged_on_the_disk_costs_no_other_its_name(sensor: Sensor, tmp_path: Path) -> None:
    sensor.feed([execve(43, "/bin/sh", container_id=WEB, at=LATE + 1), docker(WEB, at=LATE + 2, name="web")])
    with closing(sqlite3.connect(tmp_path / "alerts.db")) as disk, disk:
        disk.execute("UPDATE alerts SET body = x'c1' WHERE id = 1")
    await sensor.naming.look()
    assert (await sensor.store.alert(3)).container == ContainerRef(WEB, "web", "shop:1", privileged=False)
    assert sensor.store.nameless == [DB]


async def test_a_name_that_is_no_text_is_kept_as_far_as_it_is_and_costs_no_other_its_name(sensor: Sensor) -> None:
    """What answers as Docker may say anything, as the half of a character."""
    sensor.feed([docker(WEB, at=LATE, name="we\ud800b"), docker(DB, at=LATE, name="db")])
    await sensor.naming.look()
    assert await names(sensor) == {WEB: ["we\\ud800b", "we\\ud800b"], DB: ["db", "db"]}
    assert sensor.store.nameless == []


async def test_stacks_are_named_in_the_same_steps_as_their_alerts(tmp_path: Path) -> None:
    path = tmp_path / "alerts.db"
    with closing(AlertStore(path)) as store, closing(sqlite3.connect(path)) as disk:
        store.add([alert(f"Rule {number}", container=ContainerRef(WEB)) for number in range(3 * STEP)])
        naming = asyncio.create_task(store.name(ContainerRef(WEB, "web")))
        named = [0]
        while not naming.done():
            await asyncio.sleep(0)
            named += disk.execute("SELECT count(*) FROM stacks WHERE container = 'web'").fetchone()
        assert await naming
        steps = [after - before for before, after in itertools.pairwise(named)]
        assert (max(steps), sum(steps)) == (STEP, 3 * STEP)


def test_of_very_many_containers_the_latest_are_remembered(tmp_path: Path) -> None:
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        store.add([alert(container=ContainerRef(f"{number:064x}")) for number in range(MOST + 3)])
        assert store.nameless == [f"{number:064x}" for number in range(3, MOST + 3)]
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        assert store.nameless == [f"{number:064x}" for number in range(3, MOST + 3)]

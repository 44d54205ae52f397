"""What surrounds an alert, kept in a real store and read by another sensor."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.events import ContainerAction, Input
from engine.flight.around import around
from engine.protocol import Around, Entry, GetEntry, ListAround
from engine.rules.load import load
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.state.world import World
from engine.store import AlertStore
from tests.helpers.flights import REPLAYING, incident, one_alert, opens
from tests.helpers.sources import ListSource
from tests.helpers.world import SECOND, T0, WEB, clone, docker, execve

RULES = """
- rule: Reads it
  desc: A file was read.
  condition: evt.type = openat and fd.name = /etc/shadow
  output: Read
  priority: Warning
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


async def watch(rules: Path, *batches: Sequence[Input], store: AlertStore | None = None) -> None:
    """A sensor sees all of it and ends."""
    with closing(store or AlertStore(rules.parent / "alerts.db")) as kept:
        sensor = Sensor(
            [ListSource([REPLAYING], *batches)], load([rules]), kept, load_rules=lambda: load([rules]), hostname="lab"
        )
        await sensor.run()


async def asked_tomorrow(rules: Path, request: ListAround) -> Around:
    """Another sensor, which has seen nothing, is asked through its desk."""
    with closing(AlertStore(rules.parent / "alerts.db")) as store:
        sensor = Sensor([], load([rules]), store, load_rules=lambda: load([rules]), hostname="lab")
        reply = await Desk(sensor).answer(request)
    assert isinstance(reply, Around)
    return reply


def targets(reply: Around) -> list[str]:
    return [row.target for row in reply.rows][::-1]


async def test_a_new_sensor_shows_what_surrounded_an_alert_of_another(rules: Path) -> None:
    await watch(rules, incident())
    reply = await asked_tomorrow(rules, ListAround(1))
    assert [target for target in targets(reply) if target] == ["/before", "/bin/cat", "/etc/shadow", "/after"]
    assert reply.origin == "the store"
    assert [(row.depth, row.cmdline, bool(row.exit_time)) for row in reply.processes] == [
        (0, "sh", False), (1, "cat /etc/shadow", True),
    ]  # fmt: skip
    assert reply.container is not None
    assert reply.container.info.image == "shop:1"


async def test_of_the_process_only_its_own_tree_is_shown(rules: Path) -> None:
    await watch(rules, incident())
    reply = await asked_tomorrow(rules, ListAround(1, tree=True))
    assert {row.pid for row in reply.rows} == {11}
    assert "/etc/shadow" in targets(reply)


async def test_on_the_host_it_is_the_tree_and_nobody_else(rules: Path) -> None:
    others = [opens("/elsewhere", 77, at=-SECOND)]
    await watch(rules, [*others, *incident("")])
    reply = await asked_tomorrow(rules, ListAround(1))
    assert "/before" in targets(reply)
    assert "/elsewhere" not in targets(reply)


async def test_what_is_in_memory_and_what_is_kept_are_one_list(rules: Path) -> None:
    store = AlertStore(rules.parent / "alerts.db")
    with closing(store):
        sensor = Sensor(
            [ListSource([REPLAYING], incident())], load([rules]), store, load_rules=lambda: load([rules]), hostname="x"
        )
        await sensor.run()
        live = await around(sensor.world, store, await store.alert(1), ListAround(1))
        kept = await around(World(), store, await store.alert(1), ListAround(1))
    assert live.origin == "memory"
    assert live.rows == kept.rows


async def test_why_there_is_nothing_is_said(rules: Path) -> None:
    with closing(AlertStore(rules.parent / "alerts.db")) as store:
        store.add([one_alert(WEB, T0)])
    assert "was killed" in (await asked_tomorrow(rules, ListAround(1))).why


async def entry_tomorrow(rules: Path) -> Entry:
    with closing(AlertStore(rules.parent / "alerts.db")) as store:
        sensor = Sensor([], load([rules]), store, load_rules=lambda: load([rules]), hostname="lab")
        reply = await Desk(sensor).answer(GetEntry(1))
    assert isinstance(reply, Entry)
    return reply


def entered(at: int) -> list[Input]:
    """Docker is asked for the shell of the incident, by its command line."""
    asked = {"execID": "e1", "detail": "sh"}
    begun = at - 80 * SECOND
    return [
        execve(4, "/usr/bin/docker", "exec", "web", "sh", at=begun - SECOND),
        execve(5, "/usr/bin/containerd-shim", at=begun - SECOND),
        docker(at=begun - SECOND),
        ContainerAction(WEB, T0 + begun - 2, "exec_create", asked),
        ContainerAction(WEB, T0 + begun - 1, "exec_start", asked),
        clone(5, 10, at=begun - 1),
        *incident(at=at),
    ]


async def test_how_somebody_entered_is_kept_with_the_alert(rules: Path) -> None:
    await watch(rules, entered(0))
    row = (await entry_tomorrow(rules)).row
    assert row is not None
    assert row.asker is not None
    assert (row.exec_id, row.command, row.asker.cmdline, row.ended) == ("e1", "sh", "docker exec web sh", 0)


async def test_an_entry_that_ends_later_is_kept_with_its_end(rules: Path) -> None:
    died = ContainerAction(WEB, T0 + 900 * SECOND, "exec_die", {"execID": "e1", "exitCode": "7"})
    with closing(AlertStore(rules.parent / "alerts.db")) as store:
        sensor = Sensor([], load([rules]), store, load_rules=lambda: load([rules]), hostname="lab")
        sensor.feed([REPLAYING, *entered(0), opens("/much/later", at=600 * SECOND, container_id=WEB)])
        await sensor.flight.collect()
        sensor.feed([died])
        await sensor.flight.collect()
    row = (await entry_tomorrow(rules)).row
    assert row is not None
    assert (row.ended, row.exit_code) == (T0 + 900 * SECOND, 7)


async def test_how_a_container_was_started_is_kept_with_the_alert(rules: Path) -> None:
    inside: dict[str, Any] = {"container_id": WEB, "vpid": 1}
    await watch(
        rules,
        [
            execve(4, "/usr/bin/docker", "run", "shop:1", at=-SECOND),
            docker(privileged=True),
            ContainerAction(WEB, T0, "start"),
            execve(10, "/bin/httpd", at=1, **inside),
            opens("/etc/shadow", 10, at=2, container_id=WEB),
        ],
    )
    reply = await entry_tomorrow(rules)
    assert reply.container is not None
    assert reply.asker is not None
    assert (reply.container.info.privileged, reply.asker.cmdline) == (True, "docker run shop:1")

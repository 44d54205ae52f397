"""Events that were lost are an alert, which says whose they were."""

from __future__ import annotations

import msgspec
import pytest

from engine.alerts import DROP_RULE, Alert, Priority
from engine.drops import CAUSES, OTHER_NAME, PERIOD, REMEMBERED, Drops
from engine.events import HOST, OTHER, Loss
from engine.sinks.falco_json import to_falco
from engine.state.world import World
from tests.helpers.world import SECOND, WEB, docker, execve

FULL, SHARE = CAUSES


@pytest.fixture
def world() -> World:
    world = World()
    world.apply(docker())
    world.apply(execve(4711, "/bin/storm", container_id=WEB))
    return world


def loss(count: int = 7, *, time: int = SECOND, container_id: str = WEB, cause: str = SHARE, pid: int = 4711) -> Loss:
    return Loss(time=time, count=count, cause=cause, container_id=container_id, pid=pid, comm="storm" if pid else "")


def told(drops: Drops, *losses: Loss) -> list[Alert]:
    return [alert for each in losses if (alert := drops.note(each)) is not None]


def test_where_each_cgroup_could_not_be_counted_the_alert_says_so(world: World) -> None:
    (alert,) = told(Drops(world, "prod-7"), loss(container_id=OTHER))
    assert alert.output.startswith(f"Events of {OTHER_NAME} were lost")


def test_the_alert_says_who_floods(world: World) -> None:
    (alert,) = told(Drops(world, "prod-7"), loss())
    assert alert.output == f"Events of web were lost: {SHARE} (n_drops=7 process=storm (pid 4711))"
    assert (alert.rule, alert.priority, alert.hostname) == (DROP_RULE, Priority.WARNING, "prod-7")
    assert alert.container is not None
    assert (alert.container.name, alert.process and alert.process.name) == ("web", "storm")


def test_it_has_the_form_of_falcos_own(world: World) -> None:
    (alert,) = told(Drops(world, "prod-7"), loss())
    printed = to_falco(alert)
    assert (printed["rule"], printed["source"], printed["priority"]) == (DROP_RULE, "internal", "Warning")
    assert printed["output_fields"]["n_drops"] == 7
    assert printed["output_fields"]["container.id"] == WEB[:12]


def test_a_flood_that_goes_on_is_told_again_with_all_that_was_lost_meanwhile(world: World) -> None:
    drops = Drops(world, "prod-7")
    losses = [loss(10, time=SECOND + PERIOD * n // 10) for n in range(21)]
    assert [alert.output_fields["n_drops"] for alert in told(drops, *losses)] == [10, 100, 100]


def test_each_container_and_cause_is_told_at_once(world: World) -> None:
    drops = Drops(world, "prod-7")
    alerts = told(drops, loss(), loss(container_id=HOST, pid=0), loss(cause=FULL), loss())
    assert [alert.output_fields["container.name"] for alert in alerts] == ["web", "host", "web"]


def test_a_clock_that_is_set_back_hides_no_flood(world: World) -> None:
    drops = Drops(world, "prod-7")
    assert len(told(drops, loss(time=10 * PERIOD), loss(time=SECOND))) == 2


def test_what_is_lost_by_other_causes_is_no_alert(world: World) -> None:
    assert told(Drops(world, "prod-7"), loss(cause="events of the unknown type frob")) == []


def test_a_process_that_nobody_knows_is_told_by_its_name(world: World) -> None:
    (alert,) = told(Drops(world, "prod-7"), msgspec.structs.replace(loss(), pid=99, comm="gone"))
    assert alert.lineage == []
    assert "gone (pid 99)" in alert.output


def test_many_containers_are_no_reason_to_remember_for_ever(world: World) -> None:
    drops = Drops(world, "prod-7")
    told(drops, *(loss(container_id=f"{n // 2:064x}") for n in range(6 * REMEMBERED)))
    assert len(drops._told) <= REMEMBERED
    assert len(drops._untold) <= REMEMBERED

"""The alerts of containers in their list: what the list of alerts of each has, added up."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from engine.alerts import Priority
from engine.errors import TiercelError, UsageError
from engine.protocol import (
    Containers,
    GetAlert,
    ListAlerts,
    ListContainers,
    ListStacks,
    Locate,
    Request,
    SetState,
    Stacks,
)
from engine.rules.load import load
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.sinks.fanout import Fanout
from engine.store import AlertStore
from tests.helpers.sample_alerts import DB, MOMENT, SECOND, WEB, alert
from tests.helpers.world import docker

EARLIER = [
    alert("Shell", priority=Priority.NOTICE),
    alert("Read", time=MOMENT + SECOND),
    alert("Read", time=MOMENT + 2 * SECOND),
    alert("Read", container=DB),
    alert("On the host", container=None),
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """That of a sensor that was started again on a store with alerts."""
    path = tmp_path / "rules.yaml"
    path.write_text("- {rule: a, desc: d, condition: evt.type = execve, output: o, priority: NOTICE}\n")
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        store.add(EARLIER)
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        sensor = Sensor([], load([path]), store, load_rules=lambda: load([path]), hostname="lab", sinks=Fanout([]))
        sensor.feed([docker(WEB.id, name="web"), docker(DB.id, name="db")])
        yield Desk(sensor)


async def counted(desk: Desk, request: ListContainers) -> dict[str, dict[str, int]]:
    reply = await desk.answer(request)
    assert isinstance(reply, Containers)
    return {row.info.name: row.alerts for row in reply.rows}


async def listed(desk: Desk, container_id: str, before: int = 0) -> dict[str, int]:
    """What the list of its alerts shows."""
    page = await desk.answer(ListStacks(container_id=container_id, before=before))
    assert isinstance(page, Stacks)
    counts: Counter[str] = Counter()
    for row in page.rows:
        counts[row.priority.label] += row.count
    assert counts.total() == page.alerts
    return dict(counts)


async def test_alerts_of_before_the_start_count_and_so_do_those_that_come(desk: Desk) -> None:
    assert await counted(desk, ListContainers(before=0)) == {"web": {"Notice": 1, "Warning": 2}, "db": {"Warning": 1}}
    later = [alert("Read", container=DB, time=MOMENT + 9 * SECOND), alert("New", priority=Priority.CRITICAL)]
    desk.sensor.store.add(later)
    found = await counted(desk, ListContainers(before=0))
    assert found == {"web": {"Critical": 1, "Notice": 1, "Warning": 2}, "db": {"Warning": 2}}
    assert found == {one.name: await listed(desk, one.id) for one in (WEB, DB)}
    reply = await desk.answer(ListContainers(before=0))
    assert isinstance(reply, Containers)
    assert {row.info.name: row.last_alert for row in reply.rows}["db"] == MOMENT + 9 * SECOND


@pytest.mark.parametrize("before", [-1, 1, 2, 3, 4, 5, 6, 7])
async def test_by_another_time_it_is_those_up_to_then(desk: Desk, before: int) -> None:
    desk.sensor.store.add([alert("Read", container=DB, time=MOMENT + 9 * SECOND), alert("New", pid=7)])
    found = await counted(desk, ListContainers(before=before))
    assert found == {one.name: await listed(desk, one.id, before) for one in (WEB, DB)}
    known = [one for one in (WEB, WEB, WEB, DB, None, DB, WEB)[: max(before, 0)] if one is not None]
    assert sum(sum(counts.values()) for counts in found.values()) == len(known)


async def test_of_a_store_that_cannot_be_read_containers_are_listed_without_counts(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "alerts.db"
    with closing(sqlite3.connect(path)) as file:
        roots = [root for (root,) in file.execute("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'stacks'")]
    damaged = bytearray(path.read_bytes())
    for root in roots:
        damaged[(root - 1) * 4096 : root * 4096] = b"\xa5" * 4096
    path.write_bytes(damaged)
    with pytest.raises(TiercelError, match="cannot be read"):
        await desk.answer(ListStacks())
    reply = await desk.answer(ListContainers(before=0))
    assert isinstance(reply, Containers)
    assert [(row.info.name, row.alerts, row.uncounted) for row in reply.rows] == [("db", {}, True), ("web", {}, True)]


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64 - 1])
@pytest.mark.parametrize(
    "ask",
    [
        lambda number: ListContainers(before=number),
        lambda number: ListStacks(before=number),
        lambda number: ListStacks(before=number, group="rule"),
        lambda number: ListStacks(offset=number),
        lambda number: ListAlerts(before=number),
        lambda number: ListAlerts(stack=number),
        lambda number: ListAlerts(offset=number),
        GetAlert,
        Locate,
        lambda number: SetState([number], "muted", until=number),
    ],
)
async def test_a_number_that_no_store_holds_is_answered_or_refused(
    desk: Desk, ask: Callable[[int], Request], number: int
) -> None:
    with suppress(UsageError):
        assert await desk.answer(ask(number))


async def test_containers_up_to_an_alert_that_no_store_holds_are_refused_with_the_reason(desk: Desk) -> None:
    with pytest.raises(UsageError, match="larger than any"):
        await desk.answer(ListContainers(before=2**63))


async def test_who_does_not_show_how_many_there_are_does_not_wait_for_it(desk: Desk) -> None:
    reply = await desk.answer(ListContainers())
    assert isinstance(reply, Containers)
    assert reply.rows
    assert not any(row.alerts or row.uncounted for row in reply.rows)

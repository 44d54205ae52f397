"""What surrounds an alert: taken from the events of late, kept in a real store, read by another sensor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.alerts import Alert, Ancestor, ContainerRef, Priority
from engine.events import ContainerAction, Input, Phase, SourceState
from engine.flight.around import around, kept_with
from engine.flight.packing import pack, unpack
from engine.flight.recorder import FlightRecorder
from engine.flight.slices import MOST, Kept, Slice
from engine.protocol import Around, Entry, EventRow, GetEntry, ListAround, SetState
from engine.rules.load import load
from engine.sensor import Sensor
from engine.service.desk import Desk
from engine.state.world import World
from engine.store import AlertStore, Retention, Surrounding
from tests.helpers.sources import ListSource
from tests.helpers.world import DB, SECOND, T0, WEB, clone, docker, event, execve, procexit

RULES = """
- rule: Reads it
  desc: A file was read.
  condition: evt.type = openat and fd.name = /etc/shadow
  output: Read
  priority: Warning
"""
REPLAYING = SourceState(time=0, phase=Phase.REPLAYING)
"""Time is that of the events."""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


def opens(path: str, pid: int = 10, at: int = 0, **more: Any) -> Input:
    from engine.events import Fd

    fd = Fd(num=3, type="file", name=path)
    return event("openat", pid, at, args={"name": path, "flags": 0}, res=3, fd=fd, **more)


def incident(container_id: str = WEB, at: int = 0) -> list[Input]:
    """A shell reads what it should not, by a child; before and after it does other things."""
    inside: dict[str, Any] = {"container_id": container_id}
    return [
        docker(container_id, at=at - 90 * SECOND),
        execve(10, "/bin/sh", at=at - 80 * SECOND, **inside),
        opens("/too/early", at=at - 70 * SECOND, **inside),
        opens("/before", at=at - 50 * SECOND, **inside),
        clone(10, 11, at=at - 2 * SECOND, **inside),
        execve(11, "/bin/cat", "/etc/shadow", at=at - SECOND, ppid=10, **inside),
        opens("/etc/shadow", 11, at=at, ppid=10, comm="cat", **inside),
        procexit(11, at=at + SECOND, ppid=10, comm="cat", **inside),
        opens("/after", at=at + 50 * SECOND, **inside),
        opens("/too/late", at=at + 70 * SECOND, **inside),
    ]


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


# ── tomorrow ────────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── minutes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def one_alert(container_id: str, time: int, num: int = 1, id: int = 0) -> Alert:
    return Alert(
        time=time, rule="Reads it", priority=Priority.WARNING, output="", output_fields={}, id=id, event_num=num,
        container=ContainerRef(container_id) if container_id else None,
        lineage=[Ancestor(11, 11, "cat", container_id=container_id), Ancestor(10, 10, "sh", container_id=container_id)],
    )  # fmt: skip


class Watch:
    """A world, a store and a recorder, stepped by hand."""

    def __init__(self, retention: Retention | None = None) -> None:
        self.world = World()
        self.store = AlertStore(retention=retention)
        self.recorder = FlightRecorder(self.world, self.store.surround, places=2)
        self.world.apply(REPLAYING)

    def see(self, *inputs: Input) -> None:
        for item in inputs:
            self.world.apply(item)

    def alert(self, time: int, container_id: str = WEB) -> Alert:
        (added,) = self.store.add([one_alert(container_id, time, self.world.newest)])
        self.recorder.note([added])
        return added

    def written(self) -> list[tuple[int, int]]:
        """The minutes in the store after that of T0, and the events of each."""
        found = self.store._writer._connection.execute("SELECT since, body FROM surroundings ORDER BY id").fetchall()
        parts = [(since, unpack(body)) for since, body in found]
        return [
            ((since // (60 * SECOND) - T0 // (60 * SECOND)), len(part.rows))
            for since, part in parts
            if part is not None
        ]


@pytest.fixture
def watched() -> Iterator[Watch]:
    one = Watch()
    with closing(one.store):
        yield one


async def test_a_minute_is_written_once_it_is_over(watched: Watch) -> None:
    watched.see(opens("/a", at=20 * SECOND, container_id=WEB))
    watched.alert(T0 + 20 * SECOND)
    await watched.recorder.collect()
    assert watched.written() == []
    watched.see(opens("/b", at=70 * SECOND, container_id=WEB))
    await watched.recorder.collect()
    first = watched.written()
    watched.see(opens("/c", at=200 * SECOND, container_id=DB))
    await watched.recorder.collect()
    assert (len(first), len(watched.written())) == (1, 2)


async def test_an_alert_that_comes_while_the_last_minutes_are_written_is_watched_as_well(watched: Watch) -> None:
    late: list[Alert] = []

    def write(one: Surrounding) -> None:
        watched.store.surround(one)
        late.append(late[0] if late else watched.alert(T0 + 200 * SECOND))

    watched.recorder = FlightRecorder(watched.world, write)
    watched.see(opens("/a", container_id=WEB))
    watched.alert(T0)
    watched.see(opens("/elsewhere", at=200 * SECOND, container_id=DB))
    await watched.recorder.collect()
    watched.see(opens("/after", at=230 * SECOND, container_id=WEB))
    watched.recorder.finish()
    assert "/after" in {row.target for row in (await kept_with(watched.store, late[0])).rows}


async def test_a_flood_of_alerts_writes_each_minute_once(watched: Watch) -> None:
    for number in range(3_000):  # five minutes
        watched.see(opens(f"/{number}", at=number * SECOND // 10, container_id=WEB))
        watched.alert(T0 + number * SECOND // 10)
        if number % 50 == 0:
            await watched.recorder.collect()
    watched.recorder.finish()
    minutes = [minute for minute, _ in watched.written()]
    assert minutes == sorted(set(minutes))
    assert len(minutes) <= 7
    assert all(events <= MOST for _, events in watched.written())


async def test_what_others_would_push_out_is_taken_at_once(watched: Watch) -> None:
    watched.see(opens("/cause", at=SECOND, container_id=WEB))
    alert = watched.alert(T0 + SECOND)
    watched.see(*(opens(f"/noise/{number}", at=2 * SECOND + number, container_id=WEB) for number in range(1_000)))
    watched.recorder.finish()
    kept = await kept_with(watched.store, alert)
    assert "/cause" in {row.target for row in kept.rows}


async def test_two_trees_on_the_host_get_what_is_theirs(watched: Watch) -> None:
    """Also of processes that begin later, and none gets what happened twice."""

    def on_host(pid: int, at: int) -> Alert:
        (added,) = watched.store.add([one_alert("", T0 + at)])
        added.lineage = [Ancestor(pid, pid, "sh"), Ancestor(1, 1, "init")]
        watched.recorder.note([added])
        return added

    watched.see(clone(1, 10), clone(1, 20), opens("/ten", 10, at=1), opens("/twenty", 20, at=2))
    ten, twenty = on_host(10, 3), on_host(20, 3)
    await watched.recorder.collect()
    watched.see(clone(10, 11, at=4), opens("/eleven", 11, at=5, ppid=10), opens("/one", 1, at=6, ppid=0))
    await watched.recorder.collect()
    watched.recorder.finish()
    paths = [[row.target for row in (await kept_with(watched.store, one)).rows if row.target] for one in (ten, twenty)]
    assert [sorted(found) for found in paths] == [["/eleven", "/ten"], ["/twenty"]]


async def test_too_many_places_are_counted(watched: Watch) -> None:
    for place in (WEB, DB, "ef" * 32):
        watched.alert(T0, place)
    assert (watched.recorder.refused, len(watched.recorder.bounds)) == (1, 1)


async def test_what_surrounds_alerts_goes_with_them() -> None:
    one = Watch(Retention(alerts=2))
    with closing(one.store):
        for minute in (0, 10, 20, 30):
            one.see(opens(f"/{minute}", at=minute * 60 * SECOND, container_id=WEB))
            one.alert(T0 + minute * 60 * SECOND)
            await one.recorder.collect()
        one.recorder.finish()
        assert [minute for minute, _ in one.written()] == [0, 10, 20, 30]
        await one.store.maintain()
        await one.store.maintain()
        assert [minute for minute, _ in one.written()] == [0, 30], "of its stack the first and the latest are left"


async def test_what_surrounds_alerts_has_a_bound_and_it_is_said() -> None:
    one = Watch(Retention(bytes=1 << 20))
    with closing(one.store):
        alerts = []
        for minute in range(0, 4_000, 10):
            at = minute * 60 * SECOND
            one.see(*(opens(f"/{minute}/{number * at}", at=at + number, container_id=WEB) for number in range(90)))
            alerts.append(one.alert(T0 + at))
            await one.recorder.collect()
        one.recorder.finish()
        await one.store.maintain()
        size = one.store._writer._connection.execute("SELECT sum(size) FROM surroundings").fetchone()[0]
        assert 0 < size <= 1 << 18
        assert "want of room" in (await around(World(), one.store, alerts[0], ListAround(alerts[0].id))).why
        assert (await around(World(), one.store, alerts[-1], ListAround(alerts[-1].id))).rows


async def test_what_surrounds_an_incident_makes_room_last() -> None:
    """The first alerts are of another container, and somebody works on them."""
    one = Watch(Retention(bytes=1 << 20))
    with closing(one.store):
        alerts = []
        for minute in range(0, 4_000, 10):
            at, place = minute * 60 * SECOND, DB if minute < 100 else WEB
            one.see(*(opens(f"/{minute}/{number * at}", at=at + number, container_id=place) for number in range(90)))
            alerts.append(one.alert(T0 + at, place))
            await one.recorder.collect()
        one.recorder.finish()
        await one.store.set_state(SetState([alerts[0].stack], "incident"))
        await one.store.maintain()
        written = [minute for minute, _ in one.written()]
        assert written[:10] == [*range(0, 100, 10)]
        assert written[10] > 1000, "others went"
        gone = len(alerts) - len(written)
        assert one.store.bounds == {"parts of what surrounds alerts that made room": gone}
        (kept,) = one.store.kept
        assert 0 < kept.size <= kept.most == 1 << 18
        await one.store.set_state(SetState([alerts[0].stack, alerts[-1].stack], "incident"))
        one.store._retention = Retention(bytes=1 << 15)
        await one.store.maintain()
        assert one.store.kept[0].size <= 1 << 13, "when there is nothing else, they go, too"


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def row(num: int, kind: str = "read", pid: int = 1) -> EventRow:
    return EventRow(num, num, "openat", pid, "sh", "3", "", start=pid, kind=kind)  # type: ignore[arg-type]


def test_in_a_full_minute_the_busiest_gives_its_least_telling() -> None:
    part = Slice(0, {3}, most=20)
    for number in range(1, 31):
        part.add(row(number, pid=1))
    for number in range(31, 36):
        part.add(row(number, "program", pid=1))
        part.add(row(number + 100, pid=2))
    assert {131, 132, 133, 134, 135, 31, 32, 33, 34, 35, 3} <= part.rows.keys()
    assert len(part.rows) <= 20
    assert part.left_out == 40 - len(part.rows)


def test_packed_rows_come_back() -> None:
    kept = Kept(rows=[row(1), row(2, "written")], left_out=3)
    assert unpack(pack(kept)) == kept
    assert unpack(pack(Kept())) == Kept()


@pytest.mark.parametrize("body", [b"", b"x", pack(Kept())[:-3]])
def test_bytes_that_are_none_of_ours_are_nothing(body: bytes) -> None:
    assert unpack(body) is None


async def test_the_loop_goes_on_while_rows_are_made(watched: Watch) -> None:
    """Other tasks get their turn several times."""
    watched.see(*(opens("/x", pid, at=SECOND, container_id=WEB) for pid in range(1, 900)))
    watched.alert(T0 + SECOND)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await watched.recorder.collect()
    task.cancel()
    assert turns > 10

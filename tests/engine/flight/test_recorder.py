"""What surrounds an alert: taken from the events of late, by minutes and within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing

import pytest

from engine.alerts import Alert, Ancestor
from engine.events import Input
from engine.flight.around import around, kept_with
from engine.flight.packing import unpack
from engine.flight.recorder import FlightRecorder
from engine.flight.slices import MOST
from engine.protocol import ListAround, SetState
from engine.state.world import World
from engine.store import AlertStore, Retention, Surrounding
from tests.helpers.flights import REPLAYING, one_alert, opens
from tests.helpers.world import DB, SECOND, T0, WEB, clone


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

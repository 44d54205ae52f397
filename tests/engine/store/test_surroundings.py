"""What surrounds alerts goes with them, and stays as long as one of them does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.store import AlertStore, Retention
from engine.store.surroundings import Surrounding
from tests.helpers.sample_alerts import DB, MOMENT, WEB, alert


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


async def test_what_surrounds_no_alert_any_more_goes_also_when_nothing_happens(path: Path) -> None:
    """It is behind very much that still surrounds one, and looked for in small steps."""
    with closing(AlertStore(path)) as store:
        store.add([alert()])
        for _ in range(150):
            store.surround(Surrounding("web", WEB.id, 1, MOMENT, MOMENT, b"events"))
        store.surround(Surrounding("gone", "gone", 1, MOMENT, MOMENT, b"events"))
        for _ in range(3):
            await store.maintain()
        assert await store.surroundings("gone", 0, 2 * MOMENT) == []
        assert store.kept[0].size == 150 * len(b"events")


async def settled(store: AlertStore) -> None:
    """Nothing happens any more."""
    for _ in range(10):
        await store.maintain()


async def test_what_a_look_is_past_when_its_alerts_go_goes_also_when_nothing_happens(path: Path) -> None:
    """The first of many rows, and the look at them is half-way."""
    with closing(AlertStore(path, retention=Retention(alerts=2))) as store:
        store.add([alert("first", container=DB), alert("second")])
        store.surround(Surrounding("db", DB.id, 1, MOMENT, MOMENT, b"events"))
        for _ in range(250):
            store.surround(Surrounding("web", WEB.id, 1, MOMENT, MOMENT, b"events"))
        await store.maintain()
        store.add([alert("third")])
        await settled(store)
        assert [await store.surroundings(place, 0, 2 * MOMENT) for place in ("db", "web")] == [[], [b"events"] * 64]
        assert store.kept[0].size == 250 * len(b"events")


async def test_what_is_written_when_its_alerts_have_gone_goes_also_when_nothing_happens(path: Path) -> None:
    """The minute of a place is over long after a flood has cost its alerts."""
    with closing(AlertStore(path, retention=Retention(alerts=1))) as store:
        store.add([alert("first", container=DB)])
        store.add([alert("second")])
        await settled(store)
        store.surround(Surrounding("db", DB.id, 1, MOMENT, MOMENT, b"events"))
        await settled(store)
        assert (await store.surroundings("db", 0, 2 * MOMENT), store.kept[0].size) == ([], 0)


async def test_what_surrounds_an_alert_that_is_not_on_the_disk_yet_stays(path: Path) -> None:
    """It waits in memory, as the disk took nothing for a moment."""
    with closing(AlertStore(path)) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            store._writer._connection.execute("PRAGMA busy_timeout = 0")
            other.execute("BEGIN IMMEDIATE")
            store.add([alert("first", container=DB)])
        assert len(store._writer.waiting) == 1
        store.surround(Surrounding("db", DB.id, 1, MOMENT, MOMENT, b"events"))
        await settled(store)
        assert store.flush()
        await settled(store)
        assert await store.surroundings("db", 0, 2 * MOMENT) == [b"events"]

"""A flood of ever new stacks pays for itself: who is many, and who goes."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.protocol import ListStacks, SetState
from engine.store import AlertStore, Retention, crowds
from tests.helpers.kept_alerts import crowd, repeated, result_of, rows
from tests.helpers.sample_alerts import DB, MOMENT, SECOND, WEB, alert


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


async def test_a_flood_of_ever_new_stacks_pays_for_itself(path: Path) -> None:
    """However old and quiet the others are, and also while the flood goes on."""
    with closing(AlertStore(path, retention=Retention(alerts=2_000))) as store:
        others = [alert("oldest"), *repeated(40, "quiet"), alert("flood", container=DB), alert("flood", process="sh")]
        store.add(others)
        await store.set_state(SetState([4], "incident"))
        for since in range(0, 4_000, 1_000):
            store.add(crowd(1_000, since))
            await store.maintain()
        found = (await store.stacks(ListStacks(limit=10_000))).rows
        assert store.total == 2_000
        of_flood = [row for row in found if row.rule == "flood" and row.process != "sh" and row.container == "web"]
        assert len(of_flood) == 2_000 - len(others)
        assert max(row.first for row in of_flood) == MOMENT + 3_999 * SECOND, "the latest of it are there"
        left = {(row.rule, row.container, row.process): row.count for row in found if row not in of_flood}
        assert left == {
            ("oldest", "web", "cat"): 1, ("quiet", "web", "cat"): 40, ("flood", "db", "cat"): 1,
            ("flood", "web", "sh"): 1,
        }  # fmt: skip


async def test_when_less_has_to_go_than_when_it_was_begun_to_choose_less_goes(path: Path) -> None:
    """Some have become too old meanwhile."""
    with closing(AlertStore(path)) as store:
        store.add(crowd(1_040))
        assert store._writer.trim(Retention(alerts=1_000)), "it is still being found out"
        while store._writer.trim(Retention(alerts=1_030)):
            pass
        assert store.total == 1_030


async def test_a_choice_that_fails_is_begun_anew(path: Path) -> None:
    with closing(AlertStore(path)) as store:
        store.add(crowd(1_040))
        connection, said, retention = store._writer._connection, [""], Retention(alerts=1_000)
        connection.set_trace_callback(said.append)
        connection.set_progress_handler(lambda: "FROM stacks WHERE id >=" in said[-1], 1)
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            store._writer.trim(retention)
        connection.set_progress_handler(None, 0)
        while store._writer.trim(retention):
            pass
        assert store.total == 1_000


async def test_a_stack_that_is_larger_than_the_crowd_pays_before_it(path: Path) -> None:
    with closing(AlertStore(path, retention=Retention(alerts=1_000))) as store:
        store.add([*repeated(900, "large"), *crowd(300)])
        await store.maintain()
        found = await rows(store)
        assert found["large"].count == 700
        assert store.total == 1_000


async def test_a_flood_does_not_wipe_out_how_it_began_however_long_it_goes_on(path: Path) -> None:
    """Its first stacks stay, also when something repeats late, and the others do not pay for it."""
    with closing(AlertStore(path, retention=Retention(alerts=1_000))) as store:
        store.add([*repeated(2, "quiet"), alert("flood", process="xmrig-dropper")])
        for since in range(0, 20_000, 1_000):
            store.add(crowd(1_000, since))
            if since == 10_000:
                store.add([alert("flood", process="xmrig-dropper", time=MOMENT + since * SECOND)])
            await store.maintain()
        found = {row.process: row for row in (await store.stacks(ListStacks(limit=10_000))).rows}
        assert store.total == 1_000
        assert (found["xmrig-dropper"].count, found["xmrig-dropper"].first) == (2, MOMENT)
        assert {"cat", *(f"p{number}" for number in range(60)), "p19999"} <= set(found)
        assert "p1000" not in found


async def test_of_stacks_that_went_whole_rule_and_container_are_told(path: Path) -> None:
    with closing(AlertStore(path, retention=Retention(alerts=1_000))) as store:
        store.add([*repeated(2, "quiet"), *crowd(1_500)])
        await store.maintain()
        store.add([alert("flood", process=f"q{n}") for n in range(500)])
        await store.maintain()
    with closing(AlertStore(path)) as store:
        (row,) = store.let_go
        added = store.add([alert("later")])
    assert (row.rule, row.container, row.program, row.reason, row.alerts) == ("flood", "web", "", "room", 1_002)
    assert added[0].stack == 2_002, "what is noted of many takes no stack's number"


async def test_some_small_stacks_are_no_crowd_however_far_apart_their_numbers_are(path: Path) -> None:
    """160 small ones among large ones; very many stacks between them have gone."""
    small = [alert("small", process=f"p{n}") for n in range(160)]
    with closing(AlertStore(path)) as store:
        store.add([*small, *small, *repeated(3_300, "large"), *repeated(3_000, "less")])
        assert store.flush()
    with closing(sqlite3.connect(path)) as far_apart, far_apart:
        far_apart.execute("UPDATE alerts SET stack = stack * 2000")
        far_apart.execute("UPDATE stacks SET id = id * 2000")
    with closing(AlertStore(path, retention=Retention(alerts=6_000))) as store:
        await store.maintain()
        found = (await store.stacks(ListStacks(limit=10_000))).rows
        assert sorted(row.count for row in found) == [*[2] * 160, 2_840, 2_840]


async def test_the_small_stacks_of_a_rule_whose_stacks_are_large_are_no_crowd(path: Path) -> None:
    with closing(AlertStore(path, retention=Retention(alerts=1_000))) as store:
        large = [alert("shell", process=f"large{n}") for n in range(100)]
        store.add([*(alert("shell", process=f"small{n}") for n in range(20)), *large * 12])
        await store.maintain()
        assert (store.total, len((await store.stacks(ListStacks(limit=1_000))).rows)) == (1_000, 120)


@pytest.mark.parametrize("larger_than", [10, 25_000, 31_000])
def test_who_is_many_is_found_in_steps_that_are_all_short(path: Path, larger_than: int) -> None:
    """Also where very many stacks are to be counted. The work of a step is what SQLite's machine does in it."""
    with closing(AlertStore(path)) as store:
        store.add(crowd(30_000))
        connection, ticks, steps = store._writer._connection, [0], [0]

        def tick() -> None:
            ticks[0] += 1

        def step() -> None:
            steps.append(ticks[0])

        connection.set_progress_handler(tick, 1_000)
        found = result_of(crowds.crowd(connection, larger_than), step)
        connection.set_progress_handler(None, 0)
    work = [later - earlier for earlier, later in itertools.pairwise(steps)]
    assert max(work) <= 12 * crowds.COUNTED_AT_ONCE // 1_000
    assert found == (("flood", WEB.id) if larger_than < 30_000 else None)
    assert ticks[0] > max(work) or larger_than < 100


@pytest.mark.parametrize("at_once", [1, 7, 63])
async def test_how_long_the_steps_are_changes_nothing_that_goes(
    path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """And alerts that come between two of them are kept."""
    kept_by: list[dict[str, int]] = []
    for size in (crowds.COUNTED_AT_ONCE, at_once):
        monkeypatch.setattr(crowds, "COUNTED_AT_ONCE", size)
        file = path.with_name(f"{size}.db")
        with closing(AlertStore(file, retention=Retention(alerts=1_000))) as store:
            store.add([*repeated(100, "large"), *crowd(1_000)])
            while store._writer.trim(store._retention):
                pass
            store.add(crowd(50, 1_000))
            store._writer.trim(store._retention)  # the first step of a choice, or all of it
            store.add([alert("late")])
            await store.maintain()
            await store.maintain()  # what came while a choice was made is for the next time
            kept_by.append({row.process: row.count for row in (await store.stacks(ListStacks(limit=5_000))).rows})
            assert store.total == 1_000
    assert "p1049" in kept_by[0] and kept_by[0] == kept_by[1]

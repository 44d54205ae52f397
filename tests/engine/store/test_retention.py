"""Who goes when there is too much: the largest stack first, what says most last."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alerts import Alert
from engine.protocol import ListAlerts, ListStacks, SetState, StackRow, State
from engine.store import AlertStore, Retention, crowds
from engine.store.retention import ABOUT, AT_ONCE, STEP, shares, to_pay
from engine.store.surroundings import Surrounding
from tests.helpers.patience import PATIENCE
from tests.helpers.sample_alerts import DB, MOMENT, SECOND, WEB, alert

_Found = TypeVar("_Found")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


def repeated(count: int, rule: str, since: int = 0) -> list[Alert]:
    """The same thing happening some times, a second apart."""
    return [alert(rule, time=MOMENT + (since + number) * SECOND) for number in range(count)]


async def rows(store: AlertStore) -> dict[str, StackRow]:
    return {row.rule: row for row in (await store.stacks(ListStacks(limit=10_000))).rows}


async def kept(store: AlertStore) -> list[int]:
    return [row.id for row in (await store.alerts(ListAlerts(limit=10_000))).rows][::-1]


# ── room ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_flood_pays_for_itself(path: Path) -> None:
    with closing(AlertStore(path, retention=Retention(alerts=5_000))) as store:
        store.add([*repeated(3, "quiet"), *repeated(8_000, "flood"), *repeated(40, "other"), alert("single")])
        await store.maintain()
        found = await rows(store)
        assert {rule: row.count for rule, row in found.items()} == {
            "quiet": 3, "flood": 4_956, "other": 40, "single": 1,
        }  # fmt: skip
        flood = found["flood"]
        assert (flood.first, flood.last) == (MOMENT, MOMENT + 7_999 * SECOND), "its first and its latest are there"
        assert store.total == 5_000


async def test_what_comes_while_others_go_is_for_the_next_time(path: Path) -> None:
    """Else it would never end, and each answer would wait for one of its steps."""
    with closing(AlertStore(path, retention=Retention(alerts=1_000))) as store:
        store.add(repeated(6_000, "flood"))
        going_on = asyncio.create_task(_keeps_coming(store))
        async with asyncio.timeout(PATIENCE):
            await store.maintain()
        going_on.cancel()
        came = store.newest - 6_000
        assert came, "some came meanwhile"
        assert 1_000 <= store.total <= 1_000 + came
        await store.maintain()
        assert store.total == 1_000


async def test_room_is_made_also_while_something_gets_too_old_in_each_step(path: Path) -> None:
    """As in a fast replay: whose turn it is takes several steps to find out."""
    retention = Retention(alerts=1_000, age=5_000 * SECOND)
    with closing(AlertStore(path, retention=retention)) as store:
        store.add(crowd(4_100))
        for step in range(400):
            store.add([alert("late", time=MOMENT + (5_000 + step) * SECOND)])
            store._writer.trim(retention)
        assert store.total <= 1_000 + STEP


async def test_what_is_too_old_goes_in_one_go_however_many_stacks_it_is_of(path: Path) -> None:
    with closing(AlertStore(path, retention=Retention(age=10 * SECOND))) as store:
        store.add([one for number in range(3 * AT_ONCE) for one in repeated(1, f"rule {number}")])
        store.add([alert("new", time=MOMENT + 3_600 * SECOND)])
        await store.maintain()
        assert store.total == 1


def test_of_very_many_that_are_alike_some_give_enough_for_a_step(path: Path) -> None:
    """Not one each: a store of two thousand like stacks would never catch up with what comes."""
    count, size = 2 * AT_ONCE, 160
    with closing(AlertStore(path)) as store:
        store.add([one for number in range(count) for one in repeated(size, f"rule {number}")])
        with closing(sqlite3.connect(path)) as connection:
            given, whole = chosen(to_pay(connection, STEP))
    assert sum(given.values()) == STEP
    assert not whole
    assert max(given.values()) <= size // ABOUT


async def _keeps_coming(store: AlertStore) -> None:
    for since in itertools.count(6_000, 10):
        store.add(repeated(10, "flood", since))
        await asyncio.sleep(0)


async def test_what_was_dropped_is_told_with_its_stack_also_after_a_restart(path: Path) -> None:
    with closing(AlertStore(path, retention=Retention(alerts=100))) as store:
        store.add([*repeated(300, "flood"), *repeated(30, "other")])
        await store.maintain()
        (before,) = store.let_go
        store.add(repeated(50, "flood", since=400))
        await store.maintain()
    with closing(AlertStore(path)) as store:
        (row,) = store.let_go
    assert (before.rule, before.container, before.program, before.reason) == ("flood", "web", "cat", "room")
    assert (before.alerts, row.alerts) == (230, 280)
    assert before.since == row.since <= before.latest < row.latest


async def test_incidents_and_notes_outlive_a_flood_but_what_was_muted_pays(path: Path) -> None:
    with closing(AlertStore(path, retention=Retention(alerts=60))) as store:
        store.add([*repeated(50, "incident"), *repeated(40, "muted"), *repeated(30, "ordinary")])
        await store.set_state(SetState([1], "incident"))
        await store.set_state(SetState([2], "muted", until=1 << 62, note="noise", who="me"))
        await store.maintain()
        assert {rule: row.count for rule, row in (await rows(store)).items()} == {
            "incident": 50, "muted": 5, "ordinary": 5,
        }  # fmt: skip


async def test_stacks_go_as_a_whole_only_when_nothing_lies_between_first_and_latest(path: Path) -> None:
    with closing(AlertStore(path, retention=Retention(alerts=5))) as store:
        store.add([alert("oldest"), *repeated(4, "a"), *repeated(3, "b"), alert("newest")])
        await store.maintain()
        assert {rule: row.count for rule, row in (await rows(store)).items()} == {"a": 2, "b": 2, "newest": 1}


def crowd(count: int, since: int = 0) -> list[Alert]:
    """A flood in which each alert is of another program, and so begins a stack of its own."""
    return [alert("flood", process=f"p{since + n}", time=MOMENT + (since + n) * SECOND) for n in range(count)]


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


def chosen(steps: Generator[None, None, _Found], after: Callable[[], None] = lambda: None) -> _Found:
    """What comes of it; ``after`` each step."""
    while True:
        try:
            next(steps)
            after()
        except StopIteration as done:
            after()
            found: _Found = done.value
            return found


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
        found = chosen(crowds.crowd(connection, larger_than), step)
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


@dataclass
class Stack:
    """A stack in the plain account: the ids of its alerts, and whether somebody wants it."""

    number: int
    ids: list[int]
    wanted: bool = False


def plain(stacks: Sequence[Stack], need: int) -> list[int]:
    """One alert after the other goes, as the rule has it: slow, and plain to see."""
    for _ in range(need):
        alive = [stack for stack in stacks if stack.ids]
        if not alive:
            break
        between = [stack for stack in alive if len(stack.ids) > 2]
        for chosen in ([one for one in between if not one.wanted], [one for one in between if one.wanted]):
            if chosen:
                del max(chosen, key=lambda one: (len(one.ids), -one.number)).ids[1]
                break
        else:
            break
    return sorted(one for stack in stacks for one in stack.ids)


STATES: list[State] = ["new", "incident", "acknowledged", "false positive"]


@settings(max_examples=60, deadline=None)
@given(
    order=st.lists(st.integers(0, 5), min_size=1, max_size=60),
    states=st.lists(st.sampled_from(STATES), min_size=6, max_size=6),
    maximum=st.integers(12, 60),
)
def test_what_stays_is_what_a_plain_account_leaves(order: list[int], states: list[State], maximum: int) -> None:
    """With as much room as first and latest alerts need at least: below that whole stacks go."""
    with closing(AlertStore(retention=Retention(alerts=maximum))) as store:
        added = store.add([alert(f"rule {number}", time=MOMENT) for number in order])
        stacks = {one.stack: Stack(one.stack, []) for one in added}
        for one in added:
            stacks[one.stack].ids.append(one.id)
        for stack, state in zip(stacks.values(), states, strict=False):
            asyncio.run(store.set_state(SetState([stack.number], state)))
            stack.wanted = state == "incident"
        asyncio.run(store.maintain())
        assert asyncio.run(kept(store)) == plain([*stacks.values()], len(order) - maximum)
        assert {row.stack: row.count for row in asyncio.run(rows(store)).values()} == {
            stack.number: len(stack.ids) for stack in stacks.values()
        }


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(0, 9), max_size=8),
    shown=st.integers(1, 8),
    need=st.integers(0, 40),
)
def test_shares_taken_in_steps_are_those_taken_one_by_one(sizes: list[int], shown: int, need: int) -> None:
    """However few stacks are looked at in a step."""
    plainly, in_steps = dict(enumerate(sizes)), dict(enumerate(sizes))
    for _ in range(need):
        largest = max(plainly, key=lambda stack: (plainly[stack], -stack), default=None)
        if largest is None or plainly[largest] <= 2:
            break
        plainly[largest] -= 1
    left = need
    while left:
        line = sorted(((size, stack) for stack, size in in_steps.items()), key=lambda one: (-one[0], one[1]))
        given = shares(line[:shown], left, 2, line[shown] if len(line) > shown else None)
        if not given:
            break
        for stack, number in given.items():
            in_steps[stack] -= number
            left -= number
    assert in_steps == plainly


# ── age ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_oldest_go_by_age_before_the_latest(path: Path) -> None:
    with closing(AlertStore(path, retention=Retention(age=60 * SECOND))) as store:
        store.add([*repeated(3, "all too old"), *repeated(100, "some")])
        await store.maintain()
        assert store.total == 61
        assert {rule: row.first for rule, row in (await rows(store)).items()} == {"some": MOMENT + 39 * SECOND}
        assert [(row.rule, row.reason, row.alerts) for row in store.let_go] == [("", "age", 42)]


async def test_an_incident_does_not_age(path: Path) -> None:
    with closing(AlertStore(path, retention=Retention(age=60 * SECOND))) as store:
        store.add([alert("incident"), alert("noted"), alert("ordinary"), alert("late", time=MOMENT + 99 * SECOND)])
        await store.set_state(SetState([1], "incident"))
        await store.set_state(SetState([2], "acknowledged", note="ask Eve"))
        await store.maintain()
        assert {*await rows(store)} == {"incident", "noted", "late"}


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


# ── the file ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_file_does_not_outgrow_its_limit(path: Path) -> None:
    limit = 4 << 20
    with closing(AlertStore(path, retention=Retention(bytes=limit))) as store:
        for turn in range(10):
            store.add(repeated(2_000, f"rule {turn}"))
            await store.maintain()
        assert 0 < store.total < 20_000
        largest = path.stat().st_size
    assert largest < 2 * limit


async def test_a_file_shrinks_when_less_is_kept(path: Path) -> None:
    with closing(AlertStore(path)) as store:
        store.add(repeated(20_000, "flood"))
        await store.maintain()
    before = path.stat().st_size
    with closing(AlertStore(path, retention=Retention(alerts=100))) as store:
        await store.maintain()
    assert store.total == 100
    assert path.stat().st_size < before / 3


async def test_a_store_of_an_older_version_goes_on(path: Path) -> None:
    from engine.store import schema

    with closing(sqlite3.connect(path)) as old:
        for step in schema._STEPS[:2]:
            old.executescript(step)
        old.execute("PRAGMA user_version = 2")
    with closing(AlertStore(path, retention=Retention(alerts=100))) as store:
        store.add(repeated(200, "flood"))
        await store.maintain()
        assert (store.total, store.let_go[0].alerts) == (100, 100)

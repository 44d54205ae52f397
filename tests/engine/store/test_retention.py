"""Who goes when there is too much or it is too old: the largest stack first, what says most last."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.protocol import SetState, State
from engine.store import AlertStore, Retention
from engine.store.retention import ABOUT, AT_ONCE, STEP, shares, to_pay
from tests.helpers.kept_alerts import crowd, kept, repeated, result_of, rows
from tests.helpers.patience import PATIENCE
from tests.helpers.sample_alerts import MOMENT, SECOND, alert


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


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
            given, whole = result_of(to_pay(connection, STEP))
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

"""Alerts by rule, by container and one by one: held against plain counts, with alerts on the disk and in memory."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.alerts import Alert, ContainerRef, Priority
from engine.protocol import Grouping, ListStacks, SetState, StackRow
from engine.store import AlertStore, beats
from engine.store.schema import SCHEMA_VERSION
from tests.helpers.disks import no_space
from tests.helpers.sample_alerts import DB, MOMENT, SECOND, WEB, alert

CONTAINERS: dict[str, ContainerRef | None] = {"web": WEB, "db": DB, "host": None}
ONE = st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.sampled_from(sorted(CONTAINERS)))


def of(rows: list[Alert], group: Grouping) -> list[list[Alert]]:
    """The plain way: alerts in lists by what they have in common, the list with the latest first."""
    keys: dict[Grouping, Callable[[Alert], object]] = {
        "rule": lambda one: one.rule,
        "container": lambda one: one.container.id if one.container else "",
        "none": lambda one: one.id,
        "stack": lambda one: one.stack,
    }
    found: dict[object, list[Alert]] = {}
    for one in rows:
        found.setdefault(keys[group](one), []).append(one)
    return sorted(found.values(), key=lambda several: -several[-1].id)


SEVERE = {"a": Priority.WARNING, "b": Priority.CRITICAL, "c": Priority.CRITICAL}


def brief(row: StackRow) -> tuple[object, ...]:
    told = (row.count, row.first, row.last, row.alert_id, row.target, row.stacks, row.priority, row.worst_rule)
    return (*told, row.containers, row.rules)


def expected(several: list[Alert]) -> tuple[object, ...]:
    latest = several[-1]
    stacks = len({one.stack for one in several})
    worst = min(several, key=lambda one: (one.priority, one.rule))
    worst_rule = worst.rule if len({one.rule for one in several}) > 1 else ""
    told = (len(several), several[0].time, latest.time, latest.id, latest.target, stacks, worst.priority, worst_rule)
    containers = {one.container.id if one.container else "" for one in several}
    return (*told, len(containers), len({one.rule for one in several}))


@settings(max_examples=80, deadline=None)
@given(
    steps=st.lists(st.lists(ONE, max_size=5), min_size=1, max_size=5),
    before=st.integers(0, 12),
    waiting=st.booleans(),
    group=st.sampled_from(["rule", "container", "none", "stack"]),
    narrowed=st.sampled_from(["", "a"]),
)
def test_rows_are_what_a_plain_count_gives(
    steps: list[list[tuple[str, str, str]]],
    before: int,
    waiting: bool,
    group: Grouping,
    narrowed: str,
) -> None:
    with closing(AlertStore(report=lambda *_: None)) as store:
        kept: list[Alert] = []
        for number, step in enumerate(steps):
            with no_space() if waiting and number >= len(steps) // 2 else nullcontext():
                kept += store.add(
                    [
                        alert(
                            rule,
                            priority=SEVERE[rule],
                            process=process,
                            container=CONTAINERS[name],
                            target=f"/{number}",
                            time=MOMENT + at,
                        )
                        for at, (rule, process, name) in enumerate(step, number * 100)
                    ]
                )
        query = ListStacks(group=group, before=before, rule=narrowed)
        plain = [one for one in kept if (not before or one.id <= before) and one.rule in (narrowed or "abc")]
        groups = of(plain, group)
        for offset, limit in ((0, 100), (0, 2), (1, 3), (4, 2)):
            found = asyncio.run(store.stacks(replace(query, offset=offset, limit=limit)))
            assert [brief(row) for row in found.rows] == [expected(each) for each in groups[offset : offset + limit]]
            assert (found.total, found.alerts) == (len(groups), len(plain))


async def test_a_filter_keeps_single_alerts_by_their_stacks(tmp_path: Path) -> None:
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        store.add([alert("a", time=MOMENT + number) for number in range(3)] * 30)
        store.add([alert("b", container=DB), alert("c", container=None)])
        for text, total in (("rule=a", 90), ("rule=b", 1), ("container=host", 1), ("! rule=a", 2), ("nothing", 0)):
            page = await store.stacks(ListStacks(text, group="none", limit=200))
            assert (page.total, len(page.rows)) == (total, total), text
        deep = await store.stacks(ListStacks("rule=a", group="none", offset=85, limit=10))
        assert [row.alert_id for row in deep.rows] == [5, 4, 3, 2, 1]


async def test_a_group_is_new_while_one_of_its_stacks_is(tmp_path: Path) -> None:
    with closing(AlertStore(tmp_path / "alerts.db")) as store:
        store.add([alert("a"), alert("a", process="x", priority=Priority.CRITICAL)])

        async def state() -> tuple[str, Priority]:
            (row,) = (await store.stacks(ListStacks(group="rule"))).rows
            return row.state, row.priority

        assert await state() == ("new", Priority.CRITICAL)
        await store.set_state(SetState([1], "incident"))
        assert await state() == ("new", Priority.CRITICAL)
        await store.set_state(SetState([2], "acknowledged"))
        assert await state() == ("incident", Priority.CRITICAL)
        await store.set_state(SetState([1], "acknowledged"))
        assert await state() == ("acknowledged", Priority.CRITICAL)


# ── when they came ───────────────────────────────────────────────────────────────────────────────────────────────────

TIMES = st.lists(st.integers(0, 5_000_000), min_size=1, max_size=60)


@given(TIMES, st.integers(0, 60))
def test_counts_put_together_are_those_of_all(seconds: list[int], cut: int) -> None:
    times = [MOMENT + second * SECOND for second in seconds]
    assert beats.merged(beats.of(times[:cut]), beats.of(times[cut:])) == beats.of(times)
    assert beats.merged(beats.of(times[cut:]), beats.of(times[:cut])) == beats.of(times)


@given(TIMES, st.integers(-10, 5_000_010))
def test_one_more_is_counted_as_all_would_be(seconds: list[int], second: int) -> None:
    """The fast path against the plain one."""
    times = [MOMENT + at * SECOND for at in seconds]
    more = MOMENT + second * SECOND
    assert beats.merged(beats.of(times), beats.of([more])) == beats.together([beats.of(times), beats.of([more])])
    assert beats.merged(beats.of(times), beats.of([more])) == beats.of([*times, more])


@given(TIMES)
def test_each_count_is_that_of_its_span(seconds: list[int]) -> None:
    times = sorted(MOMENT + second * SECOND for second in seconds)
    width, counts = beats.between(beats.of(times), times[0], times[-1])
    plain = Counter(time // SECOND // width for time in times)
    begin, end = times[0] // SECOND // width, times[-1] // SECOND // width
    assert counts == [plain[cell] for cell in range(begin, end + 1)]
    assert len(counts) <= beats.CELLS
    assert width == 1 or end - begin >= beats.CELLS // 2 - 1


async def test_a_stack_tells_when_its_alerts_came_also_those_that_wait(tmp_path: Path) -> None:
    with closing(AlertStore(tmp_path / "alerts.db", report=lambda *_: None)) as store:
        store.add([alert(time=MOMENT), alert(time=MOMENT + SECOND)])
        with no_space():
            store.add([alert(time=MOMENT + 3 * SECOND)])
            (row,) = (await store.stacks(ListStacks())).rows
        assert (row.span, row.beats) == (1, [1, 1, 0, 1])
        (group,) = (await store.stacks(ListStacks(group="rule"))).rows
        assert (group.span, group.beats) == (1, [1, 1, 0, 1])
        store.flush()
        (row,) = (await store.stacks(ListStacks())).rows
        assert (row.span, row.beats) == (1, [1, 1, 0, 1])


async def test_a_store_of_before_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "alerts.db"
    with closing(AlertStore(path)) as store:
        store.add([alert(), alert()])
    with closing(sqlite3.connect(path)) as old:
        old.execute("DROP INDEX alerts_in_order")
        old.execute("ALTER TABLE stacks DROP COLUMN beats")
        old.execute("DELETE FROM marks WHERE what = 'store'")
        old.execute(f"PRAGMA user_version = {SCHEMA_VERSION - 3}")
        old.commit()
    with closing(AlertStore(path)) as store:
        assert len(store.identity) == 16
        (row,) = (await store.stacks(ListStacks())).rows
        assert (row.count, row.beats) == (2, [])
        store.add([alert(time=MOMENT)])
        (row,) = (await store.stacks(ListStacks())).rows
        assert (row.count, row.beats) == (3, [1])
    with closing(sqlite3.connect(path)) as new:
        assert new.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)

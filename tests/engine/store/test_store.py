"""The alert store on a real SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alerts import Alert, Priority
from engine.errors import TiercelError, UsageError
from engine.protocol import ListAlerts, ListStacks, StackRow
from engine.store import AlertStore, Hits, Retention, Tally
from tests.helpers.disks import no_space
from tests.helpers.kept_alerts import repeated
from tests.helpers.sample_alerts import DB, MOMENT, SECOND, WEB, alert

Reports = list[tuple[str, str]]


async def test_an_alert_is_kept_whole(store: AlertStore) -> None:
    (added,) = store.add([alert()])
    assert (added.id, added.stack) == (1, 1)
    assert await store.alert(1) == added
    assert store.newest == store.total == 1


async def test_what_was_added_is_on_the_disk_before_anybody_is_told(store: AlertStore, path: Path) -> None:
    store.add([alert()])
    with closing(sqlite3.connect(path)) as another_program:
        assert another_program.execute("SELECT count(*) FROM alerts").fetchone() == (1,)


async def test_ids_grow_over_restarts(path: Path) -> None:
    for expected in (1, 2, 3):
        with closing(AlertStore(path)) as store:
            (added,) = store.add([alert()])
            assert (added.id, added.stack) == (expected, 1)


async def test_ids_are_not_given_again_after_all_alerts_have_gone(path: Path) -> None:
    with closing(AlertStore(path, retention=Retention(alerts=2))) as store:
        store.add(repeated(10))
        await store.maintain()
    with closing(AlertStore(path)) as store:
        assert store.add([alert()])[0].id == 11


async def test_an_alert_added_twice_is_two(store: AlertStore) -> None:
    again = alert()
    assert [one.id for one in store.add([again, again])] == [1, 2]
    assert (await store.stacks(ListStacks())).rows[0].count == 2


async def test_an_unknown_alert_and_an_unknown_stack_are_told(store: AlertStore) -> None:
    with pytest.raises(TiercelError, match="no alert 9"):
        await store.alert(9)
    with pytest.raises(TiercelError, match="no stack 9"):
        await store.acknowledge(9)


async def test_hostile_text_is_kept_even_if_it_is_not_unicode(store: AlertStore) -> None:
    hostile = "\x1b]52;c;x\x07\u202e'; DROP TABLE alerts; --\0"
    store.add([alert(process=hostile, target=hostile), alert(process="lone\udcff", args="\ud800")])
    assert (await store.alert(1)).target == hostile
    assert (await store.alert(2)).lineage[0].name == r"lone\udcff"
    assert {row.process for row in (await store.stacks(ListStacks())).rows} == {hostile, r"lone\udcff"}


async def test_repeats_of_rule_container_program_and_parent_are_one_row_that_shows_the_latest(
    store: AlertStore,
) -> None:
    store.add([*repeated(3), alert(args="/etc/gshadow", target="/etc/gshadow", time=MOMENT + 9 * SECOND, user="eve")])
    page = await store.stacks(ListStacks())
    (row,) = page.rows
    assert (page.total, page.alerts, page.newest) == (1, 4, 4)
    assert (row.count, row.first, row.last, row.alert_id) == (4, MOMENT, MOMENT + 9 * SECOND, 4)
    assert (row.cmdline, row.target, row.user, row.priority) == (
        "cat /etc/gshadow",
        "/etc/gshadow",
        "eve",
        Priority.WARNING,
    )
    assert (row.container, row.image, row.process, row.parent) == ("web", WEB.image, "cat", "sh")
    assert (row.tty, row.entry, row.acknowledged) == (34817, "docker exec", False)


@pytest.mark.parametrize(
    "another",
    [
        partial(alert, rule="other"),
        partial(alert, container=DB),
        partial(alert, container=None),
        partial(alert, process="head"),
        partial(alert, parent="bash"),
    ],
)
async def test_another_rule_container_program_or_parent_is_another_row(
    store: AlertStore, another: Callable[[], Alert]
) -> None:
    store.add([alert(), another()])
    assert [row.count for row in (await store.stacks(ListStacks())).rows] == [1, 1]


async def test_the_row_with_the_latest_alert_comes_first(store: AlertStore) -> None:
    store.add([alert("a"), alert("b"), alert("c"), alert("a")])
    assert [row.rule for row in (await store.stacks(ListStacks())).rows] == ["a", "c", "b"]


async def test_pages_follow_each_other(store: AlertStore) -> None:
    store.add([alert(f"rule {number}") for number in range(10)])
    pages = [await store.stacks(ListStacks(offset=offset, limit=4)) for offset in (0, 4, 8, 12)]
    assert [row.rule for page in pages for row in page.rows] == [f"rule {number}" for number in reversed(range(10))]
    assert {page.total for page in pages} == {10}


async def test_a_page_that_makes_no_sense_is_empty_or_the_first(store: AlertStore) -> None:
    store.add(repeated(3))
    assert (await store.alerts(ListAlerts(limit=-1))).rows == []
    assert (await store.stacks(ListStacks(limit=-1))).rows == []
    assert [row.id for row in (await store.alerts(ListAlerts(offset=-5, limit=2))).rows] == [3, 2]


async def test_rows_of_one_container_or_of_the_host(store: AlertStore) -> None:
    store.add([alert(), alert(container=DB), alert(container=None)])
    for wanted, name in ((WEB.id, "web"), (DB.id, "db"), ("", "")):
        (row,) = (await store.stacks(ListStacks(container_id=wanted))).rows
        assert (row.container_id, row.container) == (wanted, name)


async def test_a_filter_narrows_rows_and_totals(store: AlertStore) -> None:
    store.add([*repeated(2), alert(container=DB, rule="Shell", priority=Priority.NOTICE)])
    page = await store.stacks(ListStacks(filter="container=web priority<=warning"))
    assert (page.total, page.alerts, [row.rule for row in page.rows]) == (1, 2, ["Sensitive file read"])
    with pytest.raises(UsageError, match="column 1"):
        await store.stacks(ListStacks(filter="nokey=1"))


async def test_a_paused_view_stays_as_it_was(store: AlertStore) -> None:
    store.add([alert("a", target="/1"), alert("b"), alert("a", target="/2", time=MOMENT + SECOND)])
    then = await store.stacks(ListStacks())
    store.add([alert("b", target="/later"), alert("c"), *repeated(5)])
    now = await store.stacks(ListStacks(before=then.newest))
    assert now == then


async def test_a_paused_view_is_paged_and_filtered_as_it_was(store: AlertStore) -> None:
    store.add([alert(f"rule {number}", target="/then") for number in range(9)])
    then = [await store.stacks(ListStacks(filter="target=/then", offset=offset, limit=2)) for offset in range(0, 10, 2)]
    store.add([alert(f"rule {number}", target="/later") for number in range(0, 9, 2)])
    now = [
        await store.stacks(ListStacks(filter="target=/then", offset=offset, limit=2, before=9))
        for offset in range(0, 10, 2)
    ]
    assert now == then


async def test_an_acknowledged_row_stays_so_until_it_is_taken_back(store: AlertStore, path: Path) -> None:
    store.add([alert()])
    await store.acknowledge(1)
    store.add([alert()])
    assert (await store.stacks(ListStacks())).rows[0].acknowledged
    await store.acknowledge(1, acknowledged=False)
    assert not (await store.stacks(ListStacks())).rows[0].acknowledged


async def test_alerts_of_a_stack_a_process_and_a_container(store: AlertStore) -> None:
    store.add([alert(pid=1), alert(pid=2), alert(pid=1, container=DB), alert(pid=1, rule="other")])

    async def ids(query: ListAlerts) -> list[int]:
        page = await store.alerts(query)
        assert page.total == len(page.rows)
        return [row.id for row in page.rows]

    assert await ids(ListAlerts()) == [4, 3, 2, 1]
    assert await ids(ListAlerts(stack=1)) == [2, 1]
    assert await ids(ListAlerts(pid=1, start=1 * SECOND)) == [4, 3, 1]
    assert await ids(ListAlerts(pid=1, start=5)) == []
    assert await ids(ListAlerts(container_id=DB.id)) == [3]
    assert await ids(ListAlerts(container_id=WEB.id, stack=1)) == [2, 1]
    for before in (-1, 1, 2, 3, 4, 9):
        assert await ids(ListAlerts(before=before)) == [id for id in (4, 3, 2, 1) if id <= before]
    assert await ids(ListAlerts(stack=1, before=1)) == await ids(ListAlerts(pid=1, stack=1, before=3)) == [1]
    assert await ids(ListAlerts(container_id=WEB.id, before=3)) == [2, 1]
    page = await store.alerts(ListAlerts(offset=1, limit=2))
    assert ([row.id for row in page.rows], page.total) == ([3, 2], 4)


async def test_hits_of_rules_and_tallies_of_containers(store: AlertStore) -> None:
    store.add([*repeated(3), alert("Shell", priority=Priority.NOTICE), alert("Shell", container=None)])
    assert await store.hits() == {
        "Sensitive file read": Hits(3, MOMENT + 2 * SECOND),
        "Shell": Hits(2, MOMENT),
    }
    assert await store.tallies() == {
        WEB.id: Tally({"Warning": 3, "Notice": 1}, MOMENT + 2 * SECOND),
        "": Tally({"Warning": 1}, MOMENT),
    }


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), max_size=4), min_size=1, max_size=5
    ),
    before=st.integers(0, 12),
    waiting=st.booleans(),
)
def test_rows_are_what_a_plain_count_gives(steps: list[list[tuple[str, str]]], before: int, waiting: bool) -> None:
    """In a paused view and not, with alerts that wait in memory and not."""
    with closing(AlertStore(report=lambda *_: None)) as store:
        kept: list[Alert] = []
        for number, step in enumerate(steps):
            with no_space() if waiting and number >= len(steps) // 2 else nullcontext():
                kept += store.add([alert(rule, process=process, target=f"/{number}") for rule, process in step])
        page = read_now(store, ListStacks(before=before))
        assert page == plain_stacks([one for one in kept if not before or one.id <= before])


def plain_stacks(alerts: list[Alert]) -> list[tuple[str, str, int, int, str]]:
    groups: dict[tuple[str, str], list[Alert]] = {}
    for one in alerts:
        groups.setdefault((one.rule, one.lineage[0].name), []).append(one)
    rows = [(*key, len(group), group[-1].id, group[-1].target) for key, group in groups.items()]
    return sorted(rows, key=lambda row: -row[3])


def read_now(store: AlertStore, query: ListStacks) -> list[tuple[str, str, int, int, str]]:
    def brief(row: StackRow) -> tuple[str, str, int, int, str]:
        return (row.rule, row.process, row.count, row.alert_id, row.target)

    return [brief(row) for row in asyncio.run(store.stacks(query)).rows]


async def test_after_a_restart_a_new_rule_gets_a_stack_of_its_own(path: Path) -> None:
    with closing(AlertStore(path)) as store:
        store.add([alert("a"), alert("b")])
    with closing(AlertStore(path)) as store:
        store.add([alert("c"), alert("a")])
        found = (await store.stacks(ListStacks())).rows
        assert sorted((row.rule, row.count) for row in found) == [("a", 2), ("b", 1), ("c", 1)]

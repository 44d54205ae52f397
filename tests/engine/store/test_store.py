"""The alert store on a real SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
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
from tests.helpers.sample_alerts import DB, MOMENT, SECOND, WEB, alert

Reports = list[tuple[str, str]]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


@pytest.fixture
def reports() -> Reports:
    return []


@pytest.fixture
def store(path: Path, reports: Reports) -> Iterator[AlertStore]:
    with closing(AlertStore(path, report=lambda *report: reports.append(report))) as opened:
        yield opened


def repeated(count: int, rule: str = "Sensitive file read") -> list[Alert]:
    """The same thing happening some times, a second apart."""
    return [alert(rule, time=MOMENT + number * SECOND) for number in range(count)]


# ── what is kept ────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── stacks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── trouble ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_while_the_disk_is_full_alerts_are_kept_in_memory_and_seen(store: AlertStore, reports: Reports) -> None:
    store.add([alert(), alert("Shell")])
    with no_space():
        kept = store.add([alert(target="/waits"), alert("New", container=DB, pid=5), alert("New", container=DB)])
        assert [one.id for one in kept] == [3, 4, 5]
        page = await store.stacks(ListStacks())
        assert [(row.rule, row.count, row.target) for row in page.rows] == [
            ("New", 2, "/etc/shadow"),
            ("Sensitive file read", 2, "/waits"),
            ("Shell", 1, "/etc/shadow"),
        ]
        assert (page.total, page.alerts, page.newest, store.total) == (3, 5, 5, 5)
        assert [row.rule for row in (await store.stacks(ListStacks(filter="container=db"))).rows] == ["New"]
        assert [row.rule for row in (await store.stacks(ListStacks(container_id=DB.id))).rows] == ["New"]
        assert [row.id for row in (await store.alerts(ListAlerts())).rows] == [5, 4, 3, 2, 1]
        assert [row.id for row in (await store.alerts(ListAlerts(offset=2, limit=2))).rows] == [3, 2]
        assert [row.id for row in (await store.alerts(ListAlerts(pid=5))).rows] == [4]
        assert (await store.alert(4)).rule == "New"
        assert (await store.hits())["New"] == Hits(2, MOMENT)
        assert (await store.tallies())[DB.id] == Tally({"Warning": 2}, MOMENT)
        with pytest.raises(TiercelError, match="cannot be written"):
            await store.acknowledge(1)
    assert len(reports) == 1, "told once, not for each alert"
    assert "cannot be written" in reports[0][0]


async def test_when_there_is_space_again_what_waited_is_written(
    store: AlertStore, path: Path, reports: Reports
) -> None:
    store.add([alert()])
    with no_space():
        store.add(repeated(3))
        assert not store.flush()
    assert store.flush()
    assert "can be written again" in reports[-1][0]
    with closing(sqlite3.connect(path)) as another_program:
        assert another_program.execute("SELECT id, stack FROM alerts").fetchall() == [(1, 1), (2, 1), (3, 1), (4, 1)]
    assert (await store.stacks(ListStacks())).alerts == 4


async def test_the_memory_for_a_full_disk_is_bounded_and_what_goes_is_counted(path: Path) -> None:
    with closing(AlertStore(path, report=lambda *_: None, memory=5)) as store:
        with no_space():
            store.add(repeated(3))
            store.add(repeated(4))
            assert (store.dropped, store.total, store.newest) == (2, 5, 7)
        assert store.flush()
        assert [row.id for row in (await store.alerts(ListAlerts())).rows] == [7, 6, 5, 4, 3]


async def test_a_store_can_be_closed_while_the_disk_is_full(path: Path, reports: Reports) -> None:
    store = AlertStore(path, report=lambda *report: reports.append(report))
    with no_space():
        store.add([alert()])
        store.close()
    assert reports


def test_the_file_is_its_owners_alone(store: AlertStore, path: Path) -> None:
    store.add([alert()])
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob("alerts.db*")} == {0o600}


def test_a_temporary_store_is_private_and_leaves_nothing(tmp_path: Path) -> None:
    for where in (None, Path(":memory:")):
        store = AlertStore(where)
        store.add([alert()])
        folder = store.path.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        store.close()
        assert not folder.exists()


@pytest.mark.parametrize("content", [b"root:x:0:0::/root:/bin/sh\n", b"SQLite format 3\0" + b"\0" * 84, b"x"])
def test_a_file_of_another_program_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(UsageError, match="not an alert store"):
        AlertStore(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE stacks (precious)")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="not an alert store"):
        AlertStore(path)
    assert path.read_bytes() == before


async def test_a_damaged_store_is_moved_aside_and_a_new_one_begun(path: Path, reports: Reports) -> None:
    with closing(AlertStore(path)) as store:
        store.add(repeated(500))
    damaged = bytearray(path.read_bytes())
    damaged[200:] = b"\xa5" * (len(damaged) - 200)
    path.write_bytes(damaged)
    with closing(AlertStore(path, report=lambda *report: reports.append(report))) as store:
        assert store.add([alert()])[0].id == 1
    assert "is damaged" in reports[0][0]
    (aside,) = path.parent.glob("alerts.db.damaged-*")
    assert aside.read_bytes() == damaged
    assert str(aside) in reports[0][1]


async def test_damage_met_while_running_is_told_and_the_sensor_goes_on(path: Path) -> None:
    with closing(AlertStore(path)) as store:
        store.add(repeated(3_000))
    with closing(sqlite3.connect(path)) as file:
        root = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'alerts'").fetchone()[0]
    damaged = bytearray(path.read_bytes())
    damaged[(root - 1) * 4096 : root * 4096] = b"\xa5" * 4096
    with closing(AlertStore(path)) as store:
        path.write_bytes(damaged)
        assert store.add([alert()])[0].id == 3_001
        with pytest.raises(TiercelError, match="cannot be read"):
            await store.alerts(ListAlerts())
        assert store.add([alert()])[0].id == 3_002


def test_a_store_is_itself_for_ever_and_no_other(tmp_path: Path) -> None:
    def identity(name: str) -> str:
        with closing(AlertStore(tmp_path / name)) as store:
            return store.identity

    assert identity("a") == identity("a") != identity("b")
    (tmp_path / "a").unlink()
    assert identity("a") not in (identity("b"), "")


def test_a_store_of_a_newer_version_is_refused(path: Path) -> None:
    AlertStore(path).close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 99")
    with pytest.raises(UsageError, match="newer Tiercel"):
        AlertStore(path)


def test_two_sensors_never_share_a_store(store: AlertStore, path: Path) -> None:
    with pytest.raises(UsageError, match="another sensor writes") as caught:
        AlertStore(path)
    assert "name another --store" in caught.value.hint


def test_a_second_sensor_is_told_where_the_first_can_be_seen(path: Path) -> None:
    with closing(AlertStore(path, socket="/run/first.sock")), pytest.raises(UsageError) as caught:
        AlertStore(path, socket="/run/second.sock")
    assert "attach /run/first.sock shows it; name another --store" in caught.value.hint


def test_a_path_that_cannot_be_used_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "alerts.db"):
        with pytest.raises(UsageError, match="cannot"):
            AlertStore(path)


_ADDS_AND_IS_KILLED = """
import os, signal, sys
from pathlib import Path
from engine.store import AlertStore
from tests.helpers.disks import no_space
from tests.helpers.sample_alerts import alert
store = AlertStore(Path(sys.argv[1]))
store.add([alert() for _ in range(100)])
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_what_was_added_survives_a_killed_sensor(path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", _ADDS_AND_IS_KILLED, str(path)], cwd=ROOT, check=False)
    assert ended.returncode == -9
    with closing(AlertStore(path)) as store:
        assert (store.total, (await store.stacks(ListStacks())).alerts) == (100, 100)


async def test_after_a_restart_a_new_rule_gets_a_stack_of_its_own(path: Path) -> None:
    with closing(AlertStore(path)) as store:
        store.add([alert("a"), alert("b")])
    with closing(AlertStore(path)) as store:
        store.add([alert("c"), alert("a")])
        found = (await store.stacks(ListStacks())).rows
        assert sorted((row.rule, row.count) for row in found) == [("a", 2), ("b", 1), ("c", 1)]

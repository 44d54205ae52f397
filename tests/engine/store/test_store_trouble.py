"""Files that the alert store cannot use, disks that take nothing, sensors that are killed."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import TiercelError, UsageError
from engine.protocol import ListAlerts, ListStacks
from engine.store import AlertStore, Hits, Tally
from tests.helpers.disks import no_space
from tests.helpers.kept_alerts import repeated
from tests.helpers.sample_alerts import DB, MOMENT, alert

Reports = list[tuple[str, str]]


ROOT = Path(__file__).parents[3]


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

"""The process table: identity, ancestry, order of arrival, and what is forgotten."""

from __future__ import annotations

import pytest

from engine.events import Adoption, KernelEvent
from engine.state.processes import Process
from engine.state.table import KEEP_EXITED, MAX_LINEAGE, ProcessTable
from tests.helpers.world import MS, SECOND, T0, WEB, clone, event, execve, process_info, procexit, snapshot


class Table(ProcessTable):
    """A table that takes events as :class:`engine.state.world.World` feeds them."""

    def take(self, *events: KernelEvent) -> Process:
        """Feed events; returns the process of the last one."""
        for one in events:
            process = self.observe(one)
            handler = {"clone": self.clone, "execve": self.exec, "procexit": self.exit}.get(one.type)
            if handler is not None:
                handler(one, process)
        return process

    def at(self, pid: int, start: int | None = None) -> Process:
        process = self.get(pid, pid if start is None else start)
        assert process is not None
        return process


@pytest.fixture
def table() -> Table:
    """Init (1) and a login shell (100) in /root."""
    table = Table()
    shell = process_info(100, comm="bash", exe="-bash", exepath="/bin/bash", args=["-i"], cwd="/root", env=["A=1"])
    table.snapshot(snapshot(process_info(1, ppid=0, comm="init", exe="init", exepath="/sbin/init"), shell))
    return table


def lineage(process: Process) -> list[int]:
    return [process.pid, *(one.pid for one in process.ancestors())]


def test_a_fork_copies_what_its_record_leaves_out(table: Table) -> None:
    table.take(clone(100, 200, comm="bash"))
    child = table.at(200)
    assert (child.exe, child.exepath, child.args, child.cwd, child.env) == (
        "-bash",
        "/bin/bash",
        ["-i"],
        "/root",
        ["A=1"],
    )
    assert child.parent is table.at(100)


def test_an_exec_replaces_the_program_and_keeps_the_place_in_the_tree(table: Table) -> None:
    table.take(clone(100, 200), execve(200, "/bin/cat", "/etc/shadow", at=MS, ppid=100, tty=34816))
    cat = table.at(200)
    assert (cat.cmdline, cat.tty, cat.exec_time) == ("cat /etc/shadow", 34816, T0 + MS)
    assert cat.env == []
    assert lineage(cat) == [200, 100, 1]


def test_a_failed_exec_changes_nothing(table: Table) -> None:
    table.take(event("execve", 100, comm="bash", res=-2, args={"filename": "/nothing"}))
    assert table.at(100).exepath == "/bin/bash"


def test_the_exec_may_arrive_before_the_clone(table: Table) -> None:
    table.take(execve(200, "/bin/cat", at=MS, ppid=100), clone(100, 200))
    cat = table.at(200)
    assert (cat.name, cat.exepath, cat.args) == ("cat", "/bin/cat", [])
    assert lineage(cat) == [200, 100, 1]


def test_an_event_of_the_child_may_arrive_before_the_clone(table: Table) -> None:
    table.take(event("openat", 200, at=MS, ppid=100, comm="bash", uid=7), clone(100, 200))
    child = table.at(200)
    assert (child.exepath, child.uid) == ("/bin/bash", 7)
    assert child.parent is table.at(100)


def test_the_exit_may_arrive_before_the_clone(table: Table) -> None:
    table.take(procexit(200, at=MS, status=256, ppid=100), clone(100, 200))
    child = table.at(200)
    assert (child.exit_time, child.exit_status, child.exepath) == (T0 + MS, 256, "/bin/bash")
    assert table.living == 2


def test_an_older_event_that_comes_late_does_not_undo_what_is_known(table: Table) -> None:
    table.take(execve(100, "/bin/su", at=2 * MS), event("openat", 100, at=MS, comm="bash", uid=1000))
    assert (table.at(100).name, table.at(100).uid) == ("su", 0)


def test_a_wall_clock_set_back_does_not_make_events_older(table: Table) -> None:
    """The order is that of the clock since boot; the times that people read are those of the wall clock."""
    hour = 3600 * SECOND
    table.take(event("openat", 200, at=hour, since_boot=10, comm="sh"))
    table.take(event("setuid", 200, at=0, since_boot=20, comm="sh", uid=33))
    assert table.at(200).uid == 33
    table.take(execve(200, "/bin/su", at=hour, since_boot=30), execve(200, "/bin/cat", at=1, since_boot=40))
    assert (table.at(200).name, table.at(200).exec_time) == ("cat", T0 + 1)
    table.take(procexit(200, at=hour, since_boot=50), event("openat", 200, at=2, since_boot=60))
    assert not table.at(200).exit_time, "it was its first thread that ended"
    table.take(procexit(200, at=3, since_boot=70))
    assert table.at(200).exit_time == T0 + 3


def test_a_wall_clock_set_forward_forgets_nobody_early(table: Table) -> None:
    table.take(event("openat", 200, since_boot=10), procexit(200, at=10 * KEEP_EXITED, since_boot=20))
    table.expire(19 + KEEP_EXITED)
    assert table.get(200, 200) is not None
    table.expire(20 + KEEP_EXITED)
    assert table.get(200, 200) is None


def test_an_unknown_process_is_made_from_its_event(table: Table) -> None:
    stranger = table.take(event("openat", 300, ppid=100, comm="nc", uid=33, container_id=WEB))
    assert (stranger.name, stranger.uid, stranger.container_id, stranger.exepath) == ("nc", 33, WEB, "")
    assert lineage(stranger) == [300, 100, 1]


def test_credentials_are_those_of_the_latest_event(table: Table) -> None:
    process = table.take(event("setuid", 100, comm="bash", uid=1000, cap_effective=3, container_id=WEB))
    assert (process.uid, process.cap_effective, process.container_id) == (1000, 3, WEB)


def test_a_thread_has_a_name_of_its_own(table: Table) -> None:
    process = table.take(event("openat", 100, tid=101, comm="worker-3"))
    assert (process.name, process.tid) == ("bash", 101)


def test_an_exec_by_another_thread_outlives_the_end_of_the_first(table: Table) -> None:
    table.take(procexit(100, at=MS), execve(100, "/bin/cat", at=2 * MS))
    assert (table.at(100).exit_time, table.at(100).name, table.living) == (0, "cat", 2)


def test_a_reused_pid_is_another_process(table: Table) -> None:
    table.take(clone(100, 200), procexit(200, at=MS), clone(100, 200, at=2 * MS, child_start=999))
    assert table.at(200, 200).exit_time
    assert not table.at(200, 999).exit_time


def test_a_reused_pid_tells_that_an_exit_was_lost(table: Table) -> None:
    table.take(clone(100, 200), clone(100, 200, at=MS, child_start=999))
    assert table.at(200, 200).exit_time == T0 + MS
    assert table.living == 3


def test_a_younger_process_with_the_parents_pid_is_not_the_parent(table: Table) -> None:
    orphan = table.take(event("openat", 50, ppid=100))
    assert (orphan.parent, orphan.ppid) == (None, 100)


def test_the_parent_is_the_one_that_started_it(table: Table) -> None:
    table.take(clone(100, 200), clone(200, 300), procexit(200, at=MS), event("openat", 300, at=2 * MS, ppid=1))
    assert lineage(table.at(300)) == [300, 200, 100, 1]
    assert table.at(300).ppid == 200


def test_clone_parent_makes_a_sibling(table: Table) -> None:
    sibling = clone(200, 300, at=MS)
    assert sibling.process is not None
    sibling.process.ppid = 100
    table.take(clone(100, 200), sibling)
    assert table.at(300).parent is table.at(100)


def test_a_snapshot_ends_those_that_are_not_in_it(table: Table) -> None:
    table.take(clone(100, 200, at=MS), event("openat", 200, at=MS))
    table.take(clone(100, 300, at=3 * MS), event("openat", 300, at=3 * MS))
    table.snapshot(snapshot(process_info(1, ppid=0), at=2 * MS))
    assert table.at(200).exit_time == T0 + 2 * MS
    assert not table.at(300).exit_time, "it was seen after the snapshot"


def test_a_snapshot_after_a_loss_finds_what_was_missed(table: Table) -> None:
    """The exit of 200, an exec of 300 and the fork of 400 were lost. 500 did something after the snapshot was begun."""
    table.take(clone(100, 200), clone(100, 300), execve(300, "/bin/sh", at=1), clone(100, 500), execve(500, "/bin/a"))
    table.take(execve(500, "/bin/new", at=3 * MS))
    living = [process_info(pid, comm="bash", exepath="/bin/bash") for pid in (1, 100)]
    cat = process_info(300, ppid=100, comm="cat", exepath="/bin/cat")
    table.snapshot(snapshot(*living, cat, process_info(400, ppid=300), process_info(500, exepath="/bin/a"), at=2 * MS))
    assert table.at(200).exit_time
    assert table.at(300).name == "cat"
    assert lineage(table.at(400)) == [400, 300, 100, 1]
    assert table.at(500).name == "new"
    assert (table.missed_exits, table.living) == (1, 5)


def test_a_snapshot_in_parts_is_as_one(table: Table) -> None:
    """While it is taken in, events go on: 400 is forked, 300 ends; 200 has ended unheard, its pid is in use again."""
    table.take(clone(100, 200), clone(100, 250), clone(100, 300))
    known = [process_info(pid, ppid=100) for pid in (1, 100)]
    whole = [*known, process_info(200, 999, ppid=600), process_info(300, ppid=100), process_info(600, 600, ppid=1)]
    first, second = snapshot(*whole[:3], at=MS), snapshot(*whole[3:], at=MS)
    first.more = True
    table.snapshot(first)
    assert table.living == 5, "nobody has ended but whose pid is in use again"
    table.take(clone(100, 400, at=2 * MS), procexit(300, at=3 * MS))
    table.snapshot(second)
    assert {one.key for one in table if not one.exit_time} == {(1, 1), (100, 100), (200, 999), (400, 400), (600, 600)}
    assert lineage(table.at(200, 999)) == [200, 600, 1]
    assert table.missed_exits == 2


def test_a_snapshot_links_nobody_to_who_had_the_pid_of_the_parent_before(table: Table) -> None:
    """The exit of the first 700 was lost; in /proc 300, a child of the second, comes before it."""
    table.take(clone(100, 700, child_start=700))
    child, parent = process_info(300, 2000, ppid=700), process_info(700, 1000, ppid=100)
    table.snapshot(snapshot(process_info(1, ppid=0), process_info(100), child, parent, at=MS))
    assert [one.key for one in table.at(300, 2000).ancestors()] == [(700, 1000), (100, 100), (1, 1)]
    assert table.missed_exits == 1


def test_a_snapshot_links_those_that_started_in_the_same_tick(table: Table) -> None:
    table.snapshot(snapshot(process_info(300, start=5, ppid=301), process_info(301, start=5, ppid=1)))
    assert lineage(table.at(300, 5)) == [300, 301, 1]


def test_wall_clock_times_follow_from_one_known_start(table: Table) -> None:
    table.snapshot(snapshot(process_info(400, start=5000, started=T0 + 5000)))
    assert table.take(event("openat", 500, start=6000)).started == T0 + 6000


# ── forgetting ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_exited_process_is_remembered_for_a_while(table: Table) -> None:
    table.take(clone(100, 200), procexit(200, at=SECOND))
    table.expire(T0 + KEEP_EXITED)
    assert table.get(200, 200) is not None
    table.expire(T0 + SECOND + KEEP_EXITED)
    assert table.get(200, 200) is None


def test_an_exited_parent_stays_as_long_as_its_children(table: Table) -> None:
    table.take(clone(100, 200), clone(200, 300), procexit(200, at=MS))
    table.expire(T0 + 10 * KEEP_EXITED)
    assert lineage(table.at(300)) == [300, 200, 100, 1]
    table.take(procexit(300, at=20 * KEEP_EXITED))
    table.expire(T0 + 30 * KEEP_EXITED)
    assert len(table) == 2


def test_the_exited_are_bounded_in_number() -> None:
    table = Table(max_exited=10)
    for pid in range(2, 1000):
        table.take(clone(1, pid, at=pid), procexit(pid, at=pid))
    assert len(table) <= 12


def test_nobody_is_forgotten_while_a_child_is_put_below_it() -> None:
    """The clone comes late, of a parent that exited longest ago, and its child's pid is in use again."""
    table = Table(max_exited=2)
    table.take(procexit(200, at=1), procexit(300, at=2, start=350), clone(200, 300, child_start=250))
    assert table.at(300, 250).parent is table.at(200)


def test_a_pid_that_is_used_again_within_a_clock_tick_leaves_no_ghost_among_the_children(table: Table) -> None:
    table.take(clone(100, 200), procexit(200, at=MS), clone(100, 200, at=2 * MS))
    assert table.at(100).children == {table.at(200)}


def test_parents_that_exit_after_each_fork_do_not_pile_up(table: Table) -> None:
    table.take(execve(200, "/bin/sh", ppid=100, container_id=WEB))
    for pid in range(200, 1200):
        table.take(clone(pid, pid + 1, at=pid, container_id=WEB, ppid=pid - 1))
        table.take(procexit(pid, at=pid + 1, container_id=WEB))
    table.expire(T0 + 10 * KEEP_EXITED)
    chain = [one.pid for one in table.at(1200).ancestors()]
    assert len(chain) <= MAX_LINEAGE + 2
    assert chain[-3:] == [200, 100, 1], "the place of entry is kept"
    assert chain[:3] == [1199, 1198, 1197], "and the nearest ancestors"
    assert len(table) <= MAX_LINEAGE + 3
    assert table.left_out == 1000 - MAX_LINEAGE


# ── what captures tell ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_adopted_process_descends_from_who_adopted_it(table: Table) -> None:
    table.take(clone(100, 200, at=1), clone(200, 300, at=2), procexit(200, at=3))
    assert lineage(table.at(300)) == [300, 200, 100, 1]
    table.adopt(Adoption(T0 + 4, [(300, 300), (4711, 4711)], (100, 100)))
    assert lineage(table.at(300)) == [300, 100, 1] and table.at(300).ppid == 100
    table.adopt(Adoption(T0 + 5, [(300, 300)], None))
    assert lineage(table.at(300)) == [300] and table.at(300).ppid == 0


def test_nobody_is_adopted_by_a_descendant(table: Table) -> None:
    table.take(clone(100, 200, at=1))
    table.adopt(Adoption(T0 + 2, [(100, 100)], (200, 200)))
    assert lineage(table.at(100)) == [100]


def test_those_that_adopted_are_kept_and_those_that_gave_away_are_not(table: Table) -> None:
    table.take(clone(100, 200, at=1), clone(200, 300, at=2), procexit(200, at=3))
    table.adopt(Adoption(T0 + 4, [(300, 300)], (100, 100)))
    table.expire(T0 + KEEP_EXITED + SECOND)
    assert table.get(200, 200) is None
    table.take(procexit(100, at=5))
    table.expire(T0 + 2 * KEEP_EXITED)
    assert table.get(100, 100) is not None

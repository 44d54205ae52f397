"""Docker's execs joined with the processes that came of them."""

from __future__ import annotations

import pytest

from engine.events import Input
from engine.state import askers, execs
from engine.state.world import World
from engine.views.views import Views
from tests.helpers.asking import SHIM, action, asked, cli, entering, entry, named, see, shimmed
from tests.helpers.world import DB, MS, SECOND, T0, WEB, clone, execve, process_info, snapshot


@pytest.fixture
def world() -> World:
    return shimmed()


@pytest.mark.parametrize("late", [False, True], ids=["Docker names it first", "the kernel tells first"])
def test_docker_names_the_process(world: World, late: bool) -> None:
    parts: list[list[Input]] = [[named(40, at=20 * MS)], entering(40, "/bin/sh", "-c", "other", at=10 * MS)]
    see(world, *asked("sh -c id"), *parts[late], *parts[not late], action("exec_die", at=SECOND, exitCode="3"))
    row = entry(world, 40)
    assert (row.exec_id, row.certain, row.tty, row.privileged) == ("e1", True, True, False)
    assert (row.time, row.started, row.ended, row.exit_code) == (T0, T0 + MS, T0 + SECOND, 3)


def test_where_docker_does_not_name_it_the_command_tells_in_dockers_order(world: World) -> None:
    see(world, *asked("sh -c id", "e1"), *asked("sh -c id", "e2", at=5 * MS), *asked("ls", "e3", at=6 * MS))
    see(world, *entering(40, "/bin/ls", at=10 * MS), *entering(41, "/bin/sh", "-c", "id", at=11 * MS))
    see(world, *entering(42, "/bin/sh", "-c", "id", at=12 * MS))
    assert [entry(world, pid).exec_id for pid in (40, 41, 42)] == ["e3", "e1", "e2"]
    assert not entry(world, 40).certain


def test_what_docker_names_later_is_put_right(world: World) -> None:
    see(world, *asked("sh -c id", "e1"), *asked("sh -c id", "e2"))
    see(world, *entering(41, "/bin/sh", "-c", "id", at=11 * MS))
    see(world, named(41, "e2"))
    assert entry(world, 41).exec_id == "e2"
    see(world, *entering(42, "/bin/sh", "-c", "id", at=12 * MS))
    assert entry(world, 42).exec_id == "e1"


def test_an_entry_that_docker_knows_nothing_of_stays_alone(world: World) -> None:
    see(
        world,
        *asked("sh"),
        *entering(40, "/bin/sh", at=60 * SECOND),
        *entering(41, "/bin/ls", at=2 * MS, container_id=DB),
    )
    assert (entry(world, 40).exec_id, entry(world, 41).exec_id) == ("", "")


def test_entries_are_counted_once_for_each_process_and_not_for_its_children(world: World) -> None:
    see(world, *entering(40, "/bin/sh", at=MS), execve(40, "/bin/bash", at=2 * MS, container_id=WEB, vpid=30))
    see(world, clone(40, 41, at=3 * MS, container_id=WEB), execve(41, "/bin/ls", at=4 * MS, container_id=WEB, ppid=40))
    row = Views(world).container_row(WEB)
    assert row is not None
    assert (row.entries, row.last_entry, row.execs) == (1, T0 + MS, 0)


def test_the_first_program_of_a_container_is_no_entry(world: World) -> None:
    see(world, clone(SHIM, 40, at=0), execve(40, "/bin/httpd", at=MS, ppid=SHIM, container_id=WEB, vpid=1))
    row = Views(world).container_row(WEB)
    assert row is not None
    assert row.entries == 0


def test_who_was_there_when_the_watch_began_has_entered(world: World) -> None:
    see(world, snapshot(process_info(1, ppid=0), process_info(40, ppid=1, container_id=WEB, vpid=30, started=T0)))
    row = Views(world).container_row(WEB)
    assert row is not None
    assert (row.entries, row.last_entry) == (1, T0)


def test_all_of_it_has_bounds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execs, "MOST", 3)
    monkeypatch.setattr(askers, "MOST", 3)
    for number in range(20):
        see(
            world,
            *cli(1000 + number, "ps", at=number),
            *asked("sh", f"e{number}"),
            *entering(100 + number, "/bin/sh", at=MS),
        )
    assert world.execs.forgotten == 17 and world.bounds["entries into containers forgotten"] == 17
    assert len(world.execs._asked) == len(world.execs._entries) == len(world.execs.askers._latest) == 3

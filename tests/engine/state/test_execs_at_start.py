"""Execs of just before the watch, and who asked for them."""

from __future__ import annotations

import pytest

from engine.events import ContainerAction, Input, ProcessInfo
from engine.state import execs
from engine.state.world import World
from tests.helpers.asking import SHIM, action, asked, cli, entering, entry, named, see
from tests.helpers.world import DB, MS, SECOND, T0, WEB, docker, process_info, snapshot


def just_begun() -> World:
    """Nothing but Docker's containers is known yet."""
    world = World()
    see(world, docker(WEB), docker(DB, name="db"))
    return world


def living(*more: ProcessInfo) -> Input:
    """The list of processes that a watch begins with."""
    return snapshot(process_info(1, ppid=0), process_info(SHIM, comm="containerd-shim"), *more)


SHELL = process_info(40, ppid=SHIM, comm="sh", exe="sh", container_id=WEB, vpid=30, started=T0 + 20 * MS)


def client_of(*arguments: str) -> ProcessInfo:
    """Docker's command line, which lives still."""
    where = "/usr/bin/docker"
    return process_info(30, comm="docker", exe="docker", exepath=where, args=list(arguments), started=T0 - 30 * MS)


CLIENT = client_of("exec", "-it", "web", "sh")


@pytest.mark.parametrize("late", [False, True], ids=["Docker tells first", "the processes are listed first"])
def test_who_asked_just_before_the_watch_is_found_among_those_who_live(late: bool) -> None:
    world = just_begun()
    docker_told, listed = [*asked("sh"), named(40, command="sh")], [living(SHELL, CLIENT)]
    see(world, *(listed if late else docker_told), *(docker_told if late else listed))
    row = entry(world, 40)
    assert (row.exec_id, row.time, row.started) == ("e1", T0, T0 + MS)
    assert row.asker is not None
    assert (row.asker.pid, row.asker.certain) == (30, True)


@pytest.mark.parametrize("late", [False, True], ids=["Docker tells first", "the processes are listed first"])
def test_an_exec_of_long_before_has_the_time_of_its_process(late: bool) -> None:
    """Docker's events are forgotten: it only knows that the exec runs."""
    world = just_begun()
    docker_told, listed = [named(40, at=3600 * SECOND, command="sh")], [living(SHELL, CLIENT)]
    see(world, *(listed if late else docker_told), *(docker_told if late else listed))
    row = entry(world, 40)
    assert (row.exec_id, row.time, row.certain) == ("e1", T0 + 20 * MS, True)
    assert row.asker is not None
    assert (row.asker.pid, row.asker.certain) == (30, True)


def test_what_docker_tells_after_the_kernel_belongs_to_the_program_that_entered() -> None:
    """It is over already, and Docker does not name its process any more."""
    world = just_begun()
    see(world, living(), *cli(30, "exec", "web", "sh", "-c", "id", at=-30 * MS))
    see(world, *entering(40, "sh", "-c", "id", at=10 * MS), *entering(41, "ls", at=11 * MS))
    see(world, *asked("sh -c id"), named(0), action("exec_die", at=SECOND, exitCode="0"))
    row = entry(world, 40)
    assert (row.exec_id, row.time, row.exit_code, row.certain) == ("e1", T0, 0, False)
    assert row.asker is not None and row.asker.pid == 30
    assert entry(world, 41).exec_id == ""


def test_a_program_that_entered_before_docker_was_asked_is_not_taken_for_it() -> None:
    world = just_begun()
    see(world, living(), *entering(40, "sh", "-c", "id", at=-MS), *asked("sh -c id"))
    assert entry(world, 40).exec_id == ""
    see(world, *entering(41, "sh", "-c", "id", at=10 * MS))
    assert entry(world, 41).exec_id == "e1"


def test_who_began_a_container_just_before_the_watch_is_found_too() -> None:
    world = just_begun()
    see(world, ContainerAction(WEB, T0, "start", {"name": "web"}))
    assert world.execs.starter(WEB) is None
    see(world, living(client_of("run", "--name", "web", "bbp")))
    starter = world.execs.starter(WEB)
    assert starter is not None and (starter.pid, starter.certain) == (30, True)


def test_what_is_remembered_for_the_first_list_is_bounded() -> None:
    world = just_begun()
    for number in range(2 * execs.EARLY):
        see(world, *asked("sh", f"e{number}"))
    assert len(world.execs._early) == execs.EARLY
    see(world, living(SHELL, CLIENT))
    assert not world.execs._early
    see(world, *asked("sh", "last"))
    assert not world.execs._early

"""Docker's execs joined with the processes that came of them, and with who asked."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import ContainerAction, Fd, Input, KernelEvent, ProcessInfo, RuntimeState
from engine.protocol import ExecRow
from engine.state import askers, execs
from engine.state.world import World
from engine.views.views import Views
from tests.helpers.world import DB, MS, SECOND, T0, WEB, clone, docker, event, execve, process_info, procexit, snapshot

SHIM = 5
"""A process on the host that begins what is put into containers."""


@pytest.fixture
def world() -> World:
    one = World()
    see(
        one,
        snapshot(process_info(1, ppid=0), process_info(SHIM, comm="containerd-shim")),
        docker(WEB),
        docker(DB, name="db"),
    )
    return one


def see(world: World, *inputs: Input) -> None:
    for item in inputs:
        world.apply(item)


def action(name: str, exec_id: str = "e1", at: int = 0, container_id: str = WEB, **attributes: str) -> ContainerAction:
    return ContainerAction(container_id, T0 + at, name, {"execID": exec_id} | attributes)


def entering(pid: int, *argv: str, at: int, container_id: str = WEB) -> list[Input]:
    """A program that a runtime puts into a container."""
    return [
        clone(SHIM, pid, at=at - MS),
        execve(pid, *argv, at=at, ppid=SHIM, container_id=container_id, vpid=30),
    ]


def asked(command: str, exec_id: str = "e1", at: int = 0) -> list[Input]:
    return [
        action("exec_create", exec_id, at, detail=command),
        action("exec_start", exec_id, at + MS, detail=command),
    ]


def named(pid: int, exec_id: str = "e1", at: int = 0, **more: str) -> ContainerAction:
    told = {"pid": str(pid), "command": "sh -c id", "user": "", "tty": "true", "privileged": "false"} | more
    return action(execs.INSPECT, exec_id, at, **told)


def entry(world: World, pid: int) -> ExecRow:
    row = world.execs.get((pid, pid))
    assert row is not None
    return row


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


# ── who asked ───────────────────────────────────────────────────────────────────────────────────────────────────────


def cli(pid: int, *arguments: str, at: int, **more: Any) -> list[Input]:
    return [clone(1, pid, at=at - MS), execve(pid, "/usr/bin/docker", *arguments, at=at, **more)]


def client(pid: int, at: int, path: str = "/run/docker.sock", **more: Any) -> list[Input]:
    """A program that speaks to Docker by itself."""
    return [
        execve(pid, "/usr/bin/python3", "x.py", at=at - MS, **more),
        event("connect", pid, at, fd=Fd(num=3, type="unix", name=path), res=0, comm="python3", **more),
    ]


def test_the_command_line_that_names_the_container_asked(world: World) -> None:
    see(
        world,
        *cli(50, "exec", "-it", "db", "sh", at=-2 * SECOND),
        *cli(51, "exec", "web", "sh", at=-SECOND, loginuid=1000),
    )
    see(world, *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert (asker.pid, asker.cmdline, asker.loginuid, asker.certain) == (51, "docker exec web sh", 1000, True)


def test_with_two_that_name_it_or_one_that_only_spoke_to_docker_it_is_said_to_be_probable(world: World) -> None:
    see(world, *client(52, at=-SECOND), *asked("sh"), *entering(40, "/bin/sh", at=MS))
    first = entry(world, 40).asker
    see(world, *cli(50, "exec", WEB[:6], "ls", at=2 * SECOND), *cli(51, "exec", "web", "ls", at=2 * SECOND))
    see(world, *cli(52, "exec", "web", "id", at=2 * SECOND))
    see(world, *asked("ls", "e2", at=3 * SECOND), *entering(41, "/bin/ls", at=3 * SECOND + MS))
    second = entry(world, 41).asker
    assert first is not None
    assert second is not None
    assert (first.pid, first.certain) == (52, False)
    assert (second.pid, second.certain, second.others) == (51, False, [f"docker exec {WEB[:6]} ls"])


def test_of_those_who_only_spoke_the_latest_of_then_is_told_first(world: World) -> None:
    """Not who was heard of last: it has spoken again since, for something else."""
    see(world, *client(52, at=-3 * SECOND), *client(53, at=-SECOND), *client(54, at=-2 * SECOND))
    see(world, *connects(52, SECOND), *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert (asker.pid, asker.certain, len(asker.others)) == (53, False, 2)


def connects(pid: int, *times: int) -> list[Input]:
    """Of a program that speaks to Docker already."""
    return [later for at in times for later in client(pid, at)[1:]]


@pytest.mark.parametrize("times", [2, 2 * askers.CONNECTS, 20 * askers.CONNECTS])
def test_who_connects_again_after_it_has_asked_is_not_forgotten_for_another(world: World, times: int) -> None:
    """What Docker tells comes when both have connected again."""
    see(world, *client(52, at=-2 * SECOND), *client(53, at=-SECOND))
    see(world, *connects(53, *(SECOND + number * MS for number in range(times))))
    see(world, *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert (asker.pid, asker.certain, asker.others) == (53, False, ["python3 x.py"])


def test_a_command_line_that_connects_later_has_still_named_the_container(world: World) -> None:
    """Else the other one would be the only one, and said to be certain."""
    for pid in (50, 51):
        see(world, *cli(pid, "exec", "web", "sh", at=-SECOND + pid))
    later = event("connect", 51, SECOND, fd=Fd(num=3, type="unix", name="/run/docker.sock"), res=0, comm="docker")
    see(world, later, *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert (asker.pid, asker.certain, asker.others) == (51, False, ["docker exec web sh"])


def test_a_command_line_that_has_had_its_exec_long_ago_asked_for_no_other(world: World) -> None:
    """It lives as long as its shell does."""
    see(world, *cli(50, "exec", "-it", "web", "sh", at=-3600 * SECOND), *client(52, at=-SECOND))
    see(world, *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert (asker.pid, asker.certain, asker.others) == (52, False, [])


def test_a_command_line_that_lives_long_and_speaks_again_may_have_asked(world: World) -> None:
    """``docker-compose up --watch`` does."""
    see(world, *cli(50, "compose", "up", at=-60 * SECOND), *connects(50, -10 * MS))
    see(world, *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert (asker.pid, asker.certain) == (50, False)


def test_who_only_names_the_container_is_not_certain_while_another_speaks(world: World) -> None:
    see(world, *cli(50, "logs", "-f", "web", at=-20 * SECOND), *client(52, at=-SECOND))
    see(world, *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert (asker.pid, asker.certain, asker.others) == (50, False, ["python3 x.py"])


def test_who_alone_names_the_container_is_certain_whatever_its_command_line_ends_with(world: World) -> None:
    see(world, *cli(51, "exec", "web", "sh", "--login", at=-SECOND))
    see(world, *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert (asker.pid, asker.certain, asker.others) == (51, True, [])


def test_who_names_a_container_that_begins_has_begun_it_whoever_else_speaks(world: World) -> None:
    see(world, *cli(50, "start", "web", at=-SECOND), *client(52, at=-MS))
    see(world, ContainerAction(WEB, T0, "start", {"name": "web"}))
    starter = world.execs.starter(WEB)
    assert starter is not None
    assert (starter.pid, starter.certain, starter.others) == (50, True, [])


def test_who_began_a_container_long_ago_is_not_certain_to_have_begun_it_again(world: World) -> None:
    see(world, *cli(50, "run", "-it", "--name", "web", "httpd", at=-3600 * SECOND))
    see(world, ContainerAction(WEB, T0, "restart", {"name": "web"}))
    starter = world.execs.starter(WEB)
    assert starter is not None
    assert (starter.pid, starter.certain) == (50, False)


def test_of_many_who_may_have_asked_some_are_named_and_the_rest_is_counted(world: World) -> None:
    for pid in range(50, 60):
        see(world, *client(pid, at=-SECOND + pid))
    see(world, *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert (asker.pid, len(asker.others), asker.more) == (59, askers.OTHERS, 9 - askers.OTHERS)


@given(st.lists(st.tuples(st.integers(50, 53), st.integers(-8 * 5, 8)), max_size=60), st.integers(1, 60))
def test_what_is_remembered_names_whoever_is_found_by_remembering_all(
    heard: list[tuple[int, int]], remembered: int
) -> None:
    """And no other, but for those who spoke so often since that it is not known any more."""
    world, at = World(), sorted(heard, key=lambda one: one[1])
    see(world, snapshot(*(process_info(pid) for pid in range(50, 54))))
    memory, processes = askers.Askers(lambda _: ""), {one.pid: one for one in world.processes}
    with patch.object(askers, "CONNECTS", remembered):
        for pid, when in at:
            (connect,) = connects(pid, when * SECOND // 8)
            assert isinstance(connect, KernelEvent)
            memory.connected(connect, processes[pid])
    plain = {pid for pid, when in at if -5 * 8 <= when <= 0}
    row = memory.asker(T0, ("web", WEB))
    found = len(row.others) + row.more + 1 if row else 0
    assert found >= len(plain)
    busy = {pid for pid, _ in at if sum(pid == one for one, _ in at) > remembered}
    assert found <= len(plain | busy)


FOLLOWED = RuntimeState(time=T0 - 60 * SECOND, connected=True, address="/var/run/docker.sock")


@pytest.mark.parametrize(
    "other",
    [
        client(52, at=-SECOND // 2, path="/tmp/other/docker.sock"),
        client(52, at=-SECOND // 2, path="/run/podman/podman.sock"),
        cli(52, "-H", "unix:///tmp/other/docker.sock", "exec", "web", "sh", at=-SECOND // 2),
        cli(52, "--host=tcp://there:2375", "exec", "web", "sh", at=-SECOND // 2),
        cli(52, "--log-level", "debug", "-Htcp://there:2375", "exec", "web", "sh", at=-SECOND // 2),
    ],
    ids=["by itself", "podman", "-H", "--host", "behind another option"],
)
def test_who_speaks_to_another_runtime_has_not_asked_this_one(world: World, other: list[Input]) -> None:
    see(world, FOLLOWED, *client(51, at=-SECOND, path="/run/docker.sock"), *other)
    see(world, *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert (asker.pid, asker.others) == (51, [])


@pytest.mark.parametrize(
    "arguments",
    [("exec", "web", "curl", "-H", "Host: x", "y"), ("--context", "lab", "exec", "web", "curl", "-HHost: x", "y")],
)
def test_what_a_command_inside_has_for_options_names_no_runtime(world: World, arguments: tuple[str, ...]) -> None:
    see(world, FOLLOWED, *cli(51, *arguments, at=-SECOND), *asked("curl"), *entering(40, "/bin/curl", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert asker.pid == 51


def test_in_a_container_the_path_of_a_socket_may_be_any(world: World) -> None:
    see(world, FOLLOWED, *client(51, at=-SECOND, path="/mnt/docker.sock", container_id=DB))
    see(world, *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert asker.pid == 51


def test_a_socket_of_any_name_is_that_of_the_runtime_that_is_followed(world: World) -> None:
    see(world, RuntimeState(time=T0 - 60 * SECOND, connected=True, address="/srv/daemon"))
    see(world, *client(51, at=-SECOND, path="/srv/daemon"), *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert asker.pid == 51


def test_of_several_that_name_it_the_command_tells(world: World) -> None:
    for pid, command in ((50, "id"), (51, "a b"), (52, "ls")):
        see(world, *cli(pid, "exec", "web", "sh", "-c", command, at=-SECOND + pid))
    see(world, *asked("sh -c a b"), *entering(40, "/bin/sh", "-c", "a b", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert (asker.pid, asker.certain) == (51, True)


@pytest.mark.parametrize(
    "others",
    [
        client(52, at=-SECOND, path="/run/dbus.sock"),
        client(52, at=-60 * SECOND),
        [*cli(52, "exec", "web", "sh", at=-9 * SECOND), procexit(52, at=-8 * SECOND)],
        cli(52, "exec", "web", "sh", at=SECOND),
    ],
    ids=["another socket", "long ago", "it has ended", "later"],
)
def test_others_did_not_ask(world: World, others: list[Input]) -> None:
    see(world, *others, *asked("sh"), *entering(40, "/bin/sh", at=MS))
    assert entry(world, 40).asker is None


def test_a_container_that_speaks_to_docker_is_named(world: World) -> None:
    see(world, *client(52, at=-SECOND, container_id=DB), *asked("sh"), *entering(40, "/bin/sh", at=MS))
    asker = entry(world, 40).asker
    assert asker is not None
    assert asker.container_id == DB


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


# ── the first seconds of a watch ────────────────────────────────────────────────────────────────────────────────────


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

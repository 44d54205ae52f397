"""Who asked Docker for an exec: for certain, probably, or one of several."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import ContainerAction, Fd, Input, KernelEvent, RuntimeState
from engine.state import askers
from engine.state.world import World
from tests.helpers.asking import asked, cli, client, connects, entering, entry, see, shimmed
from tests.helpers.world import DB, MS, SECOND, T0, WEB, event, process_info, procexit, snapshot


@pytest.fixture
def world() -> World:
    return shimmed()


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

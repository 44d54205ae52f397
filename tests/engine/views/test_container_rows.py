"""Containers as a front end sees them: which there are, for how long, with whose rights."""

from __future__ import annotations

import asyncio

import pytest

from engine.events import ContainerAction, KernelEvent, Users
from engine.state.containers import KEEP_GONE, ContainerTable
from engine.state.world import World
from engine.views.views import Views
from tests.helpers.entered import apply, container_rows, entered, expire, opened
from tests.helpers.steps import steps
from tests.helpers.world import (
    DB,
    SECOND,
    T0,
    WEB,
    docker,
    docker_action,
    event,
    execve,
    process_info,
    procexit,
    snapshot,
)


@pytest.fixture
def world() -> World:
    return entered()


def test_a_container_and_what_goes_on_in_it(world: World) -> None:
    world.apply(docker_action("exec_start", at=5))
    world.apply(opened("/etc/shadow", at=SECOND))
    (row,) = container_rows(world)
    assert (row.info.name, row.processes, row.execs, row.last_exec) == ("web", 2, 1, T0 + 5)


@pytest.mark.parametrize(
    ("healthcheck", "command"), [(["CMD-SHELL", "curl -f x"], "/bin/sh -c curl -f x"), (["CMD", "pg", "-q"], "pg -q")]
)
def test_a_check_of_its_health_is_nobody_who_enters(world: World, healthcheck: list[str], command: str) -> None:
    world.apply(docker(at=1, healthcheck=healthcheck))
    for at, detail in ((2, command), (3, f"{command}; sh"), (4, "sh")):
        world.apply(ContainerAction(id=WEB, time=T0 + at, action="exec_start", attributes={"detail": detail}))
    (row,) = asyncio.run(Views(world).container_rows())
    assert (row.execs, row.last_exec) == (2, T0 + 4)


def test_running_containers_come_first(world: World) -> None:
    world.apply(docker(DB, name="db"))
    world.apply(docker("ef" * 32, name="gone", state="removed"))
    assert [(row.info.name, row.gone) for row in container_rows(world)] == [
        ("web", False),
        ("db", False),
        ("gone", True),
    ]


def test_a_container_without_docker_has_its_id(world: World) -> None:
    world.apply(event("openat", 300, container_id=DB))
    row = next(row for row in container_rows(world) if row.info.id == DB)
    assert (row.info.name, row.info.complete) == (DB[:12], False)


def test_a_removed_container_is_remembered_for_a_while(world: World) -> None:
    world.apply(docker(state="removed", at=SECOND))
    expire(world, T0 + SECOND)
    expire(world, T0 + KEEP_GONE)
    assert len(world.containers) == 1
    expire(world, T0 + SECOND + KEEP_GONE)
    assert len(world.containers) == 0


def test_a_container_that_no_runtime_knew_is_forgotten_once_nobody_lives_in_it(world: World) -> None:
    world.apply(execve(300, "/bin/sh", container_id=DB))
    expire(world, T0)
    expire(world, T0 + KEEP_GONE)
    assert world.containers.get(DB) is not None, "somebody lives there, however quiet"
    world.apply(procexit(300, at=KEEP_GONE + SECOND, container_id=DB))
    expire(world, T0 + KEEP_GONE + SECOND)
    expire(world, T0 + 2 * KEEP_GONE)
    assert world.containers.get(DB) is not None, "it is remembered for a while"
    expire(world, T0 + 2 * KEEP_GONE + SECOND)
    assert world.containers.get(DB) is None
    assert world.containers.get(WEB) is not None, "Docker's containers stay, however quiet"


@pytest.mark.parametrize("jump", [-5, 5])
def test_a_wall_clock_that_is_set_forgets_no_container_early_and_keeps_none_for_ever(world: World, jump: int) -> None:
    """Docker's times are those of the wall clock, which jumps by hours."""

    def at(seconds: int, jumped: int = 0) -> KernelEvent:
        wall = seconds * SECOND + jumped * 3600 * SECOND
        return event("openat", 1, wall, since_boot=1000 * SECOND + seconds * SECOND)

    world = World()
    world.apply(at(0))
    world.apply(docker(state="removed", at=SECOND))
    world.apply(event("openat", 300, since_boot=1000 * SECOND, container_id=DB))
    world.apply(procexit(300, since_boot=1000 * SECOND + 1, container_id=DB))
    expire(world, 1002 * SECOND)
    world.apply(at(3, jumped=jump))
    expire(world, 1003 * SECOND)
    assert [one.id for one in world.containers] == [WEB, DB]
    world.apply(at(601, jumped=jump))
    expire(world, 1001 * SECOND + KEEP_GONE)
    assert len(world.containers) == 2
    expire(world, 1002 * SECOND + KEEP_GONE)
    assert len(world.containers) == 0


def test_a_container_that_comes_back_by_its_name_is_not_gone(world: World) -> None:
    world.apply(docker(state="removed", at=SECOND))
    expire(world, T0 + SECOND)
    world.apply(docker(at=2 * SECOND))
    expire(world, T0 + 2 * SECOND)
    expire(world, T0 + 2 * SECOND + KEEP_GONE)
    assert world.containers.get(WEB) is not None


def test_containers_in_which_somebody_lives_are_the_last_to_be_forgotten() -> None:
    """Of a runtime that cannot be asked: they live, and those that Docker told of have long ended."""
    containers = ContainerTable(maximum=3, inhabited={"alive"})
    containers.see("alive", time=T0)
    containers.inform(docker(WEB, state="exited"))
    containers.inform(docker(DB, state="exited"))
    for n in range(10):
        containers.see(f"{n:064}", time=T0 + n)
    assert containers.get("alive") is not None
    assert containers.forgotten == 10


def test_a_container_that_was_forgotten_and_is_seen_again_is_asked_about_again() -> None:
    asked: list[str] = []
    world = World()
    world.containers = ContainerTable(maximum=1)
    world.on_unknown_container = lambda container_id, _pid: asked.append(container_id)
    for container_id in (WEB, DB, WEB):
        world.apply(event("openat", 300, container_id=container_id))
    assert asked == [WEB, DB, WEB]
    assert world.bounds == {"containers forgotten": 2}


def test_containers_that_come_and_go_by_the_thousand_cost_no_more_each_than_a_few() -> None:
    """Room is made for many at once: choosing takes a look at all."""

    def look(maximum: int) -> float:
        containers = ContainerTable(maximum=maximum)
        for n in range(maximum):
            containers.see(f"{n:064}", time=n)
        more = steps(lambda: [containers.see(f"{n:064}", time=n) for n in range(maximum, 2 * maximum)])
        assert len(containers) <= maximum
        return more / maximum

    assert look(5_000) < 2 * look(500)


def test_unknown_containers_do_not_push_out_those_that_docker_told_of() -> None:
    containers = ContainerTable(maximum=3)
    containers.inform(docker(WEB))
    for n in range(10):
        containers.see(f"{n:064}", time=T0 + n)
    assert [one.id for one in containers] == [WEB, f"{8:064}", f"{9:064}"]


def test_containers_are_bounded_in_number() -> None:
    containers = ContainerTable(maximum=3)
    for n in range(10):
        containers.see(f"{n:064}", time=n)
    assert sorted(container.last_seen for container in containers) == [7, 8, 9]


def test_the_rights_of_a_container_are_those_of_its_first_own_program() -> None:
    world = World()
    apply(world, execve(100, "/usr/bin/runc", at=1, vpid=1, container_id=WEB, cap_permitted=0x1FF))
    apply(world, execve(100, "/bin/httpd", at=2, vpid=1, container_id=WEB, cap_permitted=0xFF))
    apply(world, execve(100, "/bin/other", at=3, vpid=1, container_id=WEB, cap_permitted=0))
    container = world.containers.get(WEB)
    assert container is not None
    assert container.entry_caps == 0xFF


def test_the_rights_of_a_container_that_ran_before() -> None:
    world = World()
    world.apply(snapshot(process_info(100, vpid=1, cap_permitted=0xFF, container_id=WEB)))
    container = world.containers.get(WEB)
    assert container is not None
    assert container.entry_caps == 0xFF


def test_users_belong_to_their_container(world: World) -> None:
    world.apply(Users(container_id=WEB, users={33: "www-data"}))
    world.apply(Users(container_id="", users={33: "somebody"}, groups={5: "tty"}))
    inside = apply(world, event("openat", 100, container_id=WEB, uid=33))
    assert inside.container is not None
    assert inside.container.users[33] == "www-data"
    assert (inside.host.users[33], inside.host.groups[5]) == ("somebody", "tty")

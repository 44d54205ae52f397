"""setsid and setpgid in a pid namespace, where the numbers are not those of the host."""

from __future__ import annotations

import pytest

from engine.state.processes import Process
from engine.state.world import World
from tests.helpers.world import event, process_info, snapshot

INNER = 7


@pytest.fixture
def world() -> World:
    """A shell (host 500, inside 5) of a container with two jobs (host 600 and 700, inside 6 and 8)."""
    world = World()
    inner = {"pid_ns": INNER, "sid": 500, "pgid": 500, "vpgid": 5}
    pids = ((500, 1, 5), (600, 500, 6), (700, 500, 8))
    world.apply(snapshot(process_info(1, ppid=0), *(process_info(p, ppid=up, vpid=v, **inner) for p, up, v in pids)))
    return world


def at(world: World, pid: int) -> Process:
    process = world.processes.get(pid, pid)
    assert process is not None
    return process


def groups(world: World, pid: int) -> tuple[int, int, int]:
    process = at(world, pid)
    return process.sid, process.pgid, process.vpgid


def setpgid(world: World, caller: int, pid: int, pgid: int, res: int = 0) -> None:
    world.apply(event("setpgid", caller, at=9, res=res, args={"res": res, "pid": pid, "pgid": pgid}))


def test_a_session_is_named_by_the_host_and_its_group_by_the_namespace(world: World) -> None:
    world.apply(event("setsid", 600, at=9, res=6, args={"res": 6}))
    assert groups(world, 600) == (600, 600, 6)


@pytest.mark.parametrize(
    ("call", "moved", "expected"),
    [
        ((500, 6, 6), 600, (500, 600, 6)),
        ((500, 8, 6), 700, (500, 600, 6)),
        ((600, 0, 0), 600, (500, 600, 6)),
        ((600, 0, 5), 600, (500, 500, 5)),
        ((700, 0, 6), 700, (500, 600, 6)),
        ((700, 0, 44), 700, (500, 0, 44)),
        ((500, 99, 5), 600, (500, 500, 5)),
    ],
)
def test_a_group_is_entered(
    world: World, call: tuple[int, int, int], moved: int, expected: tuple[int, int, int]
) -> None:
    """``call``: who calls, and the two pids that it gives."""
    setpgid(world, *call)
    assert groups(world, moved) == expected


def test_a_call_that_fails_changes_nothing(world: World) -> None:
    setpgid(world, 500, 6, 6, res=-13)
    world.apply(event("setsid", 500, at=9, res=-1))
    assert (groups(world, 600), groups(world, 500)) == ((500, 500, 5), (500, 500, 5))

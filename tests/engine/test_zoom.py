"""Who is watched in full, and for how long."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.alerts import DROP_RULE, Alert, Ancestor, ContainerRef, Priority
from engine.events import KernelEvent
from engine.state.world import World
from engine.zoom import MOST, ROUNDS, SECONDS, Target, Zooms, target_of
from tests.helpers.world import DB, WEB, clone, docker, execve, procexit


class Clock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Kernel:
    """What the kernel would do: keeps who is watched, and with which processes it began."""

    def __init__(self) -> None:
        self.watched: dict[Target, frozenset[int]] = {}
        self.ready = True

    def apply(self, target: Target, pids: frozenset[int]) -> bool:
        assert target not in self.watched, "begun once"
        if self.ready:
            self.watched[target] = pids
        return self.ready

    def extend(self, target: Target, pids: frozenset[int]) -> bool:
        new = pids - self.watched[target]
        self.watched[target] |= new
        return bool(new)

    def stop(self, target: Target) -> None:
        del self.watched[target]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


@pytest.fixture
def zooms(clock: Clock, kernel: Kernel) -> Zooms:
    made = Zooms(World(), clock, lambda: int(clock.now * 1e9))
    made._world.apply(docker())
    made.apply, made.extend, made.stop = kernel.apply, kernel.extend, kernel.stop
    return made


def alert(container_id: str = "", *pids: int) -> Alert:
    return Alert(
        time=1,
        rule="r",
        priority=Priority.NOTICE,
        output="",
        output_fields={},
        container=ContainerRef(id=container_id) if container_id else None,
        lineage=[Ancestor(pid=pid, start=pid, name="p") for pid in pids],
    )


def test_it_ends_after_a_minute_unless_somebody_goes_on_to_look(clock: Clock, kernel: Kernel, zooms: Zooms) -> None:
    zooms.begin(WEB)
    clock.now += SECONDS - 1
    zooms.begin(WEB)
    clock.now += SECONDS - 1
    zooms.expire()
    assert set(kernel.watched) == {WEB}
    clock.now += 2
    zooms.expire()
    assert kernel.watched == {}


def test_it_ends_when_its_container_is_removed_and_none_begins_there(kernel: Kernel, zooms: Zooms) -> None:
    zooms.begin(WEB, asked=True)
    zooms._world.apply(docker(state="exited"))
    zooms.expire()
    assert set(kernel.watched) == {WEB}, "it may start again, and is watched from its first event then"
    zooms._world.apply(docker(state="removed"))
    zooms.expire()
    assert kernel.watched == {}
    zooms.begin(WEB)
    assert kernel.watched == {}


def test_it_ends_when_nobody_of_its_subtree_lives(kernel: Kernel, zooms: Zooms) -> None:
    for one in (execve(10, "/bin/sh"), clone(10, 11), procexit(10)):
        zooms._world.apply(one)
    zooms.begin((10, 10))
    zooms.expire()
    assert kernel.watched == {(10, 10): {11}}, "what it has begun goes on"
    zooms._world.apply(procexit(11))
    zooms.expire()
    assert (kernel.watched, zooms.rows()) == ({}, [])


def test_where_no_kernel_is_watched_nobody_is_watched_in_full(clock: Clock) -> None:
    zooms = Zooms(World(), clock)
    zooms.begin(WEB)
    assert zooms.rows() == []


def test_it_can_be_ended_before(kernel: Kernel, zooms: Zooms) -> None:
    zooms.begin(WEB)
    zooms.end(WEB)
    zooms.end(WEB)
    assert kernel.watched == {}


def test_a_subtree_is_what_lives_in_it_now(kernel: Kernel, zooms: Zooms) -> None:
    world = zooms._world
    for event in (execve(10, "/bin/sh"), clone(10, 11), clone(11, 12), clone(10, 13), procexit(13), execve(20, "/x")):
        world.apply(event)
    zooms.begin((10, 10))
    assert kernel.watched == {(10, 10): frozenset({10, 11, 12})}


def heard(zooms: Zooms, event: KernelEvent, clock: Clock, later: float = 0.0) -> None:
    """An event that was on its way arrives; ``later`` than the present it happened."""
    zooms._world.apply(replace(event, since_boot=int((clock.now + later) * 1e9)))
    zooms.catch_up()


def test_a_child_whose_beginning_was_on_its_way_is_watched_when_it_is_known(
    clock: Clock, kernel: Kernel, zooms: Zooms
) -> None:
    heard(zooms, execve(10, "/bin/sh"), clock, -1)
    zooms.begin((10, 10))
    heard(zooms, clone(10, 11), clock, -0.010)
    heard(zooms, clone(11, 12), clock, -0.005)
    assert kernel.watched[10, 10] == {10}, "more may be on their way"
    clock.now += 1
    heard(zooms, execve(20, "/x"), clock, -0.5)
    assert kernel.watched[10, 10] == {10, 11, 12}
    heard(zooms, clone(12, 13), clock, -0.4)
    assert kernel.watched[10, 10] == {10, 11, 12}, "what 12 had begun until it was watched may be on its way"
    clock.now += 1
    heard(zooms, execve(21, "/x"), clock, -0.5)
    assert kernel.watched[10, 10] == {10, 11, 12, 13}
    clock.now += 1
    heard(zooms, execve(22, "/x"), clock, -0.5)
    assert not zooms.behind


def test_where_nothing_more_happens_it_is_looked_again_each_second(clock: Clock, kernel: Kernel, zooms: Zooms) -> None:
    heard(zooms, execve(10, "/bin/sh"), clock, -1)
    zooms.begin((10, 10))
    heard(zooms, clone(10, 11), clock, -0.010)
    zooms.expire()
    assert kernel.watched[10, 10] == {10, 11}
    zooms.end((10, 10))
    assert not zooms.behind


def test_one_that_is_always_ahead_is_not_followed_for_ever(clock: Clock, kernel: Kernel, zooms: Zooms) -> None:
    heard(zooms, execve(10, "/bin/sh"), clock, -1)
    zooms.begin((10, 10))
    for pid in range(10, 10 + 2 * ROUNDS):
        clock.now += 1
        heard(zooms, clone(pid, pid + 1), clock, 0.001)
    assert not zooms.behind
    assert len(kernel.watched[10, 10]) == 1 + ROUNDS


def test_there_are_so_many_at_most(clock: Clock, kernel: Kernel, zooms: Zooms) -> None:
    """The one that would end first gives way."""
    for number in range(MOST + 3):
        clock.now += 1
        zooms._world.apply(docker(f"{number:064x}"))
        zooms.begin(f"{number:064x}")
    assert set(kernel.watched) == {f"{number:064x}" for number in range(3, MOST + 3)}


def test_an_alert_begins_one_where_somebody_may_look(kernel: Kernel, zooms: Zooms) -> None:
    for pid in (6, 7, 8, 9):
        zooms._world.apply(execve(pid, "/bin/sh"))
    zooms.note([alert(WEB, 5, 4)])
    assert kernel.watched == {}, "nobody would see it"
    zooms.on_alerts = True
    zooms.note([alert(WEB, 5, 4), alert(WEB, 5, 4), alert("", 9, 8, 7), alert("", 6, 1), alert()])
    assert set(kernel.watched) == {WEB, (8, 8), (6, 6)}, "the container, the parent on the host, and never init"


def test_who_is_watched_is_told_by_name(clock: Clock, zooms: Zooms) -> None:
    zooms._world.apply(execve(10, "/bin/sh"))
    for target in (WEB, DB, (10, 10), (99, 99), (-5, 1)):
        zooms.begin(target)
    clock.now += 10
    assert [(row.name, row.seconds) for row in zooms.rows()] == [("web", SECONDS - 10), ("sh (10)", SECONDS - 10)]


def test_alerts_end_no_zoom_and_floods_begin_none(kernel: Kernel, zooms: Zooms) -> None:
    zooms.on_alerts = True
    for number in range(MOST + 3):
        zooms._world.apply(docker(f"{number:064x}"))
        zooms.note([alert(f"{number:064x}", 5)])
    assert set(kernel.watched) == {f"{number:064x}" for number in range(MOST)}
    zooms.end(f"{0:064x}")
    zooms.note([replace(alert(WEB, 5), rule=DROP_RULE)])
    assert WEB not in kernel.watched


def test_before_the_kernel_is_watched_nothing_is_begun_and_it_is_tried_again(kernel: Kernel, zooms: Zooms) -> None:
    kernel.ready = False
    zooms.begin(WEB)
    assert zooms.rows() == []
    kernel.ready = True
    zooms.begin(WEB)
    assert set(kernel.watched) == {WEB}


def test_what_a_request_means() -> None:
    assert target_of(WEB, 0, 0) == WEB
    assert target_of(WEB, 5, 6) == (5, 6)
    assert (target_of(None, 0, 0), target_of("", 0, 0)) == (None, None)


def test_what_an_alert_began_is_not_what_somebody_asked_for(zooms: Zooms) -> None:
    zooms.begin(WEB)
    assert [row.asked for row in zooms.rows()] == [False]
    zooms.begin(WEB, asked=True)
    assert [row.asked for row in zooms.rows()] == [True]
    zooms.end(WEB)
    zooms.begin(WEB)
    assert [row.asked for row in zooms.rows()] == [False]

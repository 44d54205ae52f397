"""Events wait for the metadata of their container: none is judged as "not a container", lost or out of order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import ContainerUnknown, Input, Phase, SourceState
from engine.state import waiting
from engine.state.event import Event
from engine.state.world import World
from tests.helpers.world import DB, MS, SECOND, T0, WEB, clone, docker, docker_connected, event, execve


@pytest.fixture
def world() -> World:
    """With Docker connected, and nothing known."""
    world = World()
    world.apply(docker_connected())
    return world


def paths(events: list[Event]) -> list[object]:
    return [one.kernel.args.get("name") for one in events]


def opened(path: str, at: int = 0, container_id: str = WEB, pid: int = 500) -> Input:
    return event("openat", pid, at, container_id=container_id, args={"name": path}, res=3)


def test_on_the_host_nothing_waits(world: World) -> None:
    (judged,) = world.apply(opened("/a", container_id=""))
    assert judged.container is None


def test_an_event_waits_for_its_container_and_is_judged_with_it(world: World) -> None:
    assert world.apply(opened("/a")) == []
    assert world.waiting == 1
    (judged,) = world.apply(docker(privileged=True))
    assert judged.container is not None
    assert judged.container.info == docker(privileged=True)
    assert world.waiting == 0
    assert world.held.counts == {"held": 1, "answered": 1}


def test_the_order_of_a_container_is_kept(world: World) -> None:
    for n in range(5):
        world.apply(opened(f"/{n}", at=n))
    assert paths(world.apply(docker())) == ["/0", "/1", "/2", "/3", "/4"]
    assert paths(world.apply(opened("/5", at=5))) == ["/5"]


def test_what_docker_says_in_part_is_not_enough(world: World) -> None:
    world.apply(docker(complete=False, image="shop:1"))
    assert world.apply(opened("/a")) == []
    assert paths(world.apply(docker())) == ["/a"]


def test_one_container_does_not_wait_for_another(world: World) -> None:
    world.apply(docker(DB, name="db"))
    world.apply(opened("/a", container_id=WEB))
    assert paths(world.apply(opened("/b", container_id=DB))) == ["/b"]


def test_an_event_that_waited_is_judged_with_the_process_as_it_was(world: World) -> None:
    world.apply(execve(500, "/bin/sh", at=MS, container_id=WEB, vpid=1))
    world.apply(execve(500, "/bin/nc", at=2 * MS, container_id=WEB, uid=33))
    first, second = world.apply(docker())
    assert (first.process.exepath, first.process.uid) == ("/bin/sh", 0)
    assert (second.process.exepath, second.process.uid) == ("/bin/nc", 33)


def test_a_container_that_nobody_knows_is_still_a_container(world: World) -> None:
    world.apply(opened("/a"))
    (judged,) = world.apply(ContainerUnknown(id=WEB, time=T0))
    assert judged.container is not None
    assert (judged.container.id, judged.container.unknown) == (WEB, True)
    assert paths(world.apply(opened("/b"))) == ["/b"]
    assert world.held.counts["unknown"] == 1


def test_patience_ends_by_the_time_of_the_events(world: World) -> None:
    world.apply(opened("/a"))
    assert paths(world.apply(opened("/b", at=SECOND, container_id=""))) == ["/a", "/b"]
    assert paths(world.apply(opened("/c", at=SECOND + MS))) == ["/c"], "it is not held again"
    assert world.held.counts["late"] == 1


def test_patience_ends_by_the_clock(world: World) -> None:
    world.apply(opened("/a"))
    assert world.expire(T0 + SECOND - 1) == []
    assert paths(world.expire(T0 + SECOND)) == ["/a"]


def test_a_wall_clock_set_back_ends_no_patience(world: World) -> None:
    """Events are an hour older by the wall clock, 2 ms younger by the clock since boot."""
    hour = 3600 * SECOND
    world.apply(event("openat", 400, at=hour, since_boot=SECOND))
    assert world.apply(event("openat", 500, since_boot=SECOND + MS, container_id=WEB)) == []
    world.apply(docker(complete=False, at=-hour))
    assert world.apply(event("openat", 500, since_boot=SECOND + 2 * MS, container_id=WEB)) == []
    assert world.expire() == []
    assert len(world.apply(docker())) == 2


def test_a_wall_clock_set_forward_ends_no_patience(world: World) -> None:
    assert world.apply(event("openat", 500, since_boot=SECOND, container_id=WEB)) == []
    (judged,) = world.apply(event("openat", 400, at=3600 * SECOND, since_boot=SECOND + MS))
    assert judged.container is None
    assert world.waiting == 1


def test_patience_is_longer_when_docker_has_mentioned_the_container(world: World) -> None:
    world.apply(opened("/a"))
    world.apply(docker(complete=False))
    assert world.expire(T0 + SECOND) == []
    assert paths(world.expire(T0 + waiting.PATIENCE_MENTIONED)) == ["/a"]


def test_metadata_that_come_too_late_are_used_from_then_on(world: World) -> None:
    world.apply(opened("/a"))
    world.expire(T0 + SECOND)
    assert world.apply(docker()) == []
    (judged,) = world.apply(opened("/b", at=2 * SECOND))
    assert judged.container is not None
    assert judged.container.name == "web"


def test_a_container_removed_before_docker_could_answer(world: World) -> None:
    world.apply(opened("/a"))
    assert paths(world.apply(docker(complete=False, state="removed"))) == ["/a"]


def test_without_docker_nothing_waits() -> None:
    (judged,) = World().apply(opened("/a"))
    assert judged.container is not None
    assert (judged.container.short_id, judged.container.info) == (WEB[:12], None)


def test_docker_that_goes_away_lets_everything_go_on(world: World) -> None:
    world.apply(opened("/a", at=1))
    world.apply(opened("/b", at=2, container_id=DB))
    world.apply(opened("/c", at=3))
    assert paths(world.apply(docker_connected(False))) == ["/a", "/b", "/c"]


@pytest.mark.parametrize("there", [True, False])
def test_what_happens_before_a_runtime_has_said_its_first_word_waits_for_it(there: bool) -> None:
    """The kernel is often heard sooner than Docker."""
    world = World()
    world.expect("docker")
    assert world.apply(opened("/early")) == []
    assert paths(world.apply(docker_connected(there))) == ([] if there else ["/early"])
    if there:
        assert paths(world.apply(docker())) == ["/early"]
    assert paths(world.apply(opened("/d"))) == ["/d"]


def test_the_end_lets_everything_go_on(world: World) -> None:
    world.apply(opened("/a"))
    assert paths(world.release()) == ["/a"]
    assert world.release() == []


def test_too_many_go_on_in_their_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MAX_PER_CONTAINER", 3)
    judged = [one for n in range(6) for one in world.apply(opened(f"/{n}", at=n))]
    assert paths(judged) == ["/0", "/1", "/2", "/3", "/4", "/5"]
    assert world.held.counts["too many"] == 4


def test_a_flood_does_not_take_the_place_of_a_container_that_has_just_begun(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When too many wait in all, those of the container with the most go on, not those of the last to come."""
    monkeypatch.setattr(waiting, "MAX_WAITING", 10)
    for n in range(10):
        assert world.apply(opened(f"/{n}", at=n)) == []
    assert paths(world.apply(opened("/quiet", at=10, container_id=DB))) == [f"/{n}" for n in range(10)]
    assert paths(world.apply(opened("/11", at=11))) == ["/11"], "the flood has had its chance"
    (judged,) = world.apply(docker(DB, name="db"))
    assert judged.container is not None and judged.container.name == "db"
    assert world.bounds == {"waited in vain: too many": 10}


class Compared(int):
    """Nanoseconds that count how often they, or moments made with them, are compared."""

    times = 0

    def __radd__(self, other: int) -> Compared:
        return Compared(int(other) + int(self))

    def __lt__(self, other: int) -> bool:
        Compared.times += 1
        return int(self) < int(other)


def waiting_containers(number: int, patience: int = SECOND) -> World:
    """So many containers, each of which has an event that waits."""
    world = World(patience=patience)
    world.apply(docker_connected())
    for n in range(number):
        world.apply(opened("/a", at=n, container_id=f"{n:064x}"))
    return world


def test_a_thousand_containers_that_start_at_once_are_not_looked_at_for_each() -> None:
    world = waiting_containers(1000, Compared(SECOND))
    for n in range(1000):
        world.apply(docker(f"{n:064x}", at=1000 + n))
    assert world.waiting == 0
    assert 0 < Compared.times < 1000 * 50


def test_a_thousand_containers_that_nobody_knows_go_on_each_in_its_time() -> None:
    world = waiting_containers(1000)
    for n in range(0, 1000, 3):
        world.apply(docker(f"{n:064x}", at=1000 + n))
    judged: list[Event] = []
    for at in range(1000):
        judged += world.expire(T0 + SECOND + at)
        assert len(judged) == at - at // 3
    assert world.waiting == 0 and world.expire(T0 + 9 * SECOND) == []


def test_somebody_is_asked_once_about_an_unknown_container(world: World) -> None:
    asked: list[tuple[str, int]] = []
    world.on_unknown_container = lambda container_id, pid: asked.append((container_id, pid))
    world.apply(opened("/a", pid=7))
    world.apply(opened("/b", pid=8))
    world.apply(opened("/c", pid=9, container_id=""))
    assert asked == [(WEB, 7)]
    world.apply(docker_connected(False))
    world.apply(docker_connected())
    world.apply(opened("/d", pid=8))
    assert asked == [(WEB, 7), (WEB, 8)], "a Docker that comes back is asked again"


def test_in_a_replay_only_the_recording_moves_the_time(world: World) -> None:
    world.apply(SourceState(time=0, phase=Phase.REPLAYING))
    world.apply(opened("/a"))
    assert world.expire() == []
    assert paths(world.apply(docker(at=SECOND // 2))) == ["/a"]


_INPUTS = st.lists(
    st.one_of(
        st.tuples(st.just("event"), st.sampled_from(["", WEB, DB])),
        st.tuples(st.sampled_from(["info", "partial", "removed", "unknown"]), st.sampled_from([WEB, DB])),
        st.tuples(st.sampled_from(["connect", "disconnect", "expire"]), st.just("")),
    ),
    max_size=60,
)


@given(_INPUTS)
def test_every_event_is_judged_once_and_in_order(inputs: list[tuple[str, str]]) -> None:
    """Whatever Docker does: nothing is lost, nothing doubled, each container's order is kept."""
    world, sent, judged = World(), [], []
    for n, (what, container_id) in enumerate(inputs):
        now = n * 300 * MS
        match what:
            case "event":
                sent.append((container_id, f"/{n}"))
                judged += world.apply(opened(f"/{n}", now, container_id))
            case "info" | "partial" | "removed":
                state = "removed" if what == "removed" else "running"
                judged += world.apply(docker(container_id, now, complete=what == "info", state=state))
            case "unknown":
                judged += world.apply(ContainerUnknown(id=container_id, time=T0 + now))
            case "expire":
                judged += world.expire(T0 + now)
            case _:
                judged += world.apply(docker_connected(what == "connect", now))
    judged += world.release()
    for container_id in ("", WEB, DB):
        expected = [path for where, path in sent if where == container_id]
        assert paths([one for one in judged if one.kernel.container_id == container_id]) == expected
        assert all((one.container is None) == (one.kernel.container_id == "") for one in judged)
    assert world.waiting == 0
    assert world.held.counts["held"] == sum(world.held.counts.values()) - world.held.counts["held"]


def test_a_child_in_a_container_is_known_while_its_events_wait(world: World) -> None:
    world.apply(clone(500, 501, container_id=WEB))
    world.apply(opened("/a", at=MS, pid=501))
    _, judged = world.apply(docker())
    assert judged.process.parent is not None
    assert judged.process.parent.pid == 500

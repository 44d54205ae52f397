"""What was told of a container, as of any time."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.events import ContainerInfo, Mount
from engine.state.told import KEPT, Told
from engine.state.world import World
from engine.views.views import Views
from tests.helpers.world import SECOND, T0, WEB, docker


def info(at: int, state: str = "running", **more: object) -> ContainerInfo:
    return ContainerInfo(id=WEB, time=T0 + at * SECOND, name="web", state=state, **more)  # type: ignore[arg-type]


def test_it_is_as_it_was_told_last_by_then_or_first() -> None:
    told = Told()
    assert told.at(T0) is None
    for at, state in ((10, "created"), (20, "running"), (30, "running"), (40, "exited")):
        told.note(info(at, state))
    assert len(told) == 3
    states = {at: found.state for at in (5, 10, 19, 20, 39, 40, 99) if (found := told.at(T0 + at * SECOND))}
    assert states == {
        5: "created",
        10: "created",
        19: "created",
        20: "running",
        39: "running",
        40: "exited",
        99: "exited",
    }


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(("created", "running", "exited"))), max_size=40))
def test_it_is_bounded_and_holds_what_was_told_first_and_last(news: list[tuple[int, str]]) -> None:
    told, heard = Told(), []
    for at, state in sorted(news, key=lambda one: one[0]):
        told.note(info(at, state, labels={"a": "b"}, mounts=[Mount("/a", "/b", "")]))
        heard.append(info(at, state, labels={"a": "b"}, mounts=[Mount("/a", "/b", "")]))
    assert len(told) <= KEPT
    for at in range(51) if heard and len(told) < KEPT else ():
        known = [one for one in heard if one.time <= T0 + at * SECOND] or heard[:1]
        found = told.at(T0 + at * SECOND)
        assert found is not None and replace(found, time=0) == replace(known[-1], time=0)
    if heard:
        first, last = told.at(0), told.at(T0 + 99 * SECOND)
        assert first == heard[0]
        assert last is not None and last.state == heard[-1].state


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(("created", "running", "exited"))), max_size=40))
def test_what_does_not_change_is_there_once_however_often_it_is_told(news: list[tuple[int, str]]) -> None:
    """Of ten thousand containers with labels and mounts that come and go all else would be ten times as much."""
    world = World()
    for at, state in news:
        one = info(at, state, labels={"a": "b"}, mounts=[Mount("/a", "/b", "")])
        world.apply(one)
        container = world.containers.get(WEB)
        assert container is not None and container.info == one, "it is what was told last, late or not"
    container = world.containers.get(WEB)
    told = [*container.told._versions, container.info] if container is not None else []
    for part in ("labels", "mounts"):
        assert len({id(getattr(one, part)) for one in told}) <= 1


def test_a_container_is_listed_as_it_was_then() -> None:
    world = World()
    world.apply(replace(docker(), time=T0, state="running", health="healthy", ip="172.17.0.2"))
    world.apply(replace(docker(), time=T0 + 10 * SECOND, state="paused", health="unhealthy", ip="172.17.0.2"))
    (then,) = asyncio.run(Views(world).container_rows(at=T0 + 9 * SECOND))
    (now,) = asyncio.run(Views(world).container_rows())
    assert (then.info.state, then.info.health, then.info.time) == ("running", "healthy", T0)
    assert (now.info.state, now.info.health) == ("paused", "unhealthy")

"""Where events were lost stands between the events that came."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from engine.events import HOST, OTHER, Loss
from engine.protocol import EventRow, ListEvents
from engine.state.gaps import CLOSE, Gaps
from engine.state.world import World
from engine.views.views import Views
from tests.helpers.world import DB, SECOND, T0, WEB, docker, execve


def _loss(at: float, count: int = 1, container_id: str = WEB, cause: str = "kernel buffer full") -> Loss:
    return Loss(time=T0 + int(at * SECOND), count=count, cause=cause, container_id=container_id, pid=7, comm="flood")


def _rows(world: World, request: ListEvents) -> list[EventRow]:
    return asyncio.run(Views(world).event_rows(request))


def _world() -> World:
    """Two programs were run in web, one in db; in between web lost events twice."""
    world = World()
    world.apply(docker())
    for pid, at, place in ((100, 1, WEB), (200, 2, DB), (300, 20, WEB)):
        world.apply(execve(pid, f"/bin/p{pid}", at=at * SECOND, ppid=1, container_id=place))
    for loss in (_loss(10, 400), _loss(11, 12)):
        world.apply(loss)
    return world


def test_a_gap_lies_between_the_events_before_and_after_it() -> None:
    rows = _rows(_world(), ListEvents(container_id=WEB))
    assert [row.type for row in rows] == ["execve", "lost", "execve"]
    assert (rows[1].summary, rows[1].process, rows[1].kind) == ("lost 412 events: kernel buffer full", "flood", "gap")


def test_a_gap_is_no_concern_of_others_unless_nobody_knows_whose_it_is() -> None:
    world = _world()
    assert "lost" not in [row.type for row in _rows(world, ListEvents(container_id=DB))]
    world.apply(_loss(15, container_id=HOST, cause="the whole buffer was lost"))
    assert [row.type for row in _rows(world, ListEvents(container_id=DB))] == ["lost", "execve"]


def test_a_gap_says_whose_it_is_where_the_place_does_not() -> None:
    world = _world()
    world.apply(_loss(12, container_id=HOST))
    world.apply(Loss(time=T0 + 13 * SECOND, count=3, cause="garbled", container_id=HOST))
    world.apply(Loss(time=T0 + 14 * SECOND, count=9, cause="kernel buffer full", container_id=OTHER, pid=8, comm="x"))
    told = {
        place: [
            (row.summary, row.process, row.pid) for row in _rows(world, ListEvents(container_id=place)) if row.num < 0
        ]
        for place in (None, WEB, HOST)
    }
    unknown = [
        ("lost 9 events, nobody knows whose: kernel buffer full", "(unknown)", 0),
        ("lost 3 events, nobody knows whose: garbled", "(unknown)", 0),
    ]
    foreign = "lost 1 event of the host, not of this container (the last of flood, pid 7): kernel buffer full"
    assert told[WEB] == [*unknown, (foreign, "(host)", 0), ("lost 412 events: kernel buffer full", "flood", 7)]
    assert told[HOST] == [*unknown, ("lost 1 event: kernel buffer full", "flood", 7)]
    assert told[None][2:] == [
        ("lost 1 event of the host: kernel buffer full", "flood", 7),
        ("lost 412 events of web: kernel buffer full", "flood", 7),
    ]


def test_a_gap_is_shown_with_the_events_of_a_process_of_its_container() -> None:
    world = _world()
    start = next(process.start for process in world.processes if process.pid == 300)
    assert [row.type for row in _rows(world, ListEvents(300, start))] == ["execve", "lost"]


def test_no_filter_hides_a_gap_and_a_time_without_it_does() -> None:
    world = _world()
    assert [row.type for row in _rows(world, ListEvents(container_id=WEB, filter="nothing-has-this"))] == ["lost"]
    assert not _rows(world, ListEvents(container_id=WEB, since=T0 + 12 * SECOND, until=T0 + 19 * SECOND))


def test_behind_a_full_page_there_are_no_gaps() -> None:
    assert [row.type for row in _rows(_world(), ListEvents(container_id=WEB, limit=1))] == ["execve"]


_LOSSES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 9), st.sampled_from((WEB, DB, HOST)), st.sampled_from(("a", "b"))),
    max_size=60,
)


@given(_LOSSES)
def test_gaps_have_every_loss_once(losses: list[tuple[int, int, str, str]]) -> None:
    gaps = Gaps()
    for at, count, place, cause in sorted(losses):
        gaps.note(_loss(at, count, place, cause))
    rows = gaps.asked(ListEvents(), None)
    told = sum(int(row.summary.split()[1]) for row in rows)
    assert told == sum(count for _, count, _, _ in losses)
    assert [row.time for row in rows] == sorted((row.time for row in rows), reverse=True)
    assert len({row.num for row in rows}) == len(rows)


def test_losses_far_apart_are_two_gaps_and_memory_is_bounded() -> None:
    gaps = Gaps(maximum=3)
    for number in range(10):
        gaps.note(_loss(number * 2 * CLOSE / SECOND))
    assert len(gaps.asked(ListEvents(), None)) == 3

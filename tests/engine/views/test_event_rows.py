"""Events in one line: of whom, which, and for how long they are remembered."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import msgspec
import pytest

from engine.errors import UsageError
from engine.events import Fd
from engine.protocol import ListEvents
from engine.state.event import Event
from engine.state.recent import Recent
from engine.state.world import World
from engine.views.views import Views
from tests.helpers.entered import O_RDONLY, O_WRONLY, apply, entered, opened, rows_of, run_in_shell
from tests.helpers.world import WEB, event


@pytest.fixture
def world() -> World:
    return entered()


def test_events_in_one_line(world: World) -> None:
    apply(world, opened("/etc/shadow", at=10, flags=O_RDONLY))
    apply(world, opened("/nothing", at=20, flags=O_RDONLY, res=-2, fd=Fd(name="/nothing")))
    rows = rows_of(world, ListEvents(pid=200, start=200))
    assert [row.summary for row in rows[:2]] == [
        "openat /nothing O_RDONLY → ENOENT",
        "openat /etc/shadow O_RDONLY → 3",
    ]
    assert rows[2].summary == "execve /bin/sh → 0"
    assert (rows[2].process, rows[2].type, rows[2].result) == ("sh", "execve", "0")


def test_events_of_a_container_and_of_all(world: World) -> None:
    apply(world, event("openat", 1, 50, container_id=""), opened("/a", at=60), opened("/b", at=70))
    assert [row.pid for row in rows_of(world, ListEvents(container_id=WEB))] == [200, 200, 200, 100]
    assert [row.pid for row in rows_of(world, ListEvents(container_id=""))] == [1]
    assert len(rows_of(world, ListEvents(limit=2))) == 2


def test_an_event_names_its_container_and_words_find_it_by_that(world: World) -> None:
    apply(world, event("openat", 1, 50, container_id=""), opened("/a", at=60))
    rows = rows_of(world, ListEvents())
    names = {row.container_id: row.container for row in rows}
    container = world.containers.get(WEB)
    assert container is not None
    assert names == {"": "", WEB: container.name} != {"": "", WEB: ""}
    assert {row.container_id for row in rows_of(world, ListEvents(filter=names[WEB]))} == {WEB}


def test_events_by_a_condition_or_by_words(world: World) -> None:
    apply(world, opened("/etc/shadow", at=10, flags=O_RDONLY), opened("/tmp/x", at=20, flags=O_RDONLY))

    def found(wanted: str) -> list[str]:
        return [row.target for row in rows_of(world, ListEvents(filter=wanted))]

    assert found("fd.name startswith /etc and evt.is_open_read=true") == ["/etc/shadow"]
    assert found("not fd.name exists and evt.type=execve and proc.name=sh") == ["/bin/sh"]
    assert found("OPENAT shadow") == ["/etc/shadow"]
    assert found("openat nothing") == []
    assert "/etc/shadow" not in found("! openat shadow") != []
    assert set(found("! fd.name exists")) == {"/bin/sh", "/bin/httpd"}
    with pytest.raises(UsageError, match=r"column 19: there is no field fd\.nam") as caught:
        found("evt.type=open and fd.nam=x")
    assert caught.value.hint == "did you mean fd.name?"


async def test_a_search_through_many_events_lets_others_go_on(world: World) -> None:
    apply(world, *(opened(f"/f/{number}", at=10 + number, pid=1000 + number // 90) for number in range(1000)))
    search = asyncio.ensure_future(Views(world).event_rows(ListEvents(filter="no such words")))
    breaths = 0
    while not search.done():
        await asyncio.sleep(0)
        breaths += 1
    assert search.result() == []
    assert breaths >= 1000 // 200


def test_events_of_a_time(world: World) -> None:
    apply(world, opened("/a", at=60), opened("/b", at=70), opened("/c", at=80))
    times = {row.target: row.time for row in rows_of(world, ListEvents())}
    rows = rows_of(world, ListEvents(since=times["/b"], until=times["/b"]))
    assert [row.target for row in rows] == ["/b"]


def test_events_of_a_process_and_its_descendants(world: World) -> None:
    run_in_shell(world, 300, "/bin/cat", at=50)
    apply(world, opened("/a", at=60, pid=300))
    alone = rows_of(world, ListEvents(pid=200, start=200))
    tree = rows_of(world, ListEvents(pid=200, start=200, tree=True))
    assert {row.pid for row in alone} == {200}
    assert {row.pid for row in tree} == {200, 300}
    assert (tree[0].pid, tree[0].start, tree[0].container_id) == (300, 300, WEB)


def test_kinds_of_events(world: World) -> None:
    apply(world, opened("/a", at=60, flags=O_RDONLY), opened("/b", at=70, flags=O_WRONLY))
    kinds = {row.target: row.kind for row in rows_of(world, ListEvents(pid=200, start=200))}
    assert kinds == {"/a": "read", "/b": "written", "/bin/sh": "program"}


def test_a_busy_process_does_not_push_out_a_quiet_one(world: World) -> None:
    recent = Recent(per_process=10, maximum=100)
    quiet = apply(world, opened("/etc/shadow", at=1, pid=7))
    recent.add(quiet)
    for n in range(1000):
        recent.add(apply(world, opened("/x", at=n, pid=8)))
    assert list(recent.of_process((7, 7))) == [quiet]
    assert len(recent) == 11


def test_a_busy_host_does_not_push_out_the_events_of_a_container(world: World) -> None:
    recent = Recent(per_process=10, maximum=100)
    quiet = apply(world, opened("/etc/shadow", at=1, pid=7))
    recent.add(quiet)
    for pid in range(1000, 1500):
        recent.add(apply(world, event("openat", pid, at=pid)))
    assert list(recent.of_container(WEB)) == [quiet]
    assert list(recent.of_process((7, 7))) == [quiet]
    assert 90 <= len(recent) <= 100


def test_room_for_events_of_a_thousand_containers_is_made_for_many_at_once(world: World) -> None:
    """To find who has most takes a look at all: not for each event."""
    judged, recent, sizes = apply(world, opened("/x", at=1)), Recent(maximum=2000), [0]
    for n in range(6000):
        kernel = msgspec.structs.replace(judged.kernel, pid=n, container_id=f"{n % 1000}")
        recent.add(Event(n, kernel, judged.process, judged.container, judged.host))
        sizes.append(len(recent))
    assert max(sizes) == 2000
    assert sum(now <= before for before, now in pairwise(sizes)) <= 4000 / 200


def test_recent_events_are_bounded(world: World) -> None:
    recent = Recent(per_process=10, maximum=100)
    for pid in range(2, 500):
        recent.add(apply(world, opened("/x", at=pid, pid=pid)))
    assert 90 <= len(recent) == len(list(recent.of_container(None))) <= 100
    assert list(recent.of_process((499, 499)))

"""One process behind its ancestors: the same that stand above it in the whole tree."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import ProcessRow
from engine.state.world import World
from engine.views.process_rows import lineage_rows
from engine.views.views import Views
from tests.helpers.world import SECOND, WEB, process_info, snapshot


def above(rows: list[ProcessRow], key: tuple[int, int]) -> list[tuple[int, int]]:
    """A row of a tree behind those above it, found by their depth."""
    line: list[ProcessRow] = []
    for row in reversed(rows[: [(row.pid, row.start) for row in rows].index(key) + 1]):
        if not line or row.depth < line[0].depth:
            line.insert(0, row)
    return [(row.pid, row.start) for row in line]


def line_of(world: World, pid: int, container_id: str | None = None, at: int = 0) -> list[tuple[int, int]]:
    process = world.processes.get(pid, pid)
    assert process is not None
    return [(row.pid, row.start) for row in lineage_rows(process, world.containers, container_id, at)]


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=30), st.data())
async def test_the_line_is_what_stands_above_it(parents: list[tuple[int, bool]], data: st.DataObject) -> None:
    world = World()
    found = [
        process_info(pid, ppid=min(parent, pid - 1), container_id=WEB if inside else "")
        for pid, (parent, inside) in enumerate(parents, 1)
    ]
    world.apply(snapshot(*found))
    where = data.draw(st.sampled_from([None, WEB, ""]))
    rows = await Views(world).process_rows(where)
    for row in rows:
        assert line_of(world, row.pid, where) == above(rows, (row.pid, row.start))


def test_at_another_time_it_has_to_have_begun() -> None:
    world = World()
    began = {1: SECOND, 2: 2 * SECOND, 3: 4 * SECOND}
    world.apply(snapshot(*(process_info(pid, ppid=pid - 1, started=at) for pid, at in began.items())))
    assert line_of(world, 3, at=began[3] - 1) == [], "its ancestors had"
    assert line_of(world, 3, at=began[3]) == [(1, 1), (2, 2), (3, 3)]

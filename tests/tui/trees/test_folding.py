"""A tree made short: nothing that matters goes, and nothing goes uncounted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.alerts import Priority
from engine.protocol import ProcessRow
from tests.tui.trees.test_sifting import process_rows
from tui.trees.folding import Folded, fold, kind


def folded(rows: Sequence[ProcessRow], closed: Sequence[int] = (), opened: Sequence[int] = (), keep: int = 0) -> Folded:
    """With rows named by their pids."""
    by_pid = {row.pid: row for row in rows}
    *_, found = fold(
        rows, [(pid, pid) for pid in closed], [kind(by_pid[pid]) for pid in opened], [(keep, keep)] if keep else []
    )
    assert found is not None
    return found


def pids(found: Folded) -> list[int]:
    return [row.pid for row in found.rows]


def server(*ended: int, **more: object) -> list[ProcessRow]:
    """A server, 1, and its workers from 2 on; those in ``ended`` have exited."""
    rows = process_rows([(0, "httpd"), *[(1, "httpd")] * 5])
    for row in rows[1:]:
        row.ppid = 1
    return [msgspec.structs.replace(row, exit_time=row.pid, **more) if row.pid in ended else row for row in rows]


def test_of_those_that_ended_alike_the_latest_stands_for_all() -> None:
    found = folded(server(2, 3, 5))
    assert pids(found) == [1, 4, 5, 6]
    assert found.alike == {(5, 5): 3}


def test_two_are_not_too_many() -> None:
    assert pids(folded(server(2, 3))) == [1, 2, 3, 4, 5, 6]


def test_an_alert_a_way_in_and_a_sign_are_seen() -> None:
    for telling in ({"alerts": 1, "worst": Priority.NOTICE}, {"entry": "docker exec"}, {"flags": ["memfd"]}):
        assert pids(folded(server(2, 3, 4, 5, 6, **telling))) == [1, 2, 3, 4, 5, 6]


def test_another_end_is_not_alike() -> None:
    rows = server(2, 3, 4, 5)
    rows[3] = msgspec.structs.replace(rows[3], exit_status=256)
    assert pids(folded(rows)) == [1, 4, 5, 6]


def test_who_is_looked_at_stays() -> None:
    found = folded(server(2, 3, 4, 5), keep=3)
    assert pids(found) == [1, 3, 5, 6]
    assert found.alike == {(5, 5): 3}


def test_what_was_opened_is_shown() -> None:
    assert pids(folded(server(2, 3, 4), opened=[2])) == [1, 2, 3, 4, 5, 6]


def test_below_what_was_closed_all_are_counted() -> None:
    found = folded(process_rows([(0, "a"), (1, "b"), (2, "c"), (1, "d"), (0, "e")]), closed=[1, 2])
    assert pids(found) == [1, 5]
    assert found.below == {(1, 1): 3}


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["sh", "date"]), st.booleans()), max_size=40),
    st.sets(st.integers(1, 40), max_size=3),
)
def test_every_row_is_shown_or_counted_once(shape: list[tuple[int, str, bool]], closed: set[int]) -> None:
    rows = process_rows([(depth, name) for depth, name, _ in shape])
    rows = [msgspec.structs.replace(row, exit_time=int(ended)) for row, (_, _, ended) in zip(rows, shape, strict=True)]
    found = folded(rows, closed=sorted(closed))
    aside = sum(number - 1 for number in found.alike.values())
    assert len(found.rows) + aside + sum(found.below.values()) == len(rows)
    assert pids(found) == sorted(pids(found))
    assert all(row.exit_time for row in rows if row.pid not in pids(found) and not closed)

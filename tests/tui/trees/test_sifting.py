"""A tree that is filtered in slices has the rows of one that is filtered as it is written down."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import ProcessRow
from tui.trees.drawing import guides
from tui.trees.sifting import sift

_NAMES = st.sampled_from(["sh", "nginx", "worker"])


@given(st.lists(st.tuples(st.integers(0, 4), _NAMES), max_size=60), st.booleans(), st.booleans())
def test_slices_keep_what_matches_with_its_way_and_its_family(
    shape: list[tuple[int, str]], family: bool, filtered: bool
) -> None:
    rows = process_rows(shape)
    test = _is_worker if filtered else None
    *breaths, found = sift(rows, test, family=family)
    assert found is not None
    assert not any(breaths)
    assert list(found.rows) == [row for row in rows if not filtered or _is_kept(rows, row, family=family)]
    assert found.guides == guides([row.depth for row in found.rows])


def process_rows(shape: list[tuple[int, str]]) -> list[ProcessRow]:
    """Rows in display order; none is deeper below the one before than its child."""
    rows: list[ProcessRow] = []
    for pid, (wish, name) in enumerate(shape, 1):
        depth = min(wish, rows[-1].depth + 1) if rows else 0
        rows.append(ProcessRow(pid, pid, 0, depth, name, name, "/bin/x", "root", 0, 0, 0, "", "", 0))
    return rows


def _is_worker(row: ProcessRow) -> bool:
    return row.name == "worker"


def _is_kept(rows: list[ProcessRow], row: ProcessRow, *, family: bool) -> bool:
    above, below = _ancestors(rows, row), [other for other in rows if row in _ancestors(rows, other)]
    matching = [other for other in rows if _is_worker(other)]
    if row in matching or any(other in matching for other in below):
        return True
    if not family:
        return False
    return any(other in matching for other in above)


def _ancestors(rows: list[ProcessRow], row: ProcessRow) -> list[ProcessRow]:
    found: list[ProcessRow] = []
    depth = row.depth
    for other in reversed(rows[: rows.index(row)]):
        if other.depth < depth:
            found.append(other)
            depth = other.depth
    return found

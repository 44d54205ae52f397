"""Rows of a minute: which are kept, and as which bytes."""

from __future__ import annotations

import pytest

from engine.flight.packing import pack, unpack
from engine.flight.slices import Kept, Slice
from engine.protocol import EventRow


def row(num: int, kind: str = "read", pid: int = 1) -> EventRow:
    return EventRow(num, num, "openat", pid, "sh", "3", "", start=pid, kind=kind)  # type: ignore[arg-type]


def test_in_a_full_minute_the_busiest_gives_its_least_telling() -> None:
    part = Slice(0, {3}, most=20)
    for number in range(1, 31):
        part.add(row(number, pid=1))
    for number in range(31, 36):
        part.add(row(number, "program", pid=1))
        part.add(row(number + 100, pid=2))
    assert {131, 132, 133, 134, 135, 31, 32, 33, 34, 35, 3} <= part.rows.keys()
    assert len(part.rows) <= 20
    assert part.left_out == 40 - len(part.rows)


def test_packed_rows_come_back() -> None:
    kept = Kept(rows=[row(1), row(2, "written")], left_out=3)
    assert unpack(pack(kept)) == kept
    assert unpack(pack(Kept())) == Kept()


@pytest.mark.parametrize("body", [b"", b"x", pack(Kept())[:-3]])
def test_bytes_that_are_none_of_ours_are_nothing(body: bytes) -> None:
    assert unpack(body) is None

"""What floods may fill of the ring is what the reader deals with in a moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kernel.pace import BUDGET, LEAST, MOST, PATIENCE, REST, Pace

SIZE = 8 << 20
SLICE = 0.005


def flooded(pace: Pace, rate: float, slices: int = 50, begin: float = 100.0) -> float:
    """Let the reader work at ``rate`` bytes a second while more is waiting; the time at the end."""
    for step in range(slices):
        pace.note(begin + step * SLICE, int(rate * step * SLICE), more=True)
    return begin + slices * SLICE


@pytest.mark.parametrize("rate", [200 << 10, 1 << 20, 2 << 20])
def test_the_room_is_what_the_reader_deals_with_in_a_moment(rate: int) -> None:
    pace = Pace(SIZE)
    flooded(pace, rate)
    assert pace.room == pytest.approx(rate * PATIENCE, rel=0.01)


def test_a_reader_that_is_fast_leaves_half_of_the_ring_and_a_slow_one_some_of_it() -> None:
    fast, slow = Pace(SIZE), Pace(SIZE)
    flooded(fast, 1 << 30)
    flooded(slow, 1000)
    assert (fast.room, slow.room) == (SIZE // MOST, SIZE // LEAST)


@pytest.mark.parametrize(("rate", "budget"), [(1 << 30, 2_000), (1 << 20, 256), (1000, 200)])
def test_nobody_has_more_for_himself_than_a_part_of_what_the_reader_deals_with(rate: int, budget: int) -> None:
    pace = Pace(SIZE)
    assert pace.period == 10**9 // BUDGET
    flooded(pace, rate)
    assert pace.period == pytest.approx(10**9 / budget, rel=0.01)


def test_before_anything_is_known_a_burst_finds_all_the_room_there_may_be() -> None:
    assert Pace(SIZE).room == SIZE // MOST


def test_the_end_of_a_backlog_tells_nothing_about_the_reader() -> None:
    """It was empty before the slice was over: it is not the reader that was slow."""
    pace = Pace(SIZE)
    pace.note(0.0, 0, more=True)
    pace.note(0.02, 900, more=False)
    assert pace.room == SIZE // MOST


def test_a_few_slices_tell_that_a_flood_is_of_another_kind() -> None:
    pace = Pace(SIZE)
    end = flooded(pace, 1 << 20)
    flooded(pace, 100 << 20, slices=8, begin=end)
    assert pace.room == SIZE // MOST


def test_after_a_rest_the_next_flood_may_be_of_another_kind() -> None:
    pace = Pace(SIZE)
    end = flooded(pace, 1 << 20)
    consumed = int((1 << 20) * 50 * SLICE)
    pace.note(end, consumed, more=False)
    assert pace.room < SIZE // MOST
    pace.note(end + 2 * REST, consumed, more=False)
    assert pace.room == SIZE // MOST


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 1 << 30), st.booleans())))
def test_whatever_happens_it_keeps_within_its_bounds(steps: list[tuple[float, int, bool]]) -> None:
    pace, now, consumed = Pace(SIZE), 0.0, 0
    for seconds, size, more in steps:
        now, consumed = now + seconds, consumed + size
        pace.note(now, consumed, more)
        assert SIZE // LEAST <= pace.room <= SIZE // MOST

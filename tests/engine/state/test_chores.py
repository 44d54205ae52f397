"""Chores: done in slices, in their order; one that fails costs itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sliced import RUN, breathing, in_order
from engine.state.chores import Chores


def counting(to: int, done: list[tuple[int, int]], number: int = 0) -> Iterator[None]:
    for n in range(to):
        done.append((number, n))
        yield


@given(st.lists(st.integers(0, 200), max_size=5))
@settings(deadline=None)
def test_all_is_done_in_its_order_however_thin_the_slices(lengths: list[int]) -> None:
    chores, done = Chores(), list[tuple[int, int]]()
    for number, length in enumerate(lengths):
        chores.add(counting(length, done, number))
    while chores.work(seconds=0):
        pass
    assert done == [(number, n) for number, length in enumerate(lengths) for n in range(length)]
    assert not chores


def test_a_slice_ends_before_a_chore_does() -> None:
    chores, done = Chores(), list[tuple[int, int]]()
    chores.add(counting(10_000, done))
    assert chores.work(seconds=0)
    assert 0 < len(done) < 200


def test_a_chore_that_fails_is_given_up_and_the_next_one_is_done() -> None:
    def failing() -> Iterator[None]:
        yield
        raise ValueError("a bug")

    chores, done = Chores(), list[tuple[int, int]]()
    chores.add(failing())
    chores.add(counting(3, done))
    with pytest.raises(ValueError, match="a bug"):
        chores.work()
    assert not chores.work()
    assert done == [(0, 0), (0, 1), (0, 2)]


@given(st.lists(st.integers(0, 50), max_size=3 * RUN))
@settings(deadline=None)
def test_in_slices_the_order_is_that_of_sorted(numbers: list[int]) -> None:
    pairs = list(enumerate(numbers))
    found = [pair for pair in in_order(pairs, lambda pair: pair[1]) if pair is not None]
    assert found == sorted(pairs, key=lambda pair: pair[1])


def test_a_long_list_is_sorted_with_breaths() -> None:
    items = list(range(5 * RUN, 0, -1))
    breaths = sum(item is None for item in in_order(items, lambda item: item))
    assert breaths >= 10
    assert asyncio.run(breathing(in_order(items, lambda item: item))) == items[::-1]

"""The collector looks through everything when somebody makes a pause, and in no other moment."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from tui.garbage import CALM, GLANCE, LONGEST, RARELY, Garbage


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def begun() -> Garbage:
    garbage = Garbage()
    assert garbage.look(100.0, 0.0, home=True)  # what the start has left
    return garbage


def test_nobody_who_types_waits_for_it() -> None:
    garbage = begun()
    assert not any(garbage.look(100.0 + second, 99.9 + second, home=True) for second in range(1, int(LONGEST)))
    assert garbage.look(100.1 + LONGEST, 100.0 + LONGEST, home=True)


def test_a_pause_after_keys_is_the_time_for_it() -> None:
    garbage = begun()
    assert garbage.look(105.1 + CALM, 105.0, home=True)
    assert not garbage.look(107.0 + CALM, 105.0, home=True)


def test_without_keys_it_is_rare() -> None:
    garbage = begun()
    assert not garbage.look(99.0 + RARELY, 0.0, home=True)
    assert garbage.look(101.0 + RARELY, 0.0, home=True)


def test_behind_the_key_that_leaves_a_place_it_is_done_unless_another_came() -> None:
    garbage = begun()
    assert not garbage.left(105.0, 105.0 - GLANCE / 2)
    assert garbage.left(105.0, 105.0 - 2 * GLANCE)
    assert not garbage.look(106.0, 104.0, home=True)


class Circle:
    """Something that only the collector finds."""

    def __init__(self) -> None:
        self.me = self


def test_a_circle_goes_when_it_is_done() -> None:
    garbage, seen = begun(), weakref.ref(Circle())
    assert seen() is not None
    assert garbage.look(105.1 + CALM, 105.0, home=True)
    assert seen() is None


def test_what_became_garbage_while_it_was_taken_to_stay_goes_in_the_end() -> None:
    garbage, circle = Garbage(), Circle()
    assert garbage.look(100.0, 0.0, home=True)
    seen = weakref.ref(circle)
    del circle
    assert garbage.look(105.1 + CALM, 105.0, home=True)
    assert seen() is not None
    assert garbage.look(200.0 + RARELY, 105.0, home=True)
    assert seen() is None

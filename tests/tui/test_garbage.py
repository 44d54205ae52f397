"""The collector looks through everything when somebody makes a pause, and in no other moment."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from tui.garbage import CALM, LONGEST, RARELY, Garbage


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def begun() -> Garbage:
    garbage = Garbage()
    assert garbage.look(100.0, 0.0)  # what the start has left
    return garbage


def test_nobody_who_types_waits_for_it() -> None:
    garbage = begun()
    assert not any(garbage.look(100.0 + second, 99.9 + second) for second in range(1, int(LONGEST)))
    assert garbage.look(100.1 + LONGEST, 100.0 + LONGEST)


def test_a_pause_after_keys_is_the_time_for_it() -> None:
    garbage = begun()
    assert garbage.look(105.1 + CALM, 105.0)
    assert not garbage.look(107.0 + CALM, 105.0)


def test_without_keys_it_is_rare() -> None:
    garbage = begun()
    assert not garbage.look(99.0 + RARELY, 0.0)
    assert garbage.look(101.0 + RARELY, 0.0)


def test_a_circle_goes_when_it_is_done() -> None:
    class Circle:
        me: object

    garbage = begun()
    circle = Circle()
    circle.me = circle
    seen = weakref.ref(circle)
    del circle
    assert seen() is not None
    assert garbage.look(105.1 + CALM, 105.0)
    assert seen() is None

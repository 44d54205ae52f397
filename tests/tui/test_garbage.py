"""The collector looks through everything when somebody makes a pause, and in no other moment."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from textual._styles_cache import StylesCache

from tests.helpers.driving import driving
from tests.helpers.incident import incident
from tui.garbage import CALM, GLANCE, LONGEST, RARELY, Garbage
from tui.places import AlertPlace


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def begun() -> Garbage:
    """One for which the least is worth it."""
    garbage = Garbage(worth=0)
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


def test_a_pause_in_which_little_could_be_found_is_left_alone() -> None:
    garbage = Garbage(worth=2)
    assert garbage.look(100.0, 0.0, home=True)
    assert not garbage.look(105.1 + CALM, 105.0, home=True)
    assert not garbage.look(106.1 + LONGEST, 106.0 + LONGEST, home=True)
    gc.collect(1), gc.collect(1)
    assert garbage.look(120.1 + CALM, 120.0, home=True)


def test_what_will_stay_is_not_looked_at_again_however_short_the_pause() -> None:
    garbage = begun()
    kept = gc.get_freeze_count()
    stays = [Circle() for _ in range(100)]
    assert garbage.look(105.1 + CALM, 105.0, home=True)
    assert gc.get_freeze_count() >= kept + len(stays)


def test_a_place_is_not_taken_to_stay_nor_what_it_leaves_for_a_moment() -> None:
    garbage = begun()
    kept, place = gc.get_freeze_count(), Circle()
    assert garbage.look(105.1 + CALM, 105.0, home=False)
    assert garbage.left(110.0, 109.0)
    assert garbage.look(110.1 + CALM, 110.05, home=True)
    assert gc.get_freeze_count() <= kept
    assert place.me is place


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
    garbage, circle = Garbage(worth=0), Circle()
    assert garbage.look(100.0, 0.0, home=True)
    seen = weakref.ref(circle)
    del circle
    assert garbage.look(105.1 + CALM, 105.0, home=True)
    assert seen() is not None
    assert garbage.look(200.0 + RARELY, 105.0, home=True)
    assert seen() is None


async def test_of_places_that_were_left_no_line_is_kept() -> None:
    """Each would make looking for garbage longer: with forty of them it took a quarter of a second."""
    garbage = Garbage()
    async with driving(incident()) as drive:

        async def kept_after(visits: int) -> int:
            for _ in range(visits):
                drive.app.visit(AlertPlace(4, 3, "Sensitive file read"))
                await drive.until_shown("Overview")
                await drive.press("escape")
                await drive.until_gone("Overview")
            assert garbage.left(now=visits, pressed=0)
            return sum(type(one) is StylesCache for one in gc.get_objects())

        assert await kept_after(1) == await kept_after(5)

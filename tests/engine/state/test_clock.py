"""The two scales of time: what people read, and what never goes back."""

from __future__ import annotations

from engine.state.clock import Clock
from tests.helpers.world import SECOND, T0, event


def replayed(*times: tuple[int, int]) -> Clock:
    """A clock of a replay that was told of events at these wall times (after T0) and moments."""
    clock = Clock()
    clock.replaying = True
    for wall, moment in times:
        clock.note(event("openat", 1, wall, since_boot=moment))
    return clock


def test_in_a_replay_the_recording_is_the_clock() -> None:
    clock = replayed((5, 1000), (7, 1002))
    assert (clock.wall, clock.moment) == (T0 + 7, 1002)


def test_the_wall_clock_may_be_set_back_and_the_moment_goes_on() -> None:
    clock = replayed((3600 * SECOND, 1000), (0, 1001))
    assert (clock.wall, clock.moment) == (T0, 1001)


def test_an_event_that_was_overtaken_changes_nothing() -> None:
    clock = replayed((2, 1002), (1, 1001))
    assert (clock.wall, clock.moment) == (T0 + 2, 1002)


def test_a_recording_without_moments_has_one_scale() -> None:
    clock = replayed((2, 0))
    assert (clock.wall, clock.moment, clock.wall_at(T0 + 1)) == (T0 + 2, T0 + 2, T0 + 1)


def test_live_time_goes_on_without_events() -> None:
    clock = Clock()
    moment = clock.note(event("openat", 1, since_boot=1000))
    assert moment == 1000
    first = clock.moment
    assert 1000 < first < clock.moment


def test_a_wall_time_becomes_a_moment_between_the_latest_event_and_now() -> None:
    clock = replayed((0, 1000))
    assert [clock.moment_at(T0 + wall) for wall in (-3600 * SECOND, 0, 3600 * SECOND)] == [1000, 1000, 1000]

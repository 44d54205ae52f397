"""When there were alerts: halving by ids finds what looking at all of them finds."""

from __future__ import annotations

import asyncio
from contextlib import closing

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.protocol import ListStacks, Located
from engine.store import AlertStore
from tests.helpers.sample_alerts import MOMENT, SECOND, alert

TIMES = st.lists(st.integers(0, 50), max_size=40).map(sorted)


def stored(times: list[int]) -> AlertStore:
    store = AlertStore()
    store.add([alert(time=MOMENT + time * SECOND) for time in times])
    store.flush()
    return store


@settings(max_examples=60, deadline=None)
@given(TIMES, st.integers(-1, 51), st.sampled_from((-1, 0, 1)))
def test_an_alert_is_found_as_by_looking_at_all(times: list[int], at: int, step: int) -> None:
    with closing(stored(times)) as store:
        found = asyncio.run(store.locate(MOMENT + at * SECOND, step))
    numbered = list(enumerate(times, 1))
    if step > 0:
        wanted = [pair for pair in numbered if pair[1] > at][:1]
    else:
        wanted = [pair for pair in numbered if pair[1] <= at - (step < 0)][-1:]
    expected = Located(alert_id=wanted[0][0], time=MOMENT + wanted[0][1] * SECOND) if wanted else Located()
    assert found == expected


@settings(max_examples=60, deadline=None)
@given(TIMES.filter(bool), st.integers(1, 20))
def test_every_alert_is_counted_once(times: list[int], buckets: int) -> None:
    end = MOMENT + times[-1] * SECOND
    with closing(stored(times)) as store:
        for begin in (0, MOMENT + times[0] * SECOND):
            moments = asyncio.run(store.moments(begin, end, buckets))
            assert (moments.begin, moments.end) == (MOMENT + times[0] * SECOND, end)
            assert (len(moments.counts), sum(moments.counts)) == (buckets, len(times))


def test_before_the_first_alert_there_were_none() -> None:
    with closing(stored([1, 2])) as store:
        assert asyncio.run(store.stacks(ListStacks(before=-1))).rows == []
        assert asyncio.run(store.moments(0, MOMENT, 3)).counts

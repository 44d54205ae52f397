"""What no key has asked for waits while somebody types, and not for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.loader import CALM, LONGEST, can_wait

_AGES = st.floats(0, 10)


@given(since_key=_AGES, since_done=_AGES)
def test_it_waits_only_behind_a_key_and_a_moment_at_most(since_key: float, since_done: float) -> None:
    now = 1_000.0
    waits = can_wait(now, now - since_key, now - since_done)
    assert not (waits and since_key > CALM + 0.001)
    assert not (waits and since_done > LONGEST + 0.001)
    assert waits or since_key >= CALM - 0.001 or since_done >= LONGEST - 0.001

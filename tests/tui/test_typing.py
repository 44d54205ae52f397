"""What no key has asked for waits while somebody types, and not for ever."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.clocks import StillClock
from tests.helpers.driving import driving
from tests.helpers.incident import incident
from tests.helpers.keys.checks import alerts_shown
from tui.loader import CALM, LONGEST, can_wait

_AGES = st.floats(0, 10)


@given(since_key=_AGES, since_done=_AGES)
def test_it_waits_only_behind_a_key_and_a_moment_at_most(since_key: float, since_done: float) -> None:
    now = 1_000.0
    waits = can_wait(now, now - since_key, now - since_done)
    assert not (waits and since_key > CALM + 0.001)
    assert not (waits and since_done > LONGEST + 0.001)
    assert waits or since_key >= CALM - 0.001 or since_done >= LONGEST - 0.001


async def test_ages_grow_while_nobody_types_and_seldom_while_somebody_does() -> None:
    async with driving(incident(), clock=StillClock()) as drive:
        await alerts_shown(drive)

        async def an_hour_later(pressed: float) -> list[str]:
            drive.app.front.pressed_at = pressed
            drive.sensor.world.health.time += 3600 * 10**9
            drive.app._tick()
            await drive.settled()
            return [line for line in drive.text().splitlines() if "/tmp/x id" in line]

        before, later = await an_hour_later(0.0), await an_hour_later(0.0)
        assert before != later
        in_a_minute = time.monotonic() + 60
        drive.app._aged_at = in_a_minute
        assert await an_hour_later(in_a_minute) == later, "it was done just now, and somebody types"
        drive.app._aged_at = 0.0
        assert await an_hour_later(in_a_minute) != later, "it was long ago"
        assert drive.app._aged_at > 0

"""Steps are timed one by one."""

from __future__ import annotations

from collections.abc import Generator

from scripts.measure.counting import longest_step


def test_the_longest_step_and_all_of_them() -> None:
    now = 0.0

    def steps() -> Generator[None, None, str]:
        nonlocal now
        for seconds in (1.0, 5.0, 2.0):
            now += seconds
            yield
        now += 0.5
        return "what was found"

    assert longest_step(steps(), lambda: now) == (5.0, 8.5)

"""The garbage collector does not stall the sensor, and still collects."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from probes.machine import collector
from probes.machine.collector import LONGEST, PERIOD, QUIET, Schedule, collecting, gentle
from scripts.measure.stalls import stalls
from tests.helpers.patience import PATIENCE


class Knot:
    """Refers to itself: only the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_was_there_before_is_not_looked_at_and_all_is_as_before_in_the_end() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    with gentle():
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() == collector.THRESHOLDS
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_everything_is_collected_in_a_quiet_moment_only() -> None:
    schedule = Schedule(0.0)
    assert not schedule.is_due(PERIOD - 1, 0.0)
    assert not schedule.is_due(PERIOD, QUIET)
    assert schedule.is_due(PERIOD + 1, QUIET - 1)
    assert not schedule.is_due(PERIOD + 2, 0.0), "it has just been done"


def test_a_sensor_that_is_never_quiet_collects_all_the_same() -> None:
    schedule = Schedule(0.0)
    assert not schedule.is_due(LONGEST - 1, 10 * QUIET)
    assert schedule.is_due(LONGEST, 10 * QUIET)


async def test_knots_are_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "LOOK", 0.001)
    monkeypatch.setattr(collector, "PERIOD", 0.0)
    async with collecting(lambda: 0.0), asyncio.timeout(PATIENCE):
        knot = weakref.ref(Knot())
        while knot() is not None:
            await asyncio.sleep(0.001)
    assert len(asyncio.all_tasks()) == 1


def test_the_benchmark_measures_both_ways() -> None:
    assert [figure.unit for figure in stalls([])] == ["ms", "ms"]

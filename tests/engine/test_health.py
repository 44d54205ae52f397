"""The sensor's own pulse."""

from __future__ import annotations

import pytest

from engine.events import Phase, SourceState
from engine.health import Vitals


@pytest.mark.parametrize("phase", [Phase.ENDED, Phase.FAILED])
def test_what_has_ended_has_no_rate(phase: Phase) -> None:
    vitals = Vitals("prod-7")
    vitals.events = 1000
    vitals.tick()
    assert vitals.rate > 0
    vitals.enter(SourceState(time=0, phase=phase))
    assert vitals.rate == 0

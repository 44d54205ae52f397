"""Stopped by a key: the sensor is told before, and again when the screen goes on."""

from __future__ import annotations

import signal

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from engine.protocol import Rest
from tests.helpers.driving import driving
from tests.helpers.incident import incident


async def test_the_sensor_is_told_that_it_rests_and_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who rests gets no pulse: not to tell of the end would leave the screen as it was for ever."""
    monkeypatch.setattr(HeadlessDriver, "can_suspend", True)  # as a terminal's is; the signal is real
    stopped: list[list[bool]] = []
    async with driving(incident()) as drive:

        def told() -> list[bool]:
            return [request.on for request in drive.sensor.asked if isinstance(request, Rest)]

        before = signal.signal(signal.SIGTSTP, lambda *_: stopped.append(told()))
        try:
            await drive.press("ctrl+z")
            await drive.until(lambda: len(told()) == 2)
        finally:
            signal.signal(signal.SIGTSTP, before)
        assert (stopped, told()) == ([[True]], [True, False])

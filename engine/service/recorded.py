"""What is said where a recording is shown and only a live watch could answer: what it is, and what to do."""

from __future__ import annotations

from engine.errors import TiercelError
from engine.events import Phase
from engine.sensor import Sensor

LIVE_ONLY = "to watch live, start tiercel without a recording"
"""The hint."""
TO_RESPOND = f"{LIVE_ONLY} and with --respond"
"""That for who wants to act."""


def is_recorded(sensor: Sensor) -> bool:
    """Whether what it tells was recorded."""
    return sensor.vitals.phase in (Phase.REPLAYING, Phase.ENDED)


def no_runtime(sensor: Sensor, what: str) -> TiercelError:
    """Nobody can be asked for ``what``."""
    if is_recorded(sensor):
        return TiercelError(f"a recording has no {what}", hint=LIVE_ONLY)
    return TiercelError("no container runtime to ask", hint=f"without one there is no {what}")

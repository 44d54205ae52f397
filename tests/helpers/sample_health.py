"""The health of a sensor at work."""

from __future__ import annotations

from engine.events import Phase
from engine.protocol import Health


def health(*, events: int = 0, phase: Phase = Phase.LIVE) -> Health:
    """A quiet sensor on the host prod-7."""
    return Health(
        time=0,
        phase=phase,
        detail="",
        hostname="prod-7",
        source="kernel",
        uptime=1.0,
        events=events,
        events_per_second=0.0,
        lost=0,
        lost_by_cause={},
        lost_by_container={},
        waiting=0,
        lag_ms=6.0,
        cpu=0.4,
        memory=48 << 20,
        processes=0,
        containers=0,
        runtime="docker",
        runtime_detail="",
        rules_enabled=0,
        rules_total=0,
        alerts=0,
        own_events=0,
    )

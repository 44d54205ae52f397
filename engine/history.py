"""How the sensor was in the last minutes: a sample for each second, for the plots of Health."""

from __future__ import annotations

from collections import deque

from engine.protocol import Health, ProbeRow, Sample

KEPT = 900
"""Samples remembered: a quarter of an hour."""


class History:
    """A bounded memory of samples."""

    def __init__(self, maximum: int = KEPT) -> None:
        self._samples: deque[Sample] = deque(maxlen=maximum)
        self._before: Health | None = None

    def note(self, health: Health) -> None:
        """Call about once a second. The first call only begins: what counters grow by takes two."""
        before, self._before = self._before, health
        if before is not None:
            self._samples.append(_sample(before, health))

    def samples(self, since: int = 0) -> list[Sample]:
        """Those after a time, in nanoseconds since the epoch, the oldest first."""
        return [sample for sample in self._samples if sample.time > since]

    @property
    def kept_back(self) -> float:
        """The share of what the kernel saw lately that stayed there, 0 to 1; negative when nothing tells."""
        return self._samples[-1].kept_back if self._samples else -1.0


def _sample(before: Health, now: Health) -> Sample:
    return Sample(
        time=now.time,
        events=now.events_per_second,
        kept_back=_kept_back(before.probes, now.probes),
        lost=now.lost - before.lost,
        alerts=max(0, now.alerts - before.alerts),
        lag_ms=now.lag_ms,
        cpu=now.cpu,
        memory=now.memory,
    )


def _kept_back(before: list[ProbeRow], now: list[ProbeRow]) -> float:
    """Of what was seen meanwhile, by all probes."""
    seen = sum(row.seen for row in now) - sum(row.seen for row in before)
    delivered = sum(row.delivered for row in now) - sum(row.delivered for row in before)
    return min(1.0, max(0.0, 1 - delivered / seen)) if seen > 0 else -1.0

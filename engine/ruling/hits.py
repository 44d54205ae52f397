"""How often each rule has matched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.alerts import Alert
from engine.store import Hits as StoredHits


@dataclass
class Hits:
    """How often each rule matched, and when last."""

    count: Counter[str] = field(default_factory=Counter)
    last: dict[str, int] = field(default_factory=dict)

    def begin(self, stored: Mapping[str, StoredHits]) -> None:
        """Go on from what the store holds of earlier runs."""
        for rule, hits in stored.items():
            self.count[rule] += hits.count
            self.last[rule] = max(hits.last, self.last.get(rule, 0))

    def note(self, alert: Alert) -> None:
        """Count one alert."""
        self.count[alert.rule] += 1
        self.last[alert.rule] = alert.time

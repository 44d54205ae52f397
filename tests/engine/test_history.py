"""The last minutes of a sensor: what grew in each second."""

from __future__ import annotations

from msgspec.structs import replace

from engine.history import History
from engine.protocol import Health, ProbeRow
from tests.helpers.sample_health import health


def _at(second: int, seen: int, delivered: int, lost: int = 0) -> Health:
    rows = [ProbeRow("openat", seen, delivered, lost)]
    return replace(health(events=delivered), time=second, lost=lost, probes=rows)


def test_a_sample_has_what_grew_since_the_one_before() -> None:
    history = History()
    assert history.kept_back < 0
    for sample in (_at(1, 1000, 1000), _at(2, 1100, 1010, lost=3), _at(3, 1100, 1010, lost=3)):
        history.note(sample)
    first, second = history.samples()
    assert (first.kept_back, first.lost) == (0.9, 3)
    assert (second.kept_back, second.lost) == (-1.0, 0)
    assert [sample.time for sample in history.samples(since=2)] == [3]


def test_memory_is_bounded() -> None:
    history = History(maximum=5)
    for second in range(50):
        history.note(_at(second, second, 0))
    assert [sample.time for sample in history.samples()] == [45, 46, 47, 48, 49]

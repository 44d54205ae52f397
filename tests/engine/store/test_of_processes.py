"""Alerts of processes counted in steps, against a plain count of all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.alerts import Alert, Priority
from engine.store import AlertStore
from engine.store.of_processes import Counting, Key
from tests.helpers.sample_alerts import SECOND, alert

PIDS = st.integers(1, 4)
ALERTS = st.lists(st.tuples(PIDS, st.sampled_from([Priority.NOTICE, Priority.WARNING])), min_size=1, max_size=40)


def made(pid: int, priority: Priority) -> Alert:
    return alert(priority.label, pid=pid, priority=priority)


def stepped(store: AlertStore, keys: Sequence[Key], ids: range, step: int) -> tuple[Counting, list[int]]:
    """All steps, and how many alerts each has counted."""
    counting, sums = Counting(keys, ids, step), [0]
    while not counting.is_done:
        counting.step(store._connection, [])
        sums.append(sum(sum(counts.values()) for counts in counting.found.values()))
    return counting, [after - before for before, after in pairwise(sums)]


@given(ALERTS, st.integers(1, 45), st.integers(0, 45), st.integers(1, 60))
def test_steps_count_what_is_counted_at_once(
    alerts: list[tuple[int, Priority]], first: int, last: int, step: int
) -> None:
    keys, ids = [(pid, pid * SECOND) for pid in (4, 2, 1, 9)], range(first, last + 1)
    with closing(AlertStore()) as store:
        store.add([made(*one) for one in alerts])
        counting, steps = stepped(store, keys, ids, step)
    plain = Counter(one for number, one in enumerate(alerts, 1) if number in ids)
    expected: dict[Key, dict[Priority, int]] = {}
    for (pid, priority), number in plain.items():
        if (pid, pid * SECOND) in keys:
            expected.setdefault((pid, pid * SECOND), {})[priority] = number
    assert counting.found == expected
    assert all(counted <= step for counted in steps)


def test_a_flood_of_one_process_and_many_without_alerts_take_several_steps() -> None:
    """Between two of them the store's thread is free for pages."""
    with closing(AlertStore()) as store:
        store.add([made(1, Priority.NOTICE) for _ in range(100)])
        _, flood = stepped(store, [(1, SECOND)], range(1, 101), 30)
        _, nobody = stepped(store, [(pid, 1) for pid in range(2, 102)], range(1, 101), 30)
    assert flood == [30, 30, 30, 10]
    assert len(nobody) == 50

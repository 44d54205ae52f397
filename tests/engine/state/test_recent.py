"""Recent events are put in their places late, and many at once: with the same outcome as one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.state.containers import Container
from engine.state.event import Event
from engine.state.processes import Process
from engine.state.recent import Recent
from tests.helpers.world import DB, WEB
from tests.helpers.world import event as kernel_event

HOST = Container("", 0)
RUN = st.tuples(st.sampled_from(["", WEB, DB]), st.integers(1, 3), st.integers(0, 1), st.integers(1, 5))
"""Events of one process in a row: its container, its pid, its start, how many."""


def happened(runs: list[tuple[str, int, int, int]]) -> list[Event]:
    owners = [(place, pid, start) for place, pid, start, count in runs for _ in range(count)]
    return [
        Event(num, kernel_event("openat", pid, start=start, container_id=place), Process(pid, start), None, HOST)
        for num, (place, pid, start) in enumerate(owners, 1)
    ]


@given(st.lists(RUN, max_size=12), st.integers(1, 4), st.integers(1, 9))
def test_late_is_like_at_once(runs: list[tuple[str, int, int, int]], per_process: int, maximum: int) -> None:
    late, at_once = (Recent(per_process=per_process, maximum=maximum) for _ in range(2))
    for event in happened(runs):
        late.add(event)
        at_once.add(event)
        assert len(at_once) <= maximum  # whoever asks has all in its place
    for place in ("", WEB, DB, None):
        assert [one.num for one in late.of_container(place)] == [one.num for one in at_once.of_container(place)]
    assert late.process_keys() == at_once.process_keys()


def test_more_come_than_may_wait_for_their_place() -> None:
    recent = Recent(per_process=1000)
    for event in happened([("", 1, 0, 5), (WEB, 2, 0, 1000)]):
        recent.add(event)
    assert recent.event(3) is not None
    assert (len(recent), len(list(recent.of_container(WEB)))) == (1005, 1000)

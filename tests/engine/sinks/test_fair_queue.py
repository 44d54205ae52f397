"""What waits for a sink: in order, bounded, and nobody's flood costs another's alert."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.alerts import Alert, ContainerRef, Priority
from engine.sinks.fair_queue import FairQueue


def alert(number: int, container_id: str = "web") -> Alert:
    container = ContainerRef(id=container_id) if container_id else None
    return Alert(time=number, rule="r", priority=Priority.NOTICE, output="", output_fields={}, container=container)


def numbers(alerts: list[Alert]) -> list[int]:
    return [each.time for each in alerts]


def test_alerts_keep_their_order_whoever_made_them() -> None:
    queue = FairQueue(100)
    assert queue.put([alert(n, "web" if n % 2 else "") for n in range(10)]) == 0
    assert numbers(queue.take(4)) == [0, 1, 2, 3]
    assert numbers(queue.take(100)) == [4, 5, 6, 7, 8, 9]
    assert queue.take(1) == []


def test_a_flood_drops_its_own_oldest_and_nobody_elses() -> None:
    queue = FairQueue(10)
    queue.put([alert(0, "db"), alert(1, "")])
    dropped = queue.put(alert(n, "web") for n in range(2, 102))
    assert dropped == 92
    assert numbers(queue.take(100)) == [0, 1, *range(94, 102)]


def test_a_sink_that_never_takes_costs_no_more_than_its_bound() -> None:
    queue = FairQueue(1000)
    queue.put([alert(0, "db")])
    for n in range(20_000):
        queue.put([alert(n, "web")])
    assert len(queue) <= 1000
    assert len(queue._order) <= 2001
    assert numbers(queue.take(1)) == [0]


@given(
    capacity=st.integers(1, 300),
    steps=st.lists(st.one_of(st.integers(1, 50), st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=80))),
)
def test_it_is_what_a_plain_list_would_be(capacity: int, steps: list[int | list[str]]) -> None:
    """Held against a list in which the oldest of the largest container are looked for one by one."""
    queue, number = FairQueue(capacity), 0
    plain: list[Alert] = []
    for step in steps:
        if isinstance(step, int):
            assert numbers(queue.take(step)) == numbers(plain[:step])
            del plain[:step]
            continue
        for container_id in step:
            number += 1
            dropped = queue.put([alert(number, container_id)])
            plain.append(alert(number, container_id))
            assert dropped == _drop_plainly(plain, capacity)
    assert numbers(queue.take(10**6)) == numbers(plain)


def _drop_plainly(plain: list[Alert], capacity: int) -> int:
    if len(plain) <= capacity:
        return 0
    of = {container_id: [a for a in plain if _id(a) == container_id] for container_id in dict.fromkeys(map(_id, plain))}
    most = max(map(len, of.values()))
    candidates = [alerts for alerts in of.values() if len(alerts) == most]
    victims = min(candidates, key=lambda alerts: alerts[0].time)[: max(capacity // 100, 1)]
    for victim in victims:
        plain.remove(victim)
    return len(victims)


def _id(each: Alert) -> str:
    return each.container.id if each.container is not None else ""

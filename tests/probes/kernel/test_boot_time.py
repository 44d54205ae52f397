"""Records of old kernels get the time since boot, whatever suspends there were."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from probes.kernel.boot_time import BootTime
from probes.machine.clocks import NOISE

HOUR = 3600 * 10**9


def record(time: int) -> bytes:
    return struct.pack("=QHHI", time, 1, 2, 3) + b"the rest of it"


def time_of(record: bytes) -> int:
    return int(struct.unpack_from("=Q", record, 0)[0])


class Machine:
    """Two clocks, of which one stands still while the machine is suspended."""

    def __init__(self, suspended: int = 0) -> None:
        self.monotonic, self.boot = 10**9, 10**9 + suspended

    def runs(self, nanoseconds: int) -> None:
        self.monotonic += nanoseconds
        self.boot += nanoseconds

    def suspended(self, known: int) -> int:
        return known if abs(self.boot - self.monotonic - known) < NOISE else self.boot - self.monotonic


def test_a_suspend_before_the_start_and_one_after_it_are_in_the_times() -> None:
    machine = Machine(suspended=HOUR)
    boot_time = BootTime(machine.suspended)
    before = boot_time.given([record(machine.monotonic)])
    assert time_of(before[0]) == machine.boot
    machine.boot += 2 * HOUR
    machine.runs(5)
    (after,) = boot_time.given([record(machine.monotonic)])
    assert time_of(after) == machine.boot
    assert after == record(machine.boot), "and nothing else has changed"


@given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(0, 10**13), st.booleans()), max_size=30))
def test_the_order_stays_and_no_event_lies_in_the_future(steps: list[tuple[int, int, bool]]) -> None:
    """Whenever the machine is suspended, and whenever somebody looks."""
    machine = Machine()
    boot_time, waiting, told = BootTime(machine.suspended), list[bytes](), list[int]()
    for runs, sleeps, looks in steps:
        machine.runs(runs)
        waiting.append(record(machine.monotonic))
        machine.boot += sleeps
        if looks:
            told += map(time_of, boot_time.given(waiting))
            waiting = []
            assert told[-1] <= machine.boot + NOISE
    assert told == sorted(told)

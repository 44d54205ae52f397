"""What watching adds to a program that does nothing but one system call; rounds off and on alternate."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.measure.bare import empty_tracepoint
from scripts.measure.figure import Figure, UnmeasurableError
from scripts.measure.storming import Storm, Storms, cores, mean, storms_compiled
from scripts.measure.watching import Watch, rule_files, watch

COUNT = {"open": 50_000, "getppid": 500_000}
ROUNDS = 3
BLOWS = 9
"""Storms of each round, short ones: the quietest of them counts, for what others do can only make a storm slower."""

Detector = Callable[[], AbstractContextManager[Callable[[], float] | None]]
"""Runs a detector in its context, which yields how many seconds of CPU it has had so far, or None for nothing."""


@dataclass
class Rounds:
    """What some rounds of a storm were: nanoseconds for an iteration, and the detector's CPU in percent of a core."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    detector: list[float] = field(default_factory=list)

    def add(self, storms: Storms, blown: Sequence[Storm], detector: Callable[[], float] | None) -> None:
        """One more round."""
        before, start = detector() if detector else 0.0, time.monotonic()
        wall, cpu = mean(storms.blow(*blown))
        if detector:
            self.detector.append((detector() - before) / (time.monotonic() - start) * 100)
        self.wall.append(wall)
        self.cpu.append(cpu)

    def take(self, turn: Rounds) -> None:
        """One more round: the quietest storms of a turn, and what the detector used in the middle."""
        self.wall.append(min(turn.wall))
        self.cpu.append(min(turn.cpu))
        if turn.detector:
            self.detector.append(statistics.median(turn.detector))


def nothing() -> AbstractContextManager[None]:
    """No detector."""
    return contextlib.nullcontext()


@contextlib.contextmanager
def empty() -> Iterator[None]:
    """An empty raw tracepoint. Raises UnmeasurableError where the kernel refuses it."""
    try:
        with empty_tracepoint():
            yield
    except OSError as error:
        raise UnmeasurableError(f"an empty raw tracepoint cannot be attached: {error}") from error


def tiercel(rules: Sequence[Path]) -> Detector:
    """``tiercel watch`` with rules, seeing already, and filtering."""

    @contextlib.contextmanager
    def watching() -> Iterator[Callable[[], float]]:
        with watch(rules) as running:
            running.wait_for_filter()
            yield _of(running)

    return watching


def _of(running: Watch) -> Callable[[], float]:
    return running.cpu


def alternate(storms: Storms, blown: Sequence[Storm], detectors: dict[str, Detector]) -> dict[str, Rounds]:
    """Rounds of a storm with each detector in turn."""
    rounds = {name: Rounds() for name in detectors}
    for _ in range(ROUNDS):
        for name, detector in detectors.items():
            with detector() as cpu:
                rounds[name].take(_turn(storms, blown, cpu))
    return rounds


def _turn(storms: Storms, blown: Sequence[Storm], cpu: Callable[[], float] | None) -> Rounds:
    turn = Rounds()
    for _ in range(BLOWS):
        turn.add(storms, blown, cpu)
    return turn


def storms(folders: Sequence[Path]) -> Iterator[Figure]:
    """Opens and closes, by one program on the first processor."""
    with storms_compiled() as program:
        for name, rules in rule_files(folders):
            pinned = [Storm("open", COUNT["open"], cores()[0])]
            yield from opened(name, alternate(program, pinned, {"off": nothing, "on": tiercel(rules)}))


def opened(name: str, rounds: dict[str, Rounds]) -> Iterator[Figure]:
    """Ratios of a storm of opens and closes."""
    off, on = rounds["off"], rounds["on"]
    for what, before, after, bar in (("wall time", off.wall, on.wall, "≤ 1.25"), ("CPU time", off.cpu, on.cpu, "")):
        note = f"{statistics.median(before):,.0f} → {statistics.median(after):,.0f} ns; {ROUNDS} pairs"
        yield Figure(f"open/close storm: {what} ({name})", ratio(before, after), "×", bar, note)
    yield Figure(f"open/close storm: CPU of the sensor ({name})", statistics.median(on.detector), "% core", "≤ 2")


def ratio(before: Sequence[float], after: Sequence[float]) -> float:
    """The median of the ratios of each pair of rounds: what is slow for a while is in both of a pair."""
    return statistics.median(late / early for early, late in zip(before, after, strict=True))


def unasked(folders: Sequence[Path]) -> Iterator[Figure]:
    """A call that no rule asks for, with nothing, with an empty raw tracepoint and with Tiercel in turn."""
    with storms_compiled() as program:
        for name, rules in rule_files(folders):
            pinned = [Storm("getppid", COUNT["getppid"], cores()[0])]
            detectors: dict[str, Detector] = {"off": nothing, "empty": empty, "on": tiercel(rules)}
            yield from added(name, alternate(program, pinned, detectors))


def added(name: str, rounds: dict[str, Rounds]) -> Iterator[Figure]:
    """What a call costs more, in CPU of its caller: who else wants the processor does not count."""
    off, bare, on = (rounds[each].cpu for each in ("off", "empty", "on"))
    more = statistics.median(late - early for early, late in zip(off, on, strict=True))
    least = statistics.median(late - early for early, late in zip(off, bare, strict=True))
    middle = ", ".join(f"{kind} {statistics.median(each.cpu):.0f}" for kind, each in rounds.items())
    call = f"a system call no rule asks for ({name})"
    yield Figure(call, more, "ns more", "≤ 150", f"{middle} ns CPU; {ROUNDS} rounds of {BLOWS}")
    note = f"+ {least:.0f} ns for the empty one"
    yield Figure(f"{call}: empty raw tracepoint =", more / least, "×", "≤ 1.3", note)

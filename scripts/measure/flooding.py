"""Figures of floods that do not matter: what they hide, how late it is told, and whether losses are."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scripts.measure.figure import Figure, percentile
from scripts.measure.storming import Blown, Storm, Storms, cores, on_every_core, storms_compiled
from scripts.measure.watching import Watch, attentive, rule_files, watch

READS = 100
READ_PERIOD = 0.1
"""Seconds between two reads."""
FIRST = 1_000_000
"""The number of the first read."""
SETTLING = 2.0
"""Seconds in which the last alerts come, and losses are told, which is once a second."""
MODERATE = 100_000
"""Opens and closes a second in which Falco's latency was measured."""
LOADS = {"250,000 opens and closes/s": 250_000, "500,000 opens and closes/s": 500_000}
"""Iterations a second on all processors: Falco was measured at the first, which is 500,000 of its events."""
LOAD_SECONDS = 5
EVERY = 5_000
"""Iterations from one trigger to the next."""

Delays = dict[int, float]
"""Milliseconds by the number of the read."""


def floods(folders: Iterable[Path]) -> Iterator[Figure]:
    """Reads of a file that a rule waits for, hidden among opens and closes without limit on every processor."""
    with storms_compiled() as program:
        for name, files in rule_files(folders):
            yield from _hidden(program, name, files)


def _hidden(program: Storms, name: str, files: Sequence[Path]) -> Iterator[Figure]:
    with watch(files) as watching:
        watching.wait_for_filter()
        with program.raging(on_every_core("open"), stop=True) as blown:
            before, start = watching.cpu(), time.monotonic()
            delays = reads(watching)
            cpu = (watching.cpu() - before) / (time.monotonic() - start) * 100
    _, lost = watching.judged_and_lost
    told = f"{lost} lost by its own count, {watching.told_losses} alerts tell of losses; {_reached(blown)}"
    yield Figure(f"reads seen in a flood on all processors ({name})", len(delays), f"of {READS}", f"{READS}", told)
    yield _late(f"in that flood ({name})", delays)
    yield Figure(f"CPU of the sensor in that flood ({name})", cpu, "% core")


def _late(when: str, delays: Delays) -> Figure:
    late = list(delays.values())
    note = f"p50 {percentile(late, 50):.1f} ms; {READS - len(late)} of {READS} missed" if late else "none was seen"
    return Figure(f"system call to JSON line {when}, p99", percentile(late, 99) if late else None, "ms", "≤ 50", note)


def reads(watching: Watch) -> Delays:
    """Of so many reads those that were seen, and how late their lines came."""
    watching.alerts()
    asked: dict[int, int] = {}
    delays: Delays = {}

    def listen(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            delays.update((seen, (read - asked[seen]) / 1e6) for seen, read in watching.alerts(left) if seen in asked)

    with attentive():
        for number in range(FIRST, FIRST + READS):
            asked[number] = watching.trigger(number)
            listen(READ_PERIOD)
        listen(SETTLING)
    return delays


def latency(folders: Iterable[Path]) -> Iterator[Figure]:
    """From system call to line while one program opens and closes as often as when Falco was measured."""
    with storms_compiled() as program:
        for name, files in rule_files(folders):
            with watch(files) as watching:
                watching.wait_for_filter()
                with program.raging([Storm("open", core=cores()[0], rate=MODERATE)], stop=True):
                    delays = reads(watching)
            yield _late(f"while {MODERATE:,} opens and closes/s ({name})", delays)


def losses(folders: Iterable[Path]) -> Iterator[Figure]:
    """What is lost while opens arrive that no rule waits for, with some among them that one does."""
    with storms_compiled() as program:
        for name, files in rule_files(folders):
            for load, rate in LOADS.items():
                yield from _lost(program, files, rate, f"{load} ({name})")


def _lost(program: Storms, files: Sequence[Path], rate: int, where: str) -> Iterator[Figure]:
    with watch(files) as watching:
        watching.wait_for_filter()
        seen: set[int] = set()
        with program.raging(_with_triggers(watching, rate), stop=True) as blown:
            seen.update(_numbers(watching, LOAD_SECONDS))
        seen.update(_numbers(watching, SETTLING))
    judged, lost = watching.judged_and_lost
    triggers = sum(each.markers for each in blown)
    missed = (triggers - len({number for number in seen if number >= FIRST})) / triggers * 100
    note = f"{_reached(blown)}; {lost} lost and {judged} judged by its own count"
    yield Figure(f"events lost of {where}", lost / _made(blown) * 100, "%", "0", note)
    yield Figure(f"triggers missed of {where}", missed, "%", "0", f"{triggers} triggers by the flooding programs")


def _with_triggers(watching: Watch, rate: int) -> list[Storm]:
    """Storms without an end, each with numbers of its own."""
    each, marker = rate // len(cores()), str(watching.marker)
    starts = (FIRST * (index + 1) for index in range(len(cores())))
    return [
        Storm("open", core=core, rate=each, marker=marker, every=EVERY, first=first)
        for core, first in zip(cores(), starts, strict=True)
    ]


def _numbers(watching: Watch, seconds: float) -> Iterator[int]:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        yield from (number for number, _ in watching.alerts(left))


def _made(blown: Sequence[Blown]) -> int:
    return sum(each.count + each.markers for each in blown)


def _reached(blown: Sequence[Blown]) -> str:
    return f"{sum(each.count / each.seconds for each in blown):,.0f} opens and closes/s reached"

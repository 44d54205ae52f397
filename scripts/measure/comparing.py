"""The storms with nothing, with any other detector and with Tiercel in turn: ratios within one run.

The other detector is a command for the shell. All that it starts in its session is ended with it, also when the
measuring is broken off.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from scripts.measure.costs import Detector, Rounds, nothing, ratio, tiercel
from scripts.measure.figure import UnmeasurableError
from scripts.measure.living import idle_rules
from scripts.measure.processes import cpu_of_session
from scripts.measure.storming import Storm, Storms, cores, storms_compiled

COUNTS = {"open": 50_000, "getppid": 500_000, "mix": 25_000, "spawn": 100}
"""Iterations of each storm."""
BLOWS = 3
"""Storms of each kind in a turn; the quietest counts."""
TITLES = {
    "open": "open, close",
    "getppid": "unrelated call",
    "mix": "stat, open, read, write, close",
    "spawn": "posix_spawn of /bin/true",
}
ROUNDS = 3
LONGEST_WAIT = 60.0
"""Seconds until a detector that does not say that it is ready is given up."""
GRACE = 10.0
"""Seconds that it has to end in good order."""
LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Other:
    """Another detector: a command of the shell, ready after ``seconds`` or when it prints what matches ``line``."""

    command: str
    seconds: float = 5.0
    line: str = ""

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Callable[[], float]]:
        """Run it; yields its CPU so far in seconds, that of all its session. Raises UnmeasurableError."""
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                ["/bin/sh", "-c", self.command],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
            try:
                self._wait(process, lambda: os.pread(said.fileno(), 1 << 24, 0).decode(errors="replace"))
                yield partial(cpu_of_session, process.pid)
                if process.poll() is not None:
                    raise UnmeasurableError(f"{self.command!r} ended meanwhile with {process.returncode}")
            finally:
                end_group(process)

    def _wait(self, process: subprocess.Popen[bytes], said: Callable[[], str]) -> None:
        until = time.monotonic() + (LONGEST_WAIT if self.line else self.seconds)
        while time.monotonic() < until:
            if process.poll() is not None:
                raise UnmeasurableError(f"{self.command!r} ended with {process.returncode}: {said()[-300:]!r}")
            if self.line and re.search(self.line, said(), re.MULTILINE):
                return
            time.sleep(LOOK)
        if self.line:
            raise UnmeasurableError(f"{self.command!r} has not printed {self.line!r} in {LONGEST_WAIT:.0f} s")


def end_group(leader: subprocess.Popen[bytes], grace: float = GRACE) -> None:
    """End all processes of the group of ``leader``: asked first, then made to."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal(leader, number)
        until = time.monotonic() + grace
        while _signal(leader, 0) and time.monotonic() < until:
            time.sleep(LOOK)
    leader.wait()


def _signal(leader: subprocess.Popen[bytes], number: int) -> bool:
    """Whether somebody of the group was there to be told; 0 tells nothing."""
    leader.poll()  # a member that nobody has waited for would seem to be there
    try:
        os.killpg(leader.pid, number)
    except ProcessLookupError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Compared:
    """A storm with the other detector and with Tiercel: times as multiples of those without either."""

    storm: str
    off_ns: float
    """Wall clock of an iteration without a detector."""
    them_wall: float
    us_wall: float
    them_cpu: float
    us_cpu: float
    them_detector: float
    """CPU of the detector meanwhile, in percent of a core."""
    us_detector: float


@dataclass
class Contest:
    """The rounds of one storm by what watched it."""

    name: str
    storms: Sequence[Storm]
    rounds: dict[str, Rounds] = field(default_factory=dict)

    @property
    def result(self) -> Compared:
        """What comes of it: medians of the ratios of each turn."""
        off, them, us = (self.rounds[name] for name in ("off", "them", "us"))
        return Compared(
            self.name,
            statistics.median(off.wall),
            *(ratio(off.wall, each.wall) for each in (them, us)),
            *(ratio(off.cpu, each.cpu) for each in (them, us)),
            *(statistics.median(each.detector) for each in (them, us)),
        )


def contests(counts: dict[str, int] = COUNTS) -> list[Contest]:
    """Each storm by one program on the first processor, and by two at once."""
    places = {"1 pinned": cores()[:1], "2 at once": [cores()[0], cores()[-1]]}
    return [
        Contest(f"{TITLES[mode]}, {where}", [Storm(mode, count, core) for core in on])
        for mode, count in counts.items()
        for where, on in places.items()
    ]


def compare(other: Other, folders: Sequence[Path], tell: Callable[[str], None]) -> list[Compared]:
    """All storms in turn: off, them, us; off, them, us … Raises UnmeasurableError when the other cannot run."""
    name, rules = idle_rules(folders)
    tell(f"us: tiercel watch with {name}; them: {other.command}")
    detectors: dict[str, Detector] = {"off": nothing, "them": other, "us": tiercel(rules)}
    compared = contests()
    with storms_compiled() as program:
        for number in range(ROUNDS):
            for who, detector in detectors.items():
                tell(f"· {number + 1} of {ROUNDS}: {who}")
                _turn(program, who, detector, compared)
    return [contest.result for contest in compared]


def _turn(program: Storms, who: str, detector: Detector, compared: Sequence[Contest]) -> None:
    with detector() as cpu:
        for contest in compared:
            turn = Rounds()
            for _ in range(BLOWS):
                turn.add(program, contest.storms, cpu)
            contest.rounds.setdefault(who, Rounds()).take(turn)


def compared_table(results: Sequence[Compared]) -> str:
    """The ratios for a person."""
    head = f"{'storm':<42}{'off':>12} │{'wall: them':>11}{'us':>7} │"
    head += f"{'CPU: them':>10}{'us':>7} │{'detector: them':>15}{'us':>8}"
    return "\n".join([head, *map(_line, results)])


def _line(it: Compared) -> str:
    walls = f"{f'× {it.them_wall:.2f}':>11}{f'× {it.us_wall:.2f}':>7}"
    cpus = f"{f'× {it.them_cpu:.2f}':>10}{f'× {it.us_cpu:.2f}':>7}"
    detectors = f"{f'{it.them_detector:.1f} %':>15}{f'{it.us_detector:.1f} %':>8}"
    return f"{it.storm:<42}{f'{it.off_ns:,.0f} ns':>12} │{walls} │{cpus} │{detectors}"


def compared_json(results: Sequence[Compared]) -> str:
    """The ratios for a program."""
    return json.dumps([asdict(result) for result in results], ensure_ascii=False)

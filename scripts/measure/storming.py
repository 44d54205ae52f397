"""Storms of system calls, made by ``storm.c``: compiled, started on a core, and what they say at their end."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.measure.figure import UnmeasurableError
from scripts.measure.kernel import require_live

ANY_CORE = -1
WITHOUT_LIMIT = 0
FOREVER = 10**12
SOURCE = Path(__file__).resolve().with_name("storm.c")


@dataclass(frozen=True, slots=True)
class Storm:
    """What to do how often: a mode of ``storm.c``. Every ``every`` iterations ``marker`` is opened, with a number."""

    mode: str
    count: int = FOREVER
    core: int = ANY_CORE
    rate: int = WITHOUT_LIMIT
    """Iterations a second."""
    marker: str = ""
    every: int = 0
    first: int = 0
    """The number of the first marker."""

    @property
    def arguments(self) -> list[str]:
        """As ``storm.c`` takes them."""
        plain = [self.mode, str(self.count), str(self.core), str(self.rate)]
        return [*plain, self.marker, str(self.every), str(self.first)] if self.marker else plain


@dataclass(frozen=True, slots=True)
class Blown:
    """What a storm was: nanoseconds of wall clock and of CPU for each iteration, and how much there was of it."""

    wall: float
    cpu: float
    count: int
    seconds: float
    markers: int

    @classmethod
    def of(cls, said: str) -> Blown:
        """From the line that ``storm.c`` prints. Raises UnmeasurableError when it is none."""
        try:
            wall, cpu, count, seconds, markers = said.split()
            return cls(float(wall), float(cpu), int(count), float(seconds), int(markers))
        except ValueError:
            raise UnmeasurableError(f"a storm ended with {said!r}") from None


def cores() -> list[int]:
    """The processors that may be used."""
    return sorted(os.sched_getaffinity(0))


def on_every_core(mode: str, count: int = FOREVER, rate: int = WITHOUT_LIMIT) -> list[Storm]:
    """The same storm on each processor, ``rate`` for all of them together."""
    return [Storm(mode, count, core, rate // len(cores())) for core in cores()]


class Storms:
    """The program, compiled."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def blow(self, *storms: Storm) -> list[Blown]:
        """Storms at once, to their ends."""
        with self.raging(storms) as blown:
            pass
        return blown

    def blow_for(self, seconds: float, *storms: Storm) -> list[Blown]:
        """Storms at once, for so long."""
        with self.raging(storms, stop=True) as blown:
            time.sleep(seconds)
        return blown

    @contextlib.contextmanager
    def raging(self, storms: Iterable[Storm], *, stop: bool = False) -> Iterator[list[Blown]]:
        """Storms while the body runs; afterwards the list has what they were. ``stop`` ends them with the body."""
        started = [
            subprocess.Popen([self._program, *storm.arguments], stdout=subprocess.PIPE, text=True) for storm in storms
        ]
        blown: list[Blown] = []
        try:
            for storm in started:
                assert storm.stdout is not None
                storm.stdout.readline()  # it has begun, and can be told to end
            yield blown
            for storm in started:
                if stop:
                    storm.terminate()
                blown.append(Blown.of(storm.communicate()[0]))
        finally:
            for storm in started:
                _end(storm)


def _end(storm: subprocess.Popen[str]) -> None:
    if storm.poll() is None:
        storm.kill()
    storm.wait()
    if storm.stdout is not None:
        storm.stdout.close()


def mean(blown: Iterable[Blown]) -> tuple[float, float]:
    """Nanoseconds of wall clock and of CPU for an iteration of storms that blew at once."""
    pairs = [(each.wall, each.cpu) for each in blown]
    return statistics.mean(wall for wall, _ in pairs), statistics.mean(cpu for _, cpu in pairs)


@contextlib.contextmanager
def storms_compiled() -> Iterator[Storms]:
    """The storms, ready to blow on a kernel that can be watched."""
    require_live()
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise UnmeasurableError("no C compiler for the storm: apt-get install gcc libc6-dev")
    with tempfile.TemporaryDirectory(prefix="tiercel-storm-") as folder:
        program = Path(folder) / "storm"
        subprocess.run([compiler, "-O2", "-o", program, SOURCE], check=True)
        yield Storms(program)

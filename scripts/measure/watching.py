"""Figures of the whole program: ``tiercel watch --json`` as a user starts it, on the live kernel."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scripts.measure.figure import Figure, UnmeasurableError, percentile
from scripts.measure.kernel import require_live

TRIGGERS = 200
IDLE_SECONDS = 10
STORM = {"open": 200_000, "getppid": 2_000_000}
ROUNDS = 3
SETTLING = 1.5
"""Seconds in which the filter for the rules comes into force: a storm before that leaves the kernel as a whole."""
RULE_NAME = "Bench marker opened"
RULE = """\
- rule: Bench marker opened
  desc: The benchmark opened its marker.
  condition: evt.type in (open, openat) and fd.name startswith {marker}
  output: marker opened (file=%fd.name)
  priority: WARNING
"""
HERE = Path(__file__).resolve().parent


class Watch:
    """A running ``tiercel watch --json`` with a rule that fires when ``marker`` is opened, and with ``more`` rules."""

    def __init__(self, folder: Path, more: Sequence[Path] = ()) -> None:
        self.marker = folder / "marker"
        rule = folder / "rule.yaml"
        rule.write_text(RULE.format(marker=self.marker), encoding="utf-8")
        self.begun = time.time_ns()
        program = [sys.executable, "-m", "tiercel", "watch", "--json", "--docker", "none", "--store", ":memory:"]
        self.process = subprocess.Popen(
            [*program, *(f"--rules={path}" for path in (*more, rule))],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        assert self.process.stdout is not None
        self.lines = self.process.stdout
        os.set_blocking(self.lines.fileno(), False)
        self._rest = b""

    def trigger(self, number: int) -> int:
        """Open ``marker`` with a number behind it, which is not there; the time just before."""
        now = time.time_ns()
        with contextlib.suppress(FileNotFoundError):
            os.open(f"{self.marker}{number}", os.O_RDONLY)
        return now

    def alerts(self) -> list[tuple[int, int]]:
        """(number, time read) of the alerts that came since the last call."""
        chunk = self.lines.read() or b""
        *complete, self._rest = (self._rest + chunk).split(b"\n")
        now = time.time_ns()
        alerts = [json.loads(line) for line in complete if line]
        names = [alert["output_fields"]["fd.name"] for alert in alerts if alert["rule"] == RULE_NAME]
        return [(int(name.removeprefix(str(self.marker))), now) for name in names]

    def cpu(self) -> float:
        """Seconds of CPU of the program so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> int:
        """Resident bytes."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="utf-8").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def wait_for_first(self) -> float:
        """Trigger until the first alert comes; seconds from the program's start to the trigger that was seen."""
        asked: dict[int, int] = {}
        while time.time_ns() - self.begun < 60 * 10**9:
            asked[len(asked)] = self.trigger(len(asked))
            time.sleep(0.01)
            if seen := self.alerts():
                return (asked[seen[0][0]] - self.begun) / 1e9
            if self.process.poll() is not None:
                raise UnmeasurableError(f"tiercel watch ended with {self.process.returncode}")
        raise UnmeasurableError("no alert within a minute")

    def stop(self) -> None:
        """End the program in good order."""
        self.process.terminate()
        self.process.wait(timeout=10)
        self.lines.close()


@contextlib.contextmanager
def watch(more: Sequence[Path] = ()) -> Iterator[Watch]:
    """A program to measure, ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="tiercel-bench-") as folder:
        watching = Watch(Path(folder), more)
        try:
            yield watching
        finally:
            watching.stop()


def live() -> Iterator[Figure]:
    """Start, latency and idling of one program."""
    require_live()
    with watch() as watching:
        yield Figure("start to first detection", watching.wait_for_first(), "s", "≤ 1.5 / 0.6")
        delays = _delays(watching)
        missed = f"{TRIGGERS - len(delays)} of {TRIGGERS} missed"
        yield Figure("system call to JSON line, p50", percentile(delays, 50), "ms", "≤ 7", missed)
        yield Figure("system call to JSON line, p99", percentile(delays, 99), "ms", "≤ 20", missed)
        before = watching.cpu()
        time.sleep(IDLE_SECONDS)
        percent = (watching.cpu() - before) / IDLE_SECONDS * 100
        yield Figure("idle: CPU of the sensor", percent, "% core", "≤ 0.5", "as quiet as this machine is")
        yield Figure("idle: memory of the sensor", watching.resident() / 1e6, "MB", "≤ 60")


def _delays(watching: Watch) -> list[float]:
    """Milliseconds from each trigger to its line, the triggers at odd distances so that no timer keeps step."""
    watching.alerts()
    asked, delays = {}, []
    for number in range(10_000, 10_000 + TRIGGERS):
        asked[number] = watching.trigger(number)
        until = time.monotonic() + 0.025 + (number * 7919 % 100) / 5000
        while time.monotonic() < until:
            delays += [(read - asked[seen]) / 1e6 for seen, read in watching.alerts() if seen in asked]
            time.sleep(0.0002)
    return delays


def storms(folders: Sequence[Path]) -> Iterator[Figure]:
    """What watching adds to a program that does nothing but one system call; rounds off and on alternate."""
    with storm_program() as program:
        for call in STORM:
            yield from _storm(program, call, [])
        for name, rules in rule_files(folders):
            yield from _storm(program, "open", rules, f" ({name})")


def rule_files(folders: Iterable[Path]) -> Iterator[tuple[str, list[Path]]]:
    """Sets of rules to watch with: each folder, and of Falco's the stable rules alone before all of them."""
    for folder in folders:
        if (stable := folder / "falco_rules.yaml").exists():
            yield "Falco's stable rules", [stable]
        yield f"{folder.parent.name}/{folder.name}", [folder]


@contextlib.contextmanager
def storm_program() -> Iterator[str]:
    """The path of the storm, compiled."""
    require_live()
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise UnmeasurableError("no C compiler for the storm: apt-get install gcc libc6-dev")
    with tempfile.TemporaryDirectory(prefix="tiercel-storm-") as folder:
        program = str(Path(folder) / "storm")
        subprocess.run([compiler, "-O2", "-o", program, str(HERE / "storm.c")], check=True)
        yield program


def _storm(program: str, call: str, rules: Sequence[Path], name: str = "") -> Iterator[Figure]:
    quiet, watched, cpu = [], [], []
    for _ in range(ROUNDS):
        quiet.append(_run(program, call))
        with watch(rules) as watching:
            watching.wait_for_first()
            time.sleep(SETTLING)
            before, start = watching.cpu(), time.monotonic()
            watched.append(_run(program, call))
            cpu.append((watching.cpu() - before) / (time.monotonic() - start) * 100)
    off, on = statistics.median(quiet), statistics.median(watched)
    note = f"{off:.0f} → {on:.0f} ns"
    if call == "open":
        yield Figure(f"open/close storm: wall time{name}", on / off, "×", "≤ 1.25", note)
        yield Figure(f"open/close storm: CPU of the sensor{name}", statistics.median(cpu), "% core", "≤ 2")
    else:
        yield Figure("a system call no rule asks for (getppid)", on - off, "ns more", "≤ 150", note)


def _run(program: str, call: str) -> float:
    return float(subprocess.run([program, call, str(STORM[call])], capture_output=True, check=True).stdout)

"""``tiercel watch --json`` as a user starts it, with a marker that fires a rule: what most live figures look at."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from scripts.measure.figure import UnmeasurableError
from scripts.measure.processes import cpu_of

SETTLING = 1.5
"""Seconds in which the filter for the rules comes into force."""
RULE_NAME = "Bench marker opened"
RULE = """\
- rule: Bench marker opened
  desc: The benchmark opened its marker.
  condition: evt.type in (open, openat) and fd.name startswith {marker}
  output: marker opened (file=%fd.name)
  priority: WARNING
"""
PATIENCE = 60.0
"""Seconds until what does not come is given up."""
TIERCEL = (sys.executable, "-m", "tiercel")
OPTIONS = ("--docker=none", "--falco-config=none", "--config=none", "--store=:memory:")
_SUMMARY = re.compile(r"(\d+) events judged, (\d+) lost")
_TELLS_LOSS = re.compile(r"\b(internal|lost|flood)", re.IGNORECASE)


class Watch:
    """A running ``tiercel watch --json`` with a rule that fires when ``marker`` is opened, and with ``more`` rules."""

    def __init__(
        self,
        folder: Path,
        more: Sequence[Path] = (),
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.marker = folder / "marker"
        self.rules = [*more, folder / "rule.yaml"]
        self.rules[-1].write_text(RULE.format(marker=self.marker), encoding="utf-8")
        self.others: Counter[str] = Counter()
        """Alerts of other rules so far, by rule."""
        self.talk = ""
        """What it said, when it has ended."""
        self._talk = folder / "talk"
        self.begun = time.time_ns()
        with self._talk.open("wb") as talk:
            self.process = subprocess.Popen(
                [*TIERCEL, "watch", "--json", *OPTIONS, *options, *(f"--rules={path}" for path in self.rules)],
                stdout=subprocess.PIPE,
                stderr=talk,
                bufsize=0,
                env={**environment_in(folder), **(environment or {})},
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

    def alerts(self, seconds: float = 0.0) -> list[tuple[int, int]]:
        """(number, time read) of the alerts that came since the last call; waits so long for the first of them."""
        select.select([self.lines], [], [], seconds)
        chunk = self.lines.read() or b""
        now = time.time_ns()
        *complete, self._rest = (self._rest + chunk).split(b"\n")
        alerts = [json.loads(line) for line in complete if line]
        self.others.update(alert["rule"] for alert in alerts if alert["rule"] != RULE_NAME)
        names = [alert["output_fields"]["fd.name"] for alert in alerts if alert["rule"] == RULE_NAME]
        return [(int(name.removeprefix(str(self.marker))), now) for name in names]

    def cpu(self) -> float:
        """Seconds of CPU of the program so far."""
        return cpu_of(self.process.pid)

    def wait_for_first(self) -> float:
        """Trigger until the first alert comes; seconds from the program's start to the trigger that was seen."""
        asked: dict[int, int] = {}
        while time.time_ns() - self.begun < PATIENCE * 1e9:
            asked[len(asked)] = self.trigger(len(asked))
            if seen := self.alerts(0.01):
                return (asked[seen[0][0]] - self.begun) / 1e9
            if self.process.poll() is not None:
                raise UnmeasurableError(f"tiercel watch ended with {self.process.returncode}")
            time.sleep(0.002)
        raise UnmeasurableError("no alert within a minute")

    def wait_for_filter(self) -> None:
        """Wait for the first alert, and until the kernel keeps back what no rule can match."""
        self.wait_for_first()
        time.sleep(SETTLING)

    def stop(self) -> None:
        """End the program in good order."""
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.alerts()
            self.lines.close()
            self.talk = self._talk.read_text(encoding="utf-8")

    @property
    def judged_and_lost(self) -> tuple[int, int]:
        """Events judged and events lost by its own summary, after it has ended."""
        return in_summary(self.talk)

    @property
    def told_losses(self) -> int:
        """Alerts that say that events were lost, or who floods."""
        return tell_losses(self.others)


def environment_in(folder: Path) -> dict[str, str]:
    """An environment in which Tiercel finds nobody's switches and local rules, and keeps its own in ``folder``."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SUDO_")}
    return ours | {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}


def in_summary(talk: str) -> tuple[int, int]:
    """Events judged and lost, from what ``tiercel watch`` says at its end. Raises UnmeasurableError without it."""
    if found := _SUMMARY.search(talk):
        return int(found[1]), int(found[2])
    raise UnmeasurableError(f"tiercel watch ended without its summary: {talk[-300:]!r}")


def tell_losses(alerts: Mapping[str, int]) -> int:
    """How many of the alerts, counted by rule, tell of losses."""
    return sum(count for rule, count in alerts.items() if _TELLS_LOSS.search(rule))


@contextlib.contextmanager
def watch(
    more: Sequence[Path] = (), options: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Watch]:
    """A program to measure, ended afterwards; its summary is there then."""
    with tempfile.TemporaryDirectory(prefix="tiercel-bench-") as folder:
        watching = Watch(Path(folder), more, options, environment)
        try:
            yield watching
        finally:
            watching.stop()


def rule_files(folders: Iterable[Path]) -> Iterator[tuple[str, list[Path]]]:
    """Sets of rules to watch with: each folder, and of Falco's the stable rules alone before all of them."""
    for folder in folders:
        if (stable := folder / "falco_rules.yaml").exists():
            yield "Falco's stable rules", [stable]
        yield f"{folder.parent.name}/{folder.name}", [folder]


@contextlib.contextmanager
def attentive() -> Iterator[None]:
    """Take precedence, so that what is measured is the sensor, and not when the reader of its alerts gets its turn."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)

"""Figures of the screen, through a real terminal: how soon what a key asks for is there."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.measure import pressing
from scripts.measure.captures import large_capture
from scripts.measure.crowd import ALERTS, CONTAINERS, PROCESSES, RATE, TURNOVER
from scripts.measure.figure import Figure, UnmeasurableError
from scripts.measure.pressing import keys
from scripts.measure.processes import memory_of
from scripts.measure.terminal import Terminal, terminal

KEYS = 200
SHOWN = "1 Alerts"
"""Is on the first screen."""
VIEWS = ((b"5", " Cost "), (b"2", " Image "), (b"3", " Tty "), (b"6", " Losses "), (b"4", " Result "), (b"1", " × "))
"""Keys of views, and words that only they show."""
_CROWD = f"{ALERTS:,} alerts, {RATE:,}/s arriving; {PROCESSES:,} processes; {CONTAINERS} containers"


def screens() -> Iterator[Figure]:
    """The screen of a sensor with a million alerts and a crowd, while more arrive, then that of a large capture."""
    with tempfile.TemporaryDirectory(prefix="tiercel-bench-") as folder:
        with _crowd(Path(folder)) as (socket, sensor):
            for part in (_of_alerts, _of_processes, _of_containers, _of_views):
                with terminal("attach", str(socket)) as seen:
                    yield from part(_begun(seen))
            yield Figure("memory of the sensor", memory_of(sensor)[0] / 1e6, "MB", "", _CROWD)
        yield from _of_a_capture(Path(folder))


def _begun(seen: Terminal) -> Terminal:
    seen.until(lambda: "web-" in seen.text(), "the list of alerts")
    seen.settle(2)
    return seen


def _of_alerts(seen: Terminal) -> Iterator[Figure]:
    note = f"{ALERTS:,} alerts, {RATE:,}/s arriving"
    yield from keys("alerts: move the cursor", note, pressing.moves(seen, KEYS))
    yield from keys("alerts: a page", note, pressing.pages(seen, KEYS // 2, "Rule"))
    yield from keys("alerts: type a filter", note, pressing.letters(seen, "rule = 'Rule number 7'"))
    yield _one("alerts: that filter to its screen", pressing.shown(seen, b"\r", lambda: _only_seven(seen), "it"), note)
    seen.press(b"\x1b")
    seen.settle(0.5)
    for word in ("by rule", "by container", "each alert by itself"):
        took = pressing.shown(seen, b"o", lambda word=word: word in seen.text(), word)  # type: ignore[misc]
        yield _one(f"alerts: {word}, to the screen", took, note)
        seen.settle(0.5)
    yield from keys("alerts one by one: a page", note, pressing.pages(seen, KEYS // 4, "Container"))
    yield pressing.memory(seen, note)


def _only_seven(seen: Terminal) -> bool:
    rules = pressing.column(seen, "Rule")
    return all(rule.startswith("Rule number 7") for rule in rules[:20])


def _of_processes(seen: Terminal) -> Iterator[Figure]:
    note = f"{PROCESSES:,} processes, {TURNOVER}/s come and go; {RATE:,} alerts/s"
    yield _one("processes to their screen", pressing.shown(seen, b"3", lambda: _is_tree(seen), "the tree"), note)
    seen.settle(2)
    yield from keys("processes: move the cursor", note, pressing.moves(seen, KEYS))
    yield from keys("processes: a page", note, pressing.pages(seen, KEYS // 2, "Process"))
    yield from keys("processes: type a filter", note, pressing.letters(seen, "proc.cmdline contains job-77"))
    seen.settle(1)
    took = pressing.shown(seen, b"\r", lambda: "job-77" in pressing.column(seen, "Process")[3], "the filtered tree")
    yield _one("processes: that filter to its screen", took, note)
    yield pressing.memory(seen, note)


def _is_tree(seen: Terminal) -> bool:
    return " Tty " in seen.text() and "--job-" in pressing.column(seen, "Process")[0]


def _of_containers(seen: Terminal) -> Iterator[Figure]:
    note = f"{CONTAINERS} containers with figures; {RATE:,} alerts/s"
    took = pressing.shown(seen, b"2", lambda: "shop/web" in pressing.column(seen, "Image")[0], "containers")
    yield _one("containers to their screen", took, note)
    seen.settle(3)
    yield from keys("containers: move the cursor", note, pressing.moves(seen, KEYS))
    yield from keys("containers: a page", note, pressing.pages(seen, KEYS // 2, "Name"))
    seen.press(b">>>>")
    seen.settle(2)
    yield from keys("containers: a page, by CPU", note, pressing.pages(seen, KEYS // 2, "Name"))
    yield from keys("containers: type a filter", note, pressing.letters(seen, "container.name = web-77"))
    yield pressing.memory(seen, note)


def _of_views(seen: Terminal) -> Iterator[Figure]:
    yield from keys("another view", _CROWD, pressing.views(seen, KEYS // 2, VIEWS))
    yield pressing.memory(seen, f"all views; {_CROWD}")


def _one(what: str, seconds: float, note: str) -> Figure:
    return Figure(what, 1000 * seconds, "ms", "", note)


@contextlib.contextmanager
def _crowd(folder: Path) -> Iterator[tuple[Path, int]]:
    """The socket of a sensor with very many alerts, and its pid."""
    socket = folder / "sensor.sock"
    command = [sys.executable, "-m", "scripts.measure.crowd", str(socket), str(folder / "alerts.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as sensor:
        assert sensor.stdout is not None
        try:
            if sensor.stdout.readline() != b"ready\n":
                raise UnmeasurableError("the sensor did not begin")
            yield socket, sensor.pid
        finally:
            sensor.kill()


def _of_a_capture(folder: Path) -> Iterator[Figure]:
    path = large_capture(folder)
    with terminal(str(path), "-c", "none", "--config", "none") as seen:
        yield Figure(
            "capture of 1 GB: program to first screen", seen.until(lambda: SHOWN in seen.text(), "it"), "s", "≤ 1"
        )
        rest = seen.until(lambda: "×" in seen.text() or "shadow" in seen.text(), "its first alert")
        yield Figure("… and from there to its first alert", rest, "s")

"""Figures of the screen, through a real terminal: how soon what a key asks for is there."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.measure.captures import large_capture
from scripts.measure.crowd import ALERTS, RATE
from scripts.measure.figure import Figure, UnmeasurableError, percentile
from scripts.measure.terminal import Terminal, terminal

KEYS = 200
DOWN, UP = b"\x1b[B", b"\x1b[A"
SHOWN = "1 Alerts"
"""Is on the first screen."""


def screens() -> Iterator[Figure]:
    """The screen of a sensor with a million alerts while more arrive, then that of a large capture."""
    with tempfile.TemporaryDirectory(prefix="tiercel-bench-") as folder:
        with _crowd(Path(folder)) as socket, terminal("attach", str(socket)) as seen:
            yield from _of_a_crowd(seen)
        yield from _of_a_capture(Path(folder))


def _of_a_crowd(seen: Terminal) -> Iterator[Figure]:
    note = f"{ALERTS:,} alerts, {RATE:,}/s arriving"
    seen.until(lambda: "Rule number" in seen.text(), "the list of alerts")
    seen.settle(2)
    moves = [1000 * _moved(seen, UP if number % 20 >= 10 else DOWN) for number in range(KEYS)]
    yield Figure("key to screen: move the cursor, p50", percentile(moves, 50), "ms", "", note)
    yield Figure("key to screen: move the cursor, p99", percentile(moves, 99), "ms", "≤ 50", note)
    views = [1000 * _went(seen, *view) for view in (VIEWS * KEYS)[: KEYS // 2]]
    yield Figure("key to screen: another view, p50", percentile(views, 50), "ms", "", note)
    yield Figure("key to screen: another view, p99", percentile(views, 99), "ms", "≤ 50", note)
    seen.settle(0.5)
    seen.press(b"o")
    grouped = seen.until(lambda: "by rule" in seen.text() and " stacks" in seen.text(), "the alerts by rule")
    yield Figure("alerts by rule to their screen", 1000 * grouped, "ms", "", note)
    seen.press(b"ooo")
    seen.until(lambda: " stacks" not in seen.text(), "the alerts as before")
    seen.press(b"/")
    seen.until(lambda: "esc" in seen.text(), "the filter's line")
    seen.settle(0.5)
    seen.press(b"rule = 'Rule number 7'\r")
    yield Figure("filter of the alerts to its screen", 1000 * _filtered(seen), "ms", "", note)
    yield Figure("memory of the front end", seen.resident() / 1e6, "MB", "≤ 150", note)


VIEWS = ((b"5", "Rules"), (b"1", "Alerts"))
"""Keys of views, and the name of the tab that is in front then."""


def _moved(seen: Terminal, key: bytes) -> float:
    seen.until(lambda: seen.cursor() > 0, "the cursor")
    wanted = seen.cursor() + (1 if key == DOWN else -1)
    seen.press(key)
    return seen.until(lambda: seen.cursor() == wanted, f"the cursor at line {wanted}")


def _went(seen: Terminal, key: bytes, name: str) -> float:
    seen.settle(0.05)
    marker = "Rule number" if name == "Alerts" else "Tags"
    seen.press(key)
    return seen.until(lambda: marker in seen.text(), f"the view {name}")


def _filtered(seen: Terminal) -> float:
    return seen.until(
        lambda: "Rule number 7" in seen.text() and "Rule number 6" not in seen.text(), "the filtered list"
    )


@contextlib.contextmanager
def _crowd(folder: Path) -> Iterator[Path]:
    """The socket of a sensor with very many alerts."""
    socket = folder / "sensor.sock"
    command = [sys.executable, "-m", "scripts.measure.crowd", str(socket), str(folder / "alerts.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as sensor:
        assert sensor.stdout is not None
        try:
            if sensor.stdout.readline() != b"ready\n":
                raise UnmeasurableError("the sensor did not begin")
            yield socket
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

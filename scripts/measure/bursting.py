"""How many alerts a second ``tiercel watch --json`` writes to a pipe, and how many of a burst arrive."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.measure.figure import Figure
from scripts.measure.flooding import FIRST
from scripts.measure.storming import Storm, Storms, storms_compiled
from scripts.measure.watching import RULE_NAME, Watch, attentive, in_summary, watch

BURSTS = (20_000, 100_000)
"""Opens, each of which fires, as fast as one program makes them."""
SILENCE = 3.0
"""Seconds without a line after which no more are waited for."""


def bursts(_folders: Sequence[Path]) -> Iterator[Figure]:
    """Alerts of a burst that arrive, and how many a second."""
    with storms_compiled() as program:
        for size in BURSTS:
            yield from _burst(program, size)


def _burst(program: Storms, size: int) -> Iterator[Figure]:
    with watch() as watching:
        watching.wait_for_first()
        watching.alerts(0.5)
        start = time.monotonic()
        with attentive(), program.raging([Storm("marker", size, marker=str(watching.marker), every=1, first=FIRST)]):
            lines, last = _read(watching)
    arrived = len({number for number in map(numbered, lines) if number >= FIRST})
    note = f"{arrived} of {size} arrived; {undelivered(watching.talk)} counted as lost"
    yield Figure(f"alerts written, burst of {size}", arrived / (last - start), "/s", "≥ 15,000", note)
    yield Figure(f"alerts lost, burst of {size}", size - arrived, "", "0")


def _read(watching: Watch) -> tuple[list[bytes], float]:
    """All lines until there is silence, and when the last of them came."""
    chunks: list[bytes] = []
    last = time.monotonic()
    while select.select([watching.lines], [], [], SILENCE)[0]:
        chunks.append(os.read(watching.lines.fileno(), 1 << 20))
        last = time.monotonic()
    return b"".join(chunks).splitlines(), last


def numbered(line: bytes) -> int:
    """The number behind the marker in an alert's line; -1 for what is no such alert."""
    alert = json.loads(line)
    name = str(alert["output_fields"].get("fd.name", "")) if alert["rule"] == RULE_NAME else ""
    digits = name[len(name.rstrip("0123456789")) :]
    return int(digits) if digits else -1


def undelivered(talk: str) -> int:
    """What the sensor says at its end that it has lost: events, and alerts that an output did not take."""
    alerts = (line.split() for line in talk.splitlines() if "not delivered:" in line)
    return in_summary(talk)[1] + sum(int(words[words.index("delivered:") + 1]) for words in alerts)

"""How soon the kernel follows when somebody switches a rule at a shared sensor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.protocol import ListAlerts, SetRule, Zoom
from scripts.measure.figure import Figure, UnmeasurableError
from scripts.measure.kernel import require_live
from scripts.measure.shared import Shared, shared
from scripts.measure.watching import RULE, RULE_NAME, rule_files

TOGGLES = 10
ON_SECONDS = 0.2
TOGETHER = 50
"""Opens between two looks at what was delivered: of others' opens some are delivered, too, but not so many."""
BETWEEN_SECONDS = 0.5
"""Until the rule is switched on again: what is no longer in force is kept for a second, and there is room for some."""
TRIGGER_PERIOD = 0.001
LATEST = 10.0
"""Seconds after which an alert that has not come is missed."""


@dataclass
class Toggles:
    """What some toggles were: milliseconds until the kernel let events pass, and until it kept them back again."""

    widened: list[float] = field(default_factory=list)
    narrowed: list[float] = field(default_factory=list)
    missed: int = 0
    """Events after the sensor had said that the rule is on, without an alert."""


def toggles(folders: Iterable[Path]) -> Iterator[Figure]:
    """From the request to the first event that passes, and from the request to the first that is kept back."""
    require_live()
    for name, files in rule_files(folders):
        found = asyncio.run(_toggled(files))
        for what, times in (("on", found.widened), ("off", found.narrowed)):
            note = f"median of {len(times)}; at most {max(times):.1f}"
            figure = f"a rule switched {what}, until the kernel follows ({name})"
            yield Figure(figure, statistics.median(times), "ms", "≤ 100", note)
        yield Figure(f"events missed after a rule is shown as on ({name})", found.missed, "", "0")


async def _toggled(files: Sequence[Path]) -> Toggles:
    def rules_in(folder: Path) -> list[Path]:
        (folder / "rule.yaml").write_text(RULE.format(marker=folder / "marker"), encoding="utf-8")
        return [*files, folder / "rule.yaml"]

    found = Toggles()
    async with shared(rules_in) as sensor:
        await _off(sensor)
        for number in range(TOGGLES):
            await _on(sensor, found, f"{number}-")
            found.narrowed.append(await _off(sensor))
            await asyncio.sleep(BETWEEN_SECONDS)
    return found


async def _on(sensor: Shared, found: Toggles, prefix: str) -> None:
    asked: dict[str, int] = {}
    triggering = asyncio.create_task(_trigger_on(sensor, prefix, asked))
    request = time.time_ns()
    await sensor.client.ask(SetRule(name=RULE_NAME, enabled=True))
    shown = time.time_ns()
    await asyncio.sleep(ON_SECONDS)
    triggering.cancel()
    seen = await _seen(sensor, max(asked, key=asked.__getitem__))
    if not seen & asked.keys():
        raise UnmeasurableError(f"no event of a switched rule in {LATEST:.0f} s")
    found.widened.append((min(when for name, when in asked.items() if name in seen) - request) / 1e6)
    found.missed += sum(when > shown and name not in seen for name, when in asked.items())


async def _trigger_on(sensor: Shared, prefix: str, asked: dict[str, int]) -> None:
    while True:
        name = f"{sensor.folder / 'marker'}{prefix}{len(asked)}"
        asked[name] = time.time_ns()
        _open(name)
        await asyncio.sleep(TRIGGER_PERIOD)


async def _seen(sensor: Shared, last: str) -> set[str]:
    """The files of the latest alerts of the rule, when that of ``last`` is there or will not come."""
    until, seen = time.monotonic() + LATEST, set[str]()
    while last not in seen and time.monotonic() < until:
        await asyncio.sleep(0.02)
        page = await sensor.client.ask(ListAlerts(limit=1000))
        seen = {str(alert.output_fields["fd.name"]) for alert in page.rows if alert.rule == RULE_NAME}
    return seen


async def _off(sensor: Shared) -> float:
    """Switch the rule off; milliseconds from the request until the kernel kept the first events of its type back."""
    await _end_zooms(sensor)
    request = time.monotonic()
    await sensor.client.ask(SetRule(name=RULE_NAME, enabled=False))
    while (now := time.monotonic()) < request + LATEST:
        before = await _delivered(sensor)
        for _ in range(TOGETHER):
            _open(str(sensor.folder / "marker"))
        if await _delivered(sensor) < before + TOGETHER:
            return (now - request) * 1e3
    raise UnmeasurableError(f"the kernel has not followed in {LATEST:.0f} s")


async def _end_zooms(sensor: Shared) -> None:
    """The alerts of a moment ago have begun some on us, and what is watched in full passes anyway."""
    for zoom in (await sensor.health()).zooms:
        await sensor.client.ask(Zoom(container_id=zoom.container_id, pid=zoom.pid, start=zoom.start, on=False))


async def _delivered(sensor: Shared) -> int:
    return next(row.delivered for row in (await sensor.health()).probes if row.name == "openat")


def _open(name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.close(os.open(name, os.O_RDONLY))
